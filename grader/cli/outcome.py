"""What the commands that run student code show, write and tell the shell."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.text import Text as Line

from grader.cli.session import Session
from grader.errors import ExitCode, UsageError
from grader.text import Text

if TYPE_CHECKING:
    from grader.pipeline import CheckResult
    from grader.results import Ending, Report, StudentOutput


def exit_code(report: "Report") -> ExitCode:
    """What `grade submit` tells the shell."""
    from grader.results import Verdict

    if report.verdict is Verdict.NOT_GRADED:
        return ExitCode.INFRASTRUCTURE
    return ExitCode.PASSED if report.passed else ExitCode.BELOW_PASS_MARK


@contextmanager
def writing_whole(path: Path) -> Iterator[TextIO]:
    """A file that is there whole or not at all, and so is what was there before.

    Raises:
        OSError: it can't be written there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_report(report: "Report", folder: Path, session: Session) -> Path:
    """Writes report.json and report.html; gives the page's path.

    Raises:
        UsageError: the folder can't be written.
    """
    from grader.reports.html import render_html
    from grader.reports.json import render_json

    documents = {
        "report.json": render_json(report, session.language),
        "report.html": render_html(report, session.language),
    }
    try:
        for name, document in documents.items():
            with writing_whole(folder / name) as stream:
                stream.write(document)
    except OSError as error:
        raise UsageError(
            Text(
                f"The report can't be written to {folder}: {error.strerror}.",
                f"{folder}에 보고서를 저장할 수 없습니다: {error.strerror}.",
            ),
            Text("Name another folder with --out.", "--out으로 다른 폴더를 지정하세요."),
        ) from error
    return folder / "report.html"


def show_check(session: Session, result: "CheckResult") -> None:
    """The steps of a rehearsal, and why it ended where it did."""
    from grader.reports.escape import inert

    for step in result.steps:
        symbol, style = ("✓", "green") if step.ok else ("✗", "red")
        session.show(Line.assemble((f"{symbol} ", f"bold {style}"), session.text(step.name)))
        if step.detail is not None and (step.ok or result.ending is None):
            detail = inert(session.text(step.detail), lines=True)
            session.show(Line(f"  {detail}", style="dim" if step.ok else ""))
    if result.ending is not None:
        show_failure(session, result.ending, result.output)


def show_failure(session: Session, ending: "Ending | None", output: "StudentOutput") -> None:
    """Why a run ended, and what it printed; both may hold a student's words."""
    from grader.reports.escape import inert_ending, inert_output
    from grader.reports.terminal import render_ending, render_output

    if ending is not None:
        session.show(render_ending(inert_ending(ending), session.language))
    if output.text.strip():
        session.show(render_output(inert_output(output), session.language))


def student_exit(ending: "Ending | None") -> ExitCode:
    """What `check` and `train` tell the shell when there is no model."""
    from grader.results import Reason

    machine = ending is not None and ending.reason is Reason.INFRASTRUCTURE
    return ExitCode.INFRASTRUCTURE if machine else ExitCode.BELOW_PASS_MARK


def write_json(document: str) -> None:
    """JSON is UTF-8 whatever the terminal's encoding, and not wrapped."""
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        sys.stdout.write(document)
        return
    sys.stdout.flush()
    stream.write(document.encode("utf-8"))
    stream.flush()
