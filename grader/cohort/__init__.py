"""Who handed in what: a list of students, and folders as learning platforms and people lay them out."""

from grader.cohort.handed_in import Found, HandedIn, Layout, LooseFile, Skipped
from grader.cohort.layouts import find_submissions
from grader.cohort.roster import read_roster
from grader.cohort.staging import stage

__all__ = ["Found", "HandedIn", "Layout", "LooseFile", "Skipped", "find_submissions", "read_roster", "stage"]
