"""Arguments and options that several commands share."""

from typing import Annotated, Literal

import typer

from grader.cli.session import session_of
from grader.text import Language


def complete_mission(incomplete: str) -> list[str]:
    """Names of the course's missions that begin so."""
    from grader.course import find_course
    from grader.errors import GraderError

    try:
        return [name for name in find_course().mission_ids() if name.startswith(incomplete)]
    except GraderError:
        return []


def _take_language(context: typer.Context, value: str | None) -> str | None:
    if value is not None:
        session_of(context).asked_language = value  # type: ignore[assignment]
    return value


def _take_debug(context: typer.Context, value: bool) -> bool:
    if value:
        session_of(context).debug = True
    return value


def parse_gpu(value: str) -> str:
    """`auto`, `none` or an index; anything else is refused."""
    if value in ("auto", "none") or (value.isascii() and value.isdigit() and len(value) < 4):
        return value
    raise typer.BadParameter("say auto, none, or the index of a GPU such as 0")


MissionArgument = Annotated[
    str,
    typer.Argument(metavar="MISSION", help="Name of the mission; see grade list.", autocompletion=complete_mission),
]
SandboxChoice = Literal["auto", "docker", "bubblewrap", "none"]
ProgressChoice = Literal["auto", "live", "lines", "json", "quiet"]
LanguageOption = Annotated[
    Language | None,
    typer.Option("--lang", callback=_take_language, help="Language of messages and reports.", show_default=False),
]
DebugOption = Annotated[
    bool, typer.Option("--debug", callback=_take_debug, help="Show the traceback of whatever fails.")
]
SandboxOption = Annotated[
    SandboxChoice | None,
    typer.Option("--sandbox", help="Where the code runs; none is for your own code only.", show_default="auto"),
]
GpuOption = Annotated[
    str, typer.Option("--gpu", metavar="auto|none|INDEX", callback=parse_gpu, help="GPU to train on.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Seed of training and grading.")]
