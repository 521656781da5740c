"""What the commands that run student code show, write and tell the shell."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.text import Text as Line

from grader.cli.session import Session
from grader.cli.submissions import report_folder
from grader.errors import ExitCode, UsageError
from grader.text import Text

if TYPE_CHECKING:
    from grader.pipeline import CheckResult
    from grader.results import Ending, Report, StudentOutput


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to become of a report.

    Attributes:
        out: folder for its files; None for one that is named after it.
        as_json: it is printed as JSON, and written only where `out` says so.
    """

    out: Path | None
    as_json: bool

    @property
    def files(self) -> bool:
        """Whether it is written."""
        return self.out is not None or not self.as_json


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


def write_report(report: "Report", folder: Path, session: Session, *, page: str | None = None) -> Path:
    """Writes report.json and report.html; gives the page's path.

    Args:
        page: the report as a page, where it was rendered already.

    Raises:
        UsageError: the folder can't be written.
    """
    from grader.reports.json import render_json

    documents = {
        "report.json": render_json(report, session.language),
        "report.html": _page(report, session) if page is None else page,
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


def _page(report: "Report", session: Session) -> str:
    from grader.reports.html import render_html

    return render_html(report, session.language)


def show_report(
    session: Session, report: "Report", wanted: Wanted, *, page: Callable[[], str | None] = lambda: None
) -> None:
    """Prints the report, and writes it.

    Args:
        page: gives it as a page where that was rendered elsewhere; asked when the report has been printed.

    Raises:
        UsageError: the folder can't be written.
    """
    if wanted.as_json:
        from grader.reports.json import render_json

        write_json(render_json(report, session.language))
    else:
        from grader.reports.terminal import render_terminal

        session.show(render_terminal(report, session.language))
    if wanted.files:
        folder = wanted.out or report_folder(report.mission.id, report.submission.name, report.created)
        written = write_report(report, folder, session, page=page())
        session.say(Text(f"Report: {written}", f"결과 보고서: {written}"))


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
