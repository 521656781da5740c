"""Every format by name, behind one way of calling."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TextIO

from grader.entries import Gradebook, Mark
from grader.errors import UsageError
from grader.exports.canvas import Assignment, write_canvas
from grader.exports.github import write_annotations, write_classroom, write_cohort_summary, write_summary
from grader.exports.gradescope import write_gradescope
from grader.exports.jsonl import write_jsonl
from grader.exports.junit import write_junit
from grader.exports.moodle import FeedbackForm, write_moodle
from grader.exports.tables import write_csv, write_long_csv
from grader.results import Report
from grader.text import Language, Text, same


class Scope(StrEnum):
    """What one file of a format is about."""

    BOOK = "book"
    """Any marks, of any missions."""
    MISSION = "mission"
    """Marks of one mission."""
    SUBMISSION = "submission"
    """One mark, with its report."""


def no_report(mark: Mark) -> None:
    """Where no report is at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be written, and how.

    Attributes:
        book: for titles and points of the missions.
        marks: in the order in which they are written; for `Scope.SUBMISSION` exactly one.
        language: of sentences; column names of other systems stay theirs.
        report_of: gives the report of a mark without what its readers may not see; None where there is none.
        bom: begin CSV files with a byte order mark, so that Excel reads Korean names.
        assignments: Canvas' assignments by mission's id.
        feedback: form of Moodle's feedback comments.
        after_due_date: ids of criteria that Gradescope shows when the assignment is due, not before.
        leaderboard: show accuracy and parameters on Gradescope's leaderboard.
        folder: where the submission lies in its repository, for GitHub's annotations.
    """

    book: Gradebook
    marks: Sequence[Mark]
    language: Language = "en"
    report_of: Callable[[Mark], Report | None] = no_report
    bom: bool = False
    assignments: Mapping[str, Assignment] = field(default_factory=dict)
    feedback: FeedbackForm = FeedbackForm.HTML
    after_due_date: Collection[str] = ()
    leaderboard: bool = False
    folder: str = ""


Writer = Callable[[TextIO, Request], tuple[Text, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One kind of file.

    Attributes:
        name: as a user types it.
        suffix: of the file's name, with its dot.
        scope: what one file is about.
        needs_reports: whether it calls `report_of`; the others read marks only.
        about: what it is for.
        write: writes a request to a text stream opened with UTF-8 and `newline=""`, and returns warnings for
            whoever exports. Raises `GraderError` where the request does not fit; then the file is of no use.
    """

    name: str
    suffix: str
    scope: Scope
    needs_reports: bool
    about: Text
    write: Writer


def _csv(stream: TextIO, request: Request) -> tuple[Text, ...]:
    write_csv(stream, request.book, request.marks, bom=request.bom)
    return ()


def _long_csv(stream: TextIO, request: Request) -> tuple[Text, ...]:
    write_long_csv(stream, request.marks, bom=request.bom)
    return ()


def _jsonl(stream: TextIO, request: Request) -> tuple[Text, ...]:
    write_jsonl(stream, request.marks)
    return ()


def _canvas(stream: TextIO, request: Request) -> tuple[Text, ...]:
    return write_canvas(
        stream, request.book, request.marks, request.language, assignments=request.assignments, bom=request.bom
    )


def _moodle(stream: TextIO, request: Request) -> tuple[Text, ...]:
    return write_moodle(
        stream,
        request.book,
        request.marks,
        request.language,
        report_of=request.report_of,
        form=request.feedback,
        bom=request.bom,
    )


def _junit(stream: TextIO, request: Request) -> tuple[Text, ...]:
    write_junit(stream, request.book, request.marks, request.language)
    return ()


def _cohort(stream: TextIO, request: Request) -> tuple[Text, ...]:
    write_cohort_summary(stream, request.book, request.marks, request.language)
    return ()


def _gradescope(stream: TextIO, request: Request) -> tuple[Text, ...]:
    write_gradescope(
        stream,
        _the_report(request),
        request.language,
        after_due_date=request.after_due_date,
        leaderboard=request.leaderboard,
    )
    return ()


def _summary(stream: TextIO, request: Request) -> tuple[Text, ...]:
    write_summary(stream, _the_report(request), request.language)
    return ()


def _annotations(stream: TextIO, request: Request) -> tuple[Text, ...]:
    write_annotations(stream, _the_report(request), request.language, folder=request.folder)
    return ()


def _classroom(stream: TextIO, request: Request) -> tuple[Text, ...]:
    write_classroom(stream, _the_report(request), request.language)
    return ()


def _the_report(request: Request) -> Report:
    if len(request.marks) != 1:
        raise UsageError(
            Text("This format is for one submission.", "제출물 하나만 내보낼 수 있는 형식입니다."),
            Text("Name a student and a mission.", "학생과 미션을 하나씩 지정하세요."),
        )
    report = request.report_of(request.marks[0])
    if report is None:
        raise UsageError(
            Text("There is no report of this submission.", "이 제출물의 보고서가 없습니다."),
            Text("Grade it first.", "먼저 채점하세요."),
        )
    return report


def _format(name: str, suffix: str, scope: Scope, write: Writer, about: Text, *, needs_reports: bool) -> Format:
    return Format(name=name, suffix=suffix, scope=scope, needs_reports=needs_reports, about=about, write=write)


_ALL = (
    _format("csv", ".csv", Scope.BOOK, _csv, Text("points per student", "학생별 점수표"), needs_reports=False),
    _format(
        "csv-long",
        ".csv",
        Scope.BOOK,
        _long_csv,
        Text("one row per student and mission", "학생·미션별 상세 표"),
        needs_reports=False,
    ),
    _format(
        "jsonl",
        ".jsonl",
        Scope.BOOK,
        _jsonl,
        Text("JSON lines, for programs", "프로그램용 JSON Lines"),
        needs_reports=False,
    ),
    _format("canvas", ".csv", Scope.BOOK, _canvas, Text("Canvas gradebook", "Canvas 성적부"), needs_reports=False),
    _format(
        "moodle",
        ".csv",
        Scope.MISSION,
        _moodle,
        Text("Moodle grading worksheet", "Moodle 채점표"),
        needs_reports=True,
    ),
    _format(
        "gradescope",
        ".json",
        Scope.SUBMISSION,
        _gradescope,
        same("Gradescope results.json"),
        needs_reports=True,
    ),
    _format("junit", ".xml", Scope.BOOK, _junit, Text("JUnit XML, for CI", "CI용 JUnit XML"), needs_reports=False),
    _format(
        "github-summary",
        ".md",
        Scope.SUBMISSION,
        _summary,
        Text("GitHub Actions: summary of one report", "GitHub Actions: 보고서 요약"),
        needs_reports=True,
    ),
    _format(
        "github-cohort",
        ".md",
        Scope.BOOK,
        _cohort,
        Text("GitHub Actions: summary of a batch", "GitHub Actions: 일괄 채점 요약"),
        needs_reports=False,
    ),
    _format(
        "github-annotations",
        ".txt",
        Scope.SUBMISSION,
        _annotations,
        Text("GitHub Actions: remarks on lines", "GitHub Actions: 줄별 설명"),
        needs_reports=True,
    ),
    _format(
        "github-classroom",
        ".txt",
        Scope.SUBMISSION,
        _classroom,
        Text("GitHub Classroom result", "GitHub Classroom 채점 결과"),
        needs_reports=True,
    ),
)

FORMATS: Mapping[str, Format] = {each.name: each for each in _ALL}
"""All formats by name, in the order in which help lists them."""
