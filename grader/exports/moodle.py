"""Moodle: the offline grading worksheet of one assignment, with feedback comments.

Moodle reads the columns by their English names, finds the student by `Participant <number>`, and passes over
a grade that is empty or beyond the maximum, or that changed in Moodle after the worksheet's `Last modified (grade)`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TextIO

from grader.entries import Flag, Gradebook, Mark
from grader.errors import UsageError
from grader.exports.cells import cell, moment, neutralised, number, row_writer
from grader.exports.feedback import as_html, as_text, feedback
from grader.exports.roll import mission_points, missions_of
from grader.results import Report
from grader.text import Language, Text

COLUMNS = (
    "Identifier",
    "Full name",
    "Email address",
    "Status",
    "Grade",
    "Maximum grade",
    "Grade can be changed",
    "Last modified (submission)",
    "Last modified (grade)",
    "Feedback comments",
)
NOTHING = "-"
"""What Moodle writes where there is no date."""


class FeedbackForm(StrEnum):
    """How the feedback comments are written."""

    HTML = "html"
    """As Moodle's editor keeps them."""
    TEXT = "text"
    """Lines without tags, for a person who reads the worksheet itself."""


def write_moodle(
    stream: TextIO,
    book: Gradebook,
    marks: Sequence[Mark],
    language: Language,
    *,
    report_of: Callable[[Mark], Report | None],
    form: FeedbackForm = FeedbackForm.HTML,
    bom: bool = False,
) -> tuple[Text, ...]:
    """One row per participant whom Moodle can find.

    Args:
        stream: text, opened with `newline=""`.
        book: for the mission's points.
        marks: of one mission; names are untrusted.
        language: of the feedback; the columns are Moodle's English ones.
        report_of: the report of a mark, with what students may not see taken out; None where there is none.
        form: of the feedback.
        bom: begin with a byte order mark.

    Returns:
        Whom it leaves out, and whose points it cut to the maximum.

    Raises:
        UsageError: the marks are of several missions.
    """
    missions = missions_of(book, marks)
    if len(missions) > 1:
        raise UsageError(
            Text("A Moodle worksheet holds one mission.", "Moodle 채점표에는 미션 하나만 담을 수 있습니다."),
            Text("Name the mission.", "미션을 하나 지정하세요."),
        )
    maximum = mission_points(book, missions[0], marks) if missions else 0.0
    write_row = row_writer(stream, bom=bom)
    write_row(COLUMNS)
    warnings: list[Text] = []
    for mark in marks:
        left_out = _left_out(mark)
        if left_out is not None:
            warnings.append(left_out)
            continue
        if mark.points is not None and mark.points > maximum:
            warnings.append(_beyond(mark, maximum))
        report = report_of(mark)
        write_row((*_cells(mark, maximum), "" if report is None else _comment(mark, report, language, form)))
    return tuple(warnings)


def _cells(mark: Mark, maximum: float) -> tuple[str, ...]:
    attempt = mark.attempt
    graded = mark.points is not None and attempt is not None and attempt.grading is not None
    return (
        f"Participant {mark.student.moodle_id}",
        cell(mark.student.name),
        cell(mark.student.email),
        _status(mark),
        "" if mark.points is None else number(min(mark.points, maximum)),
        number(maximum),
        "Yes",
        moment(attempt.submitted) if attempt is not None else NOTHING,
        moment(attempt.grading.created) if graded and attempt is not None and attempt.grading else NOTHING,
    )


def _status(mark: Mark) -> str:
    """In Moodle's words."""
    if mark.attempt is None:
        return "No submission"
    parts = ["Submitted for grading"]
    if mark.points is not None:
        parts.append("Graded")
    if Flag.LATE in mark.flags or Flag.TOO_LATE in mark.flags:
        parts.append(f"{mark.days_late} {'day' if mark.days_late == 1 else 'days'} late")
    return " - ".join(parts)


def _comment(mark: Mark, report: Report, language: Language, form: FeedbackForm) -> str:
    short = feedback(report, language)
    if mark.penalty and mark.points is not None:
        # The report knows the score only; without this line it would contradict the grade beside it.
        short = replace(short, ending=(*short.ending, _penalty(mark).in_language(language)))
    return neutralised(as_html(short) if form is FeedbackForm.HTML else as_text(short))


def _penalty(mark: Mark) -> Text:
    off, left, days = number(mark.penalty), number(mark.points), mark.days_late
    return Text(
        f"Handed in {days} {'day' if days == 1 else 'days'} late: {off} points off, which leaves {left}.",
        f"{days}일 늦게 제출하여 {off}점이 감점되었고, 반영되는 점수는 {left}점입니다.",
    )


def _left_out(mark: Mark) -> Text | None:
    who = cell(mark.student.id)
    if not mark.student.enrolled:
        return Text(f"{who} is not on the roster and was left out.", f"{who}: 명단에 없어 제외했습니다.")
    if not (mark.student.moodle_id.isascii() and mark.student.moodle_id.isdigit()):
        return Text(
            f"{who} has no Moodle participant number and was left out.",
            f"{who}: Moodle 참여자 번호가 없어 제외했습니다.",
        )
    return None


def _beyond(mark: Mark, maximum: float) -> Text:
    who, points, most = cell(mark.student.id), number(mark.points), number(maximum)
    return Text(
        f"{who} has {points} points; Moodle takes {most} at most, so {most} were written.",
        f"{who}: {points}점이지만 Moodle은 최대 {most}점까지만 받으므로 {most}점으로 기록했습니다.",
    )
