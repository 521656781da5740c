"""GitHub: step summaries, annotations of Actions, and the result that GitHub Classroom's reporter reads."""

from grader.exports.github.annotations import write_annotations
from grader.exports.github.classroom import classroom_result, classroom_variable, write_classroom
from grader.exports.github.markdown import code, inert_markdown
from grader.exports.github.summary import write_cohort_summary, write_summary

__all__ = [
    "classroom_result",
    "classroom_variable",
    "code",
    "inert_markdown",
    "write_annotations",
    "write_classroom",
    "write_cohort_summary",
    "write_summary",
]
