"""`grade warm`: a grader that stays, so that submissions from other terminals are graded at once."""

import os
from typing import Annotated

import typer

from grader.cli.grading import choose_gpu, choose_sandbox
from grader.cli.options import DebugOption, LanguageOption, SandboxOption
from grader.cli.session import session_of
from grader.errors import UsageError
from grader.text import Text


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("warm", rich_help_panel="Your work", epilog="Example: grade warm --idle-minutes 120")(warm)


def warm(
    context: typer.Context,
    sandbox: SandboxOption = None,
    idle_minutes: Annotated[
        float, typer.Option("--idle-minutes", min=0.01, max=100_000, help="End after so long without a submission.")
    ] = 60.0,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Stay ready to grade: while this runs, `grade submit` in other terminals starts at once. Ends with Ctrl-C."""
    session = session_of(context)
    course = session.course()
    settings = session.settings
    choice = sandbox or settings.sandbox
    from grader.resident.conditions import conditions_of

    conditions = conditions_of(course.root, choice, settings, os.environ)  # before the code that it is about is loaded
    from grader.resident import address

    if not address.TELLS_WHO_ASKS:
        raise UsageError(
            Text("`grade warm` needs Linux.", "`grade warm`은 Linux에서만 사용할 수 있습니다."),
            Text("`grade submit` works without it.", "`grade submit`은 `grade warm` 없이도 사용할 수 있습니다."),
        )
    from grader.resident.occupation import alone_at
    from grader.resident.readiness import ReadySandbox
    from grader.resident.server import Resident, serve

    place = address.socket_path(course.root, settings.cache_dir, os.environ)
    with alone_at(place):
        name, _ = choose_sandbox(session, choice)
        session.say(Text("Getting ready …", "준비하고 있습니다…"), style="dim")
        gpu = choose_gpu("auto")
        resident = Resident(
            conditions=conditions,
            sandboxes=frozenset({choice, name}),
            settings=settings,
            ready=ReadySandbox(name, settings, course),
            choose_gpu=lambda asked: gpu if asked == "auto" else choose_gpu(asked),
            tell=lambda line: session.say(line, style="dim"),
        )
        try:
            resident.open()
            session.say(
                Text(
                    f"Ready for {course.root} in {name}: `grade submit` in other terminals starts at once. "
                    "Ctrl-C ends this.",
                    f"준비되었습니다({course.root}, {name}). 이제 다른 터미널의 `grade submit`이 바로 시작됩니다. "
                    "끝내려면 Ctrl-C를 누르세요.",
                )
            )
            serve(place, resident, idle_s=idle_minutes * 60)
        finally:
            resident.close()
    if resident.outdated:
        session.say(
            Text(
                "The grader was changed since this started. Run `grade warm` again.",
                "실행 중에 채점기가 변경되었습니다. `grade warm`을 다시 실행하세요.",
            )
        )
    else:
        session.say(Text("Ended, since nothing was submitted for so long.", "오랫동안 제출이 없어 종료했습니다."))
