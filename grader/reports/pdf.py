"""The page on paper: Chromium prints what `render_html` gave."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from grader.errors import InfrastructureError, UsageError
from grader.text import Text

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT_S = 60.0
HEAD_BYTES = 1_000
POLICY = b"""<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-"""


def find_browser() -> Path | None:
    """A Chromium on this machine, if there is one."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return Path(found) if found else None


def print_pdf(page: Path, pdf: Path, *, browser: Path | None = None) -> None:
    """Writes the page to `pdf`, with what is folded on the screen unfolded.

    The page may hold a student's words, but none that act: it has no script, and its content security policy keeps it
    from asking the network for anything.

    Args:
        page: a report that `render_html` made.
        pdf: where to write; what is there is replaced.
        browser: a Chromium; None looks for one.

    Raises:
        UsageError: there is no Chromium on this machine, or the page is no report.
        InfrastructureError: it did not print.
    """
    browser = browser or find_browser()
    if browser is None:
        raise UsageError(
            Text("Printing needs Chromium, and there is none here.", "인쇄에 필요한 Chromium이 이 컴퓨터에 없습니다."),
            Text(
                "Install Chromium, or open report.html in any browser and print it.",
                "Chromium을 설치하거나, report.html을 브라우저로 열어 인쇄하세요.",
            ),
        )
    _require_report(page)
    with tempfile.TemporaryDirectory(prefix="printing-", ignore_cleanup_errors=True) as folder:
        printed = Path(folder) / "printed.pdf"
        _run([str(browser), *_options(Path(folder)), f"--print-to-pdf={printed}", page.resolve().as_uri()])
        if not printed.is_file():
            raise _not_printed()
        shutil.move(printed, pdf)


def _require_report(page: Path) -> None:
    """Only pages with our policy are opened: any other could ask the network, or hold what a stranger wrote.

    Raises:
        UsageError: it is none, or can't be read.
    """
    try:
        with page.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise UsageError(
            Text(f"{page} can't be read: {error.strerror}.", f"{page} 파일을 읽을 수 없습니다: {error.strerror}."),
            Text("Name a report.html or its folder.", "report.html이나 그 폴더를 지정하세요."),
        ) from error
    if not head.startswith(b"<!doctype html>") or POLICY not in head:
        raise UsageError(
            Text(f"{page} is no report of the grader.", f"채점 보고서가 아닌 파일입니다: {page}"),
            Text("Name a report.html or its folder.", "report.html이나 그 폴더를 지정하세요."),
        )


def _options(folder: Path) -> list[str]:
    options = ["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    options += ["--no-pdf-header-footer", f"--user-data-dir={folder / 'profile'}"]
    # Chromium's own sandbox refuses to work for root, as in a container.
    return [*options, "--no-sandbox"] if os.geteuid() == 0 else options


def _run(command: list[str]) -> None:
    """Runs the browser to its end; its whole process group ends with it."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            raise _not_printed() from error


def _not_printed() -> InfrastructureError:
    return InfrastructureError(
        Text("Chromium did not print the report.", "Chromium이 보고서를 인쇄하지 못했습니다."),
        Text("Open report.html in a browser and print it.", "report.html을 브라우저로 열어 인쇄하세요."),
    )
