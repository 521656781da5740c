"""`grade gradebook`, `grade export`: what is in the gradebook, here and in the forms that other systems read."""

import gc
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.cells import cell_len, set_cell_size

from grader.cli.options import DebugOption, LanguageOption, complete_mission
from grader.cli.outcome import writing_whole
from grader.cli.session import Session, session_of
from grader.errors import UsageError
from grader.text import Text

if TYPE_CHECKING:
    from grader.course import Course
    from grader.entries import Gradebook, Mark
    from grader.exports import Format
    from grader.policies import CoursePolicies
    from grader.results import Report
    from grader.store import Store

DEFAULT_FOLDER = Path("gradebook")
_NAME_WIDTH, _MISSION_WIDTH, _POINTS_WIDTH = 16, 26, 9

GradebookOption = Annotated[
    Path | None,
    typer.Option("--gradebook", metavar="DIR", help="Where results are kept.", show_default="./gradebook"),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="PostgreSQL instead of SQLite: postgresql://…", show_default=False),
]
MissionOption = Annotated[
    str | None,
    typer.Option("--mission", "-m", metavar="MISSION", help="Only this one.", autocompletion=complete_mission),
]
StudentOption = Annotated[str | None, typer.Option("--student", metavar="ID", help="Only this student.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    panel = "Your course"
    app.command("gradebook", rich_help_panel=panel, epilog="Example: grade gradebook -m mission_cnn")(gradebook)
    examples = (
        "[bold]Examples[/bold]\n\ngrade export csv\ngrade export canvas --out canvas.csv\n"
        "grade export moodle -m mission_cnn\ngrade export gradescope -m mission_cnn --student 2026-001\n"
        "grade export reports --out pages"
    )
    app.command("export", rich_help_panel=panel, epilog=examples)(export)


def gradebook_of(session: Session, folder: Path | None, database: str | None) -> "Store":
    """The gradebook that the command line or the configuration names; the caller closes it."""
    from grader.store import open_store

    settings = session.settings
    return open_store(folder or settings.gradebook or DEFAULT_FOLDER, database=database or settings.database)


def read_book(store: "Store") -> "Gradebook":
    """The whole gradebook, which stays until this command ends: no use in looking through it for garbage."""
    book = store.gradebook()
    gc.freeze()
    return book


def marks_of(
    book: "Gradebook", policies: "CoursePolicies", *, mission: str | None = None, student: str | None = None
) -> "tuple[Mark, ...]":
    """What counts, by the course's rules, as of now."""
    from grader.policies import apply_policies

    return tuple(
        mark
        for mark in apply_policies(book, policies, now=datetime.now(UTC))
        if (mission is None or mark.mission_id == mission) and (student is None or mark.student.id == student)
    )


def gradebook(
    context: typer.Context,
    mission: MissionOption = None,
    student: StudentOption = None,
    gradebook: GradebookOption = None,
    database: DatabaseOption = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """List marks: points, lateness, and what wants a look."""
    session = session_of(context)
    from grader.policies import load_policies

    with existing(session, gradebook, database) as store:
        book = read_book(store)
    marks = marks_of(book, load_policies(session.course().root), mission=mission, student=student)
    # Ten thousand lines: laid out here, since a table that looks at all of them first takes five times as long.
    sys.stdout.write("".join(f"{line}\n" for line in _lines(session, marks)))
    entered = sum(mark.points is not None for mark in marks)
    session.say(Text(f"{len(marks)} marks, {entered} graded", f"항목 {len(marks)}개, 채점됨 {entered}개"), style="dim")


def export(
    context: typer.Context,
    form: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT", help="One of the formats above.", autocompletion=lambda: [*format_names(), "reports"]
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to.", show_default="FORMAT in the gradebook")
    ] = None,
    mission: MissionOption = None,
    student: StudentOption = None,
    excel: Annotated[bool, typer.Option("--excel", help="CSV that Excel opens with Korean names intact.")] = False,
    no_leaderboard: Annotated[
        bool, typer.Option("--no-leaderboard", help="Of `reports`: an index that names nobody as being ahead.")
    ] = False,
    gradebook: GradebookOption = None,
    database: DatabaseOption = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Write the gradebook for another system: csv, csv-long, jsonl, canvas, moodle, gradescope, junit, github-…

    `reports` writes every student's page into a folder, with an index.html of the class.
    """
    session = session_of(context)
    course = session.course()
    with existing(session, gradebook, database) as store:
        if form == "reports":
            folder = out or store.folder / "reports"
            count = _write_reports(
                session, store, course, folder, mission=mission, student=student, leaderboard=not no_leaderboard
            )
            session.say(Text(f"{count} reports in {folder}", f"{folder}에 보고서 {count}개를 저장했습니다"))
            return
        path = write_export(session, store, course, form, out, mission=mission, student=student, excel=excel)
    session.say(Text(f"Wrote {path}", f"{path}에 저장했습니다"))


def existing(session: Session, folder: Path | None, database: str | None) -> "Store":
    """A gradebook that is there.

    Raises:
        UsageError: it is not.
    """
    settings = session.settings
    place = folder or settings.gradebook or DEFAULT_FOLDER
    if not (database or settings.database) and not (place / "gradebook.db").is_file():
        raise UsageError(
            Text(f"There is no gradebook in {place}.", f"{place} 폴더에 성적부가 없습니다."),
            Text(
                "Grade first (grade batch), or name it with --gradebook.",
                "먼저 grade batch로 채점하거나 --gradebook으로 지정하세요.",
            ),
        )
    return gradebook_of(session, folder, database)


def format_names() -> list[str]:
    """Names of all export formats."""
    from grader.exports import FORMATS

    return list(FORMATS)


def write_export(
    session: Session,
    store: "Store",
    course: "Course",
    form: str,
    out: Path | None,
    *,
    mission: str | None = None,
    student: str | None = None,
    excel: bool = False,
) -> Path:
    """Writes one file whole or not at all, tells its warnings, and gives its path.

    Raises:
        UsageError: there is no such format, or it can't take what was asked for.
    """
    from grader.exports import Request
    from grader.policies import load_policies

    chosen = _format(form)
    book = read_book(store)
    policies = load_policies(course.root)
    marks = marks_of(book, policies, mission=mission, student=student)
    path = out or store.folder / f"{form}{chosen.suffix}"
    with writing_whole(path) as stream:
        warnings = chosen.write(
            stream,
            Request(
                book=book,
                marks=marks,
                language=session.language,
                report_of=_report_reader(store, course, policies),
                bom=excel,
            ),
        )
    for warning in warnings[:20]:
        session.say(Text(f"! {warning.en}", f"! {warning.ko}"), style="yellow")
    return path


def _report_reader(store: "Store", course: "Course", policies: "CoursePolicies") -> "Callable[[Mark], Report | None]":
    """Gives the report of a mark as its student may see it now."""
    from grader.policies import reveals
    from grader.reports.visibility import for_students

    now = datetime.now(UTC)

    def read(mark: "Mark") -> "Report | None":
        grading = mark.attempt.grading if mark.attempt is not None else None
        report = store.report(grading.report_sha256) if grading is not None else None
        if report is None or reveals(policies, mark.mission_id, now):
            return report
        return for_students(report, course.mission(mark.mission_id).spec)

    return read


def _write_reports(
    session: Session,
    store: "Store",
    course: "Course",
    folder: Path,
    *,
    mission: str | None,
    student: str | None,
    leaderboard: bool,
) -> int:
    """A page and a JSON file per mark that has a report, the page of statistics, and an index of all."""
    from grader.cli.outcome import write_report
    from grader.policies import load_policies
    from grader.statistics.course import course_statistics
    from grader.statistics.index import STATISTICS_PAGE, render_index
    from grader.statistics.pages import render_stats_html

    policies = load_policies(course.root)
    read = _report_reader(store, course, policies)
    book = read_book(store)
    marks = marks_of(book, policies, mission=mission, student=student)
    links: dict[tuple[str, str], str] = {}
    for mark in marks:
        report = read(mark)
        if report is not None:
            link = f"{mark.mission_id}/{file_name(mark.student.id)}"
            write_report(report, folder / link, session)
            links[mark.student.id, mark.mission_id] = f"{link}/report.html"
    stats = course_statistics(book, marks)
    write_page(folder / STATISTICS_PAGE, render_stats_html(stats, session.language))
    page = render_index(stats, marks, session.language, links=links, leaderboard=leaderboard)
    write_page(folder / "index.html", page)
    return len(links)


def write_page(path: Path, page: str) -> None:
    """Writes a file whole or not at all.

    Raises:
        UsageError: it can't be written there.
    """
    try:
        with writing_whole(path) as stream:
            stream.write(page)
    except OSError as error:
        raise UsageError(
            Text(f"{path} can't be written: {error.strerror}.", f"{path}에 쓸 수 없습니다: {error.strerror}.")
        ) from error


def _points(mark: "Mark") -> str:
    from grader.reports import figures

    return "–" if mark.points is None else f"{figures.points(mark.points)}/{figures.points(mark.max_points)}"


def file_name(student_id: str) -> str:
    """A folder name for a student: plain, and unlike that of any other student."""
    import hashlib

    plain = re.sub(r"[^\w-]+", "-", student_id).strip("-")[:40]
    if plain == student_id:
        return plain
    return f"{plain}-{hashlib.sha256(student_id.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _format(name: str) -> "Format":
    from grader.exports import FORMATS

    if name not in FORMATS:
        listed = ", ".join([*FORMATS, "reports"])
        raise UsageError(
            Text(f"There is no format {name!r}.", f"{name!r} 형식은 없습니다."),
            Text(f"Formats: {listed}.", f"형식: {listed}."),
        )
    return FORMATS[name]


def _lines(session: Session, marks: "tuple[Mark, ...]") -> Iterator[str]:
    """A line per mark under one of headings; names are a student's, so inert."""
    from grader.entries import FLAG_WORDS
    from grader.reports.escape import inert

    def line(student: str, mission: str, points: str, late: str, flags: str) -> str:
        room = max(0, _POINTS_WIDTH - cell_len(points))
        start = f"{set_cell_size(student, _NAME_WIDTH)} {set_cell_size(mission, _MISSION_WIDTH)}"
        return f"{start} {' ' * room}{points} {set_cell_size(late, 4)} {flags}".rstrip()

    titles = (
        Text("Student", "학생"),
        Text("Mission", "미션"),
        Text("Points", "점수"),
        Text("Late", "지각"),
        Text("Look at", "확인할 점"),
    )
    yield line(*(session.text(title) for title in titles))
    for mark in marks:
        yield line(
            inert(mark.student.name or mark.student.id, max_bytes=60, lines=False),
            mark.mission_id,
            _points(mark),
            str(mark.days_late) if mark.days_late else "",
            ", ".join(session.text(FLAG_WORDS[flag]) for flag in mark.flags),
        )
