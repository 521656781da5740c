"""The commands put together, and the border where failures become a sentence and an exit code."""

import atexit
import gc
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, NoReturn

import typer
from typer.exceptions import TyperException

import grader
from grader.cli import (
    analysis,
    authoring,
    batch,
    data,
    doctor,
    gradebook,
    grading,
    image,
    missions,
    report,
    verify,
    warm,
)
from grader.cli.options import DebugOption, LanguageOption
from grader.cli.session import Session, make_streams_lenient
from grader.cli.speech import command_in, language_of, show_usage_error
from grader.errors import ExitCode, GraderError, StudentError
from grader.text import Text

BROKEN_PIPE = 128 + 13
"""As a program ends that SIGPIPE ended."""

OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Python looks for garbage after every 700 new objects; of the modules that a command loads, all stay."""

_EXAMPLES = """[bold]Examples[/bold]

grade start mission_cnn              [dim]copy the starter code to ./mission_cnn[/dim]
grade check mission_cnn              [dim]find contract mistakes in seconds[/dim]
grade submit mission_cnn             [dim]train, measure, score, write a report[/dim]
grade submit mission_cnn work.ipynb  [dim]grade one notebook, archive or folder[/dim]
grade doctor                         [dim]what this machine has and what it lacks[/dim]

[bold]Exit codes of submit[/bold]

0 passed · 1 below the pass mark · 2 usage · 3 machine failed · 130 stopped
"""

app = typer.Typer(
    name="grade",
    help="Grades deep-learning missions. Your code runs in a sandbox that never holds the test answers.",
    epilog=_EXAMPLES,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"grade {grader.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Grades deep-learning missions. Your code runs in a sandbox that never holds the test answers."""


missions.register(app)
grading.register(app)
warm.register(app)
batch.register(app)
gradebook.register(app)
analysis.register(app)
verify.register(app)
authoring.register(app)
app.add_typer(report.app, name="report", rich_help_panel="Your work")
app.add_typer(data.app, name="data", rich_help_panel="This machine")
app.add_typer(image.app, name="image", rich_help_panel="This machine")
doctor.register(app)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and exits.

    Args:
        arguments: what follows `grade`; None takes the process's own.

    Raises:
        SystemExit: always, with a code of `ExitCode`.
    """
    _leave_garbage()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's threads wait busily, and no command needs them
    make_streams_lenient()
    session = Session()
    words = sys.argv[1:] if arguments is None else list(arguments)
    language = language_of(words, os.environ)
    try:
        _unwind_when_told_to_end()
        command = command_in(language, app)
        code = command.main(words, prog_name="grade", obj=session, standalone_mode=False) or 0
        if code == ExitCode.INTERRUPTED:
            session.say(Text("Stopped; nothing was left running.", "중단했습니다. 실행 중이던 작업도 정리했습니다."))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except TyperException as error:
        show_usage_error(error, language)
        code = error.exit_code
    except BrokenPipeError:  # whoever read the output has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    except GraderError as error:
        _show_traceback(session)
        session.complain(error)
        code = ExitCode.BELOW_PASS_MARK if isinstance(error, StudentError) else error.exit_code
    except Exception as error:
        _show_traceback(session)
        session.say(_internal_error(error))
        code = ExitCode.INFRASTRUCTURE
    sys.exit(int(code))


def _leave_garbage() -> None:
    """Has Python look for garbage more seldom, and not again at its end: 0.1 and 0.2 of a batch's CPU seconds."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    atexit.register(gc.freeze)


def _unwind_when_told_to_end() -> None:
    """Has a termination, and a terminal that is closed, end this as Ctrl-C does: no container or temporary folder is
    left."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(ExitCode.TERMINATED))

    def hang_up(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the shell and the kernel both send one; once is enough
        sys.exit(ExitCode.TERMINATED)

    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # `nohup` has it ignored
        signal.signal(signal.SIGHUP, hang_up)


def _show_traceback(session: Session) -> None:
    if session.debug:
        traceback.print_exc()


def _internal_error(error: Exception) -> Text:
    name = type(error).__name__
    return Text(
        f"Internal error ({name}). Run again with --debug to see where.",
        f"내부 오류가 발생했습니다({name}). --debug 옵션으로 다시 실행하면 원인을 볼 수 있습니다.",
    )
