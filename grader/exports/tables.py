"""The gradebook as CSV: one row per student, or one per student and mission."""

from collections.abc import Sequence
from typing import TextIO

from grader.entries import Gradebook, Mark, Student
from grader.exports.cells import cell, moment, number, row_writer
from grader.exports.roll import marks_by_student, missions_of, students_of

STUDENT_COLUMNS = ("student_id", "name", "email", "section")
MARK_COLUMNS = (
    "enrolled",
    "mission_id",
    "points",
    "max_points",
    "score",
    "penalty",
    "days_late",
    "attempts",
    "flags",
    "verdict",
    "reason",
    "accuracy",
    "mode",
    "submission",
    "due",
    "submitted",
    "graded",
)


def write_csv(stream: TextIO, book: Gradebook, marks: Sequence[Mark], *, bom: bool = False) -> None:
    """One row per student: who it is, then the points of each mission; empty where there are none.

    Args:
        stream: text, opened with `newline=""`.
        book: for the order of the missions.
        marks: whose students and missions are written; names are untrusted.
        bom: begin with a byte order mark, so that Excel reads Korean names.
    """
    write_row = row_writer(stream, bom=bom)
    missions = missions_of(book, marks)
    write_row((*STUDENT_COLUMNS, *(cell(mission) for mission in missions)))
    found = marks_by_student(marks)
    for student in students_of(marks):
        own = found[student.id]
        points = (number(own[mission].points) if mission in own else "" for mission in missions)
        write_row((*_student_cells(student), *points))


def write_long_csv(stream: TextIO, marks: Sequence[Mark], *, bom: bool = False) -> None:
    """One row per student and mission, with all that the mark is made of.

    Args:
        stream: text, opened with `newline=""`.
        marks: in the order in which they are written; names are untrusted.
        bom: begin with a byte order mark, so that Excel reads Korean names.
    """
    write_row = row_writer(stream, bom=bom)
    write_row((*STUDENT_COLUMNS, *MARK_COLUMNS))
    for mark in marks:
        write_row((*_student_cells(mark.student), *_mark_cells(mark)))


def _student_cells(student: Student) -> tuple[str, ...]:
    return (cell(student.id), cell(student.name), cell(student.email), cell(student.section))


def _mark_cells(mark: Mark) -> tuple[str, ...]:
    attempt = mark.attempt
    grading = attempt.grading if attempt is not None else None
    return (
        "yes" if mark.student.enrolled else "no",
        cell(mark.mission_id),
        number(mark.points),
        number(mark.max_points),
        number(mark.score),
        number(mark.penalty),
        str(mark.days_late),
        str(mark.attempts),
        " ".join(mark.flags),
        grading.verdict if grading is not None else "",
        grading.reason or "" if grading is not None else "",
        number(grading.accuracy) if grading is not None else "",
        attempt.mode if attempt is not None else "",
        cell(attempt.name) if attempt is not None else "",
        moment(mark.due),
        moment(attempt.submitted) if attempt is not None else "",
        moment(grading.created) if grading is not None else "",
    )
