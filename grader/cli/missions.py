"""`grade list`, `grade show`, `grade start`: what there is to do, and where to begin."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text as Line

from grader.cli.options import DebugOption, LanguageOption, MissionArgument
from grader.cli.session import Session, session_of
from grader.errors import DestinationExists, ExitCode, SpecError
from grader.text import Text, same

if TYPE_CHECKING:
    from grader.course import Mission
    from grader.spec import MissionSpec

_LEFT_BEHIND = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints", ".DS_Store")


def register(app: typer.Typer) -> None:
    """Adds this family's commands."""
    panel = "Missions"
    app.command("list", rich_help_panel=panel)(list_missions)
    app.command("show", rich_help_panel=panel)(show)
    app.command("start", rich_help_panel=panel)(start)


def list_missions(context: typer.Context, lang: LanguageOption = None, debug: DebugOption = False) -> None:
    """List the missions of this course."""
    from grader.spec import DIFFICULTY, MissionSpec

    session = session_of(context)
    course = session.course()
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in (
        Text("Mission", "미션"),
        Text("Title", "제목"),
        Text("Level", "난이도"),
        Text("Points", "배점"),
        Text("Pass", "통과"),
    ):
        justify: JustifyMethod = "right" if heading.en in ("Points", "Pass") else "left"
        table.add_column(session.text(heading), justify=justify, no_wrap=heading.en != "Title", overflow="fold")
    broken: list[SpecError] = []
    specs: list[MissionSpec] = []
    for mission_id in course.mission_ids():
        try:
            specs.append(course.mission(mission_id).spec)
        except SpecError as error:
            broken.append(error)
    for spec in sorted(specs, key=lambda spec: list(DIFFICULTY).index(spec.difficulty)):
        difficulty = DIFFICULTY[spec.difficulty][session.language]
        row = (spec.id, session.text(spec.title), difficulty, f"{spec.points:g}", f"{spec.pass_mark:g}")
        table.add_row(*(Line(cell) for cell in row))
    session.show(table)
    for failure in broken:
        session.complain(failure)
    if broken:
        raise typer.Exit(ExitCode.USAGE)


def show(
    context: typer.Context, mission: MissionArgument, lang: LanguageOption = None, debug: DebugOption = False
) -> None:
    """Show a mission: the task, how it is scored, and its limits."""
    from grader.cli.markdown import Document

    session = session_of(context)
    found = session.course().mission(mission)
    readme = found.readme(session.language)
    if readme.is_file():
        session.show(Document(readme.read_text(encoding="utf-8"), hyperlinks=False))
    else:
        session.show(Line(session.text(found.spec.title), style="bold"))
        session.show(Line(session.text(found.spec.brief)))
    session.show(Line())
    session.show(_rubric(session, found.spec))
    if found.spec.trains:
        session.show(_limits(session, found.spec))


def start(
    context: typer.Context,
    mission: MissionArgument,
    directory: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Folder to create.", show_default="./MISSION")
    ] = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Copy a mission's starter code into a new folder."""
    session = session_of(context)
    found = session.course().mission(mission)
    destination = directory or Path(mission)
    copy_starter(found, destination)
    session.say(Text(f"Starter code is in {destination}.", f"시작 코드를 {destination} 폴더에 복사했습니다."))
    path = f" {destination}" if directory is not None else ""
    session.say(
        Text(
            f"Next: edit {destination / 'solution.py'}, then run `grade check {mission}{path}`.",
            f"다음 단계: {destination / 'solution.py'} 파일을 작성한 다음 실행하세요: grade check {mission}{path}",
        )
    )


def copy_starter(mission: "Mission", destination: Path) -> None:
    """Copies the starter code; an empty folder is as good as none.

    Raises:
        DestinationExists: something is there already; nothing was written.
        SpecError: the course has no starter code for this mission.
    """
    if not mission.starter.is_dir():
        raise SpecError(
            Text(
                f"The course has no starter code for {mission.id}.",
                f"과정에 {mission.id} 미션의 시작 코드가 없습니다.",
            )
        )
    taken = destination.exists() and (not destination.is_dir() or any(destination.iterdir()))
    if taken or destination.is_symlink():
        raise DestinationExists(
            Text(
                f"{destination} exists already; nothing was changed.",
                f"{destination}이(가) 이미 있어 아무것도 바꾸지 않았습니다.",
            ),
            Text(
                f"Choose another folder: grade start {mission.id} DIR.",
                f"다른 폴더를 지정하세요: grade start {mission.id} 폴더이름",
            ),
        )
    shutil.copytree(mission.starter, destination, ignore=_LEFT_BEHIND, dirs_exist_ok=True)


def _rubric(session: Session, spec: "MissionSpec") -> Table:
    from grader.reports.visibility import hidden_title

    table = Table(
        title=session.text(Text("How it is scored", "채점 기준")),
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column(session.text(Text("Criterion", "평가 기준")), ratio=2, overflow="fold")
    table.add_column(session.text(Text("Points", "배점")), justify="right", no_wrap=True)
    table.add_column(session.text(Text("Expected", "기준")), ratio=3, overflow="fold")
    hidden = 0
    for criterion in spec.criteria:
        title, expected = session.text(criterion.title), session.text(criterion.expected)
        if not criterion.visible:
            hidden += 1
            title, expected = session.text(hidden_title(hidden)), "–"
        table.add_row(Line(title), Line(f"{criterion.points:g}"), Line(expected, style="dim"))
    total = session.text(Text("Total (pass mark)", "합계 (통과 기준)"))
    table.add_section()
    table.add_row(Line(total, style="bold"), Line(f"{spec.points:g}", style="bold"), Line(f"({spec.pass_mark:g})"))
    return table


def _limits(session: Session, spec: "MissionSpec") -> Table:
    from grader.reports import figures

    limits, language = spec.limits, session.language
    cpu, gpu = figures.seconds(limits.train_cpu_s, language), figures.seconds(limits.train_gpu_s, language)
    facts = (
        (
            Text("Training", "학습 시간"),
            Text(f"{cpu} of CPU time, or {gpu} on a GPU", f"CPU 시간 {cpu} 또는 GPU {gpu}"),
        ),
        (Text("Processors", "프로세서"), Text(f"{limits.cpus}", f"{limits.cpus}개")),
        (Text("Memory", "메모리"), same(figures.size(limits.memory_bytes))),
        (Text("GPU memory", "GPU 메모리"), same(figures.size(limits.gpu_memory_bytes))),
        (Text("Parameters", "파라미터"), Text(f"at most {limits.parameters:,}", f"최대 {limits.parameters:,}개")),
        (Text("train() may take", "train() 매개변수"), same(", ".join(spec.entry.offers))),
    )
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(overflow="fold")
    table.title, table.title_justify, table.title_style = session.text(Text("Limits", "제한")), "left", "bold"
    for label, value in facts:
        table.add_row(Line(session.text(label), style="dim"), Line(session.text(value)))
    return table
