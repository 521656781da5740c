"""`grade new`: begin a mission of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.options import DebugOption, LanguageOption
from grader.cli.session import session_of
from grader.errors import CourseNotFound
from grader.text import Text


def register(app: typer.Typer) -> None:
    """Adds the command."""
    epilog = "Example: grade new mission_fashion"
    app.command("new", rich_help_panel="Your course", epilog=epilog)(new)


def new(
    context: typer.Context,
    mission: Annotated[str, typer.Argument(metavar="MISSION", help="Its name, such as mission_fashion.")],
    course: Annotated[
        Path | None,
        typer.Option("--course", metavar="DIR", help="Course to write it into.", show_default="the one around here"),
    ] = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Write a small, sound mission to begin from: spec, briefs, starter, reference, tests, counterexamples."""
    from grader.scaffold import scaffold

    session = session_of(context)
    root = course or _course_around(Path.cwd(), session.settings.course)
    written = scaffold(root, mission)
    session.say(
        Text(
            f"Wrote {len(written)} files to missions/, starter_code/ and reference_solutions/ in {root}.",
            f"{root}의 missions/, starter_code/, reference_solutions/에 파일 {len(written)}개를 만들었습니다.",
        )
    )
    session.say(
        Text(
            f"Next: edit missions/{mission}/mission.toml, then run `grade verify {mission}`.",
            f"다음 단계: missions/{mission}/mission.toml을 고친 뒤 다음 명령을 실행하세요: grade verify {mission}.",
        )
    )


def _course_around(here: Path, named: Path | None) -> Path:
    """The course that was named or is around here; this folder, where there is none: a course begins with a mission."""
    from grader.course import find_course

    if named is not None:
        return named
    try:
        found = find_course(here).root
    except CourseNotFound:
        return here
    return found if found in (here, *here.parents) else here
