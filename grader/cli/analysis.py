"""`grade stats`, `grade similarity`: what a cohort's results and its code say together."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text as Line

from grader.cli.batch import FolderArgument, LayoutChoice, LayoutOption, RosterOption, find_in
from grader.cli.gradebook import (
    DatabaseOption,
    GradebookOption,
    MissionOption,
    existing,
    marks_of,
    read_book,
    write_page,
)
from grader.cli.options import DebugOption, LanguageOption, MissionArgument
from grader.cli.session import Session, session_of
from grader.errors import UsageError
from grader.text import Text

if TYPE_CHECKING:
    from grader.cohort import HandedIn
    from grader.similarity.results import Work

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    panel = "Your course"
    app.command("stats", rich_help_panel=panel, epilog="Example: grade stats -m mission_cnn --out stats.html")(stats)
    app.command(
        "similarity", rich_help_panel=panel, epilog="Example: grade similarity mission_cnn submissions --out alike"
    )(similarity)


def stats(
    context: typer.Context,
    mission: MissionOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write a page with charts.")] = None,
    as_json: JsonOption = False,
    gradebook: GradebookOption = None,
    database: DatabaseOption = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Distribution, hard and telling criteria, time, memory, and what fails together, from the gradebook."""
    session = session_of(context)
    with existing(session, gradebook, database) as store:
        book = read_book(store)
    from grader.policies import load_policies

    marks = marks_of(book, load_policies(session.course().root), mission=mission)
    from grader.statistics.course import course_statistics

    found = course_statistics(book, marks)
    if as_json:
        from grader.statistics.json import render_stats_json

        sys.stdout.write(render_stats_json(found, session.language))
        return
    if out is not None:
        from grader.statistics.pages import render_stats_html

        write_page(out, render_stats_html(found, session.language))
    from grader.statistics.terminal import render_stats_terminal

    session.show(render_stats_terminal(found, session.language))
    if out is not None:
        session.say(Text(f"Page: {out}", f"페이지: {out}"))


def similarity(
    context: typer.Context,
    mission: MissionArgument,
    folder: FolderArgument,
    roster: RosterOption = None,
    layout: LayoutOption = "auto",
    threshold: Annotated[
        float, typer.Option("--threshold", min=0.1, max=1.0, help="Share of own code from where a pair is listed.")
    ] = 0.4,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the pages: a table, and each pair side by side.")
    ] = Path("similarity"),
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Compare the code and the models of a cohort; starter code counts for nobody. Evidence to look at, no proof."""
    session = session_of(context)
    found = session.course().mission(mission)
    from grader.sandbox.owner import owned_folder

    with owned_folder("similarity") as scratch:
        works = _works(session, mission, folder, roster, layout, scratch)
        from grader.similarity.compare import compare_cohort
        from grader.similarity.results import Thresholds

        result = compare_cohort(mission, works, starter=found.starter, thresholds=Thresholds(code=threshold))
    if as_json:
        sys.stdout.write(result.model_dump_json(indent=2, context={"language": session.language}) + "\n")
        return
    from grader.similarity.pages import render_similarity
    from grader.similarity.terminal import render_similarity_terminal

    for name, page in render_similarity(result, session.language).items():
        write_page(out / name, page)
    session.show(render_similarity_terminal(result, session.language))
    session.say(Text(f"Side by side: {out / 'index.html'}", f"나란히 보기: {out / 'index.html'}"))


def _works(
    session: Session, mission: str, folder: Path, roster: Path | None, layout: LayoutChoice, scratch: Path
) -> "list[Work]":
    """The newest readable submission of each student, collected; tells which can't be read."""
    from grader.reports.escape import inert

    _, found = find_in(session.course(), folder, mission, roster, layout)
    newest = {one.student.id: one for one in found.submissions if one.mission_id == mission}
    if len(newest) < 2:
        raise UsageError(
            Text(
                f"There are not two submissions of {mission} in {folder}.",
                f"{folder}에 {mission} 제출물이 둘 이상 없습니다.",
            )
        )
    works = []
    for place, one in enumerate(newest.values()):
        work = _collected(one, scratch / str(place))
        if isinstance(work, Text):
            name = inert(one.student.name or one.student.id, max_bytes=60, lines=False)
            session.err.print(Line(f"- {name}: {inert(session.text(work))}", style="dim"))
        else:
            works.append(work)
    return works


def _collected(one: "HandedIn", folder: Path) -> "Work | Text":
    """A submission as clean Python, or why there is none."""
    from grader.cohort import stage
    from grader.errors import SubmissionInvalid
    from grader.similarity.results import Work
    from grader.submission import collect

    try:
        submission = collect(stage(one, folder / "staged"), folder / "clean")
    except SubmissionInvalid as error:
        return error.message
    return Work(
        student_id=one.student.id, name=one.student.name or one.student.id, root=submission.root, model=one.model
    )
