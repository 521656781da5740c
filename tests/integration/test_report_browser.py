"""The page in a real browser: no script runs, no dialog opens, nothing is requested, the style sheet applies."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from grader.reports.html import render_html
from grader.results import Diagnosis, LineRemark, Report, SourceText, Status, StudentOutput, SubmissionInfo
from grader.text import Language, Text
from tests.integration.conftest import ARGUMENTS
from tests.unit.reports import samples

PAINTED_S = 60


class Listener(BaseHTTPRequestHandler):
    """Notes every request that reaches it."""

    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Quiet."""


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine: its address, and the paths that were asked for."""
    seen: list[str] = []
    handler = type("Handler", (Listener,), {"seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", seen
        finally:
            server.shutdown()
            thread.join()


def visit(chromium: str, page: Path, profile: Path) -> str:
    """The document after everything in it had its chance to run."""
    command = [chromium, "--headless", *ARGUMENTS]
    command += [f"--user-data-dir={profile}", "--virtual-time-budget=3000", "--dump-dom", page.as_uri()]
    return run(command)


def run(command: list[str]) -> str:
    """What the browser wrote. Its whole process group ends with it, also where a dialog keeps it from ending."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        try:
            written, _ = process.communicate(timeout=PAINTED_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0
    return written


def attacks(address: str, *, halting: bool = True) -> str:
    """Ways to run a script, open a dialog or call home.

    Args:
        halting: with a dialog and a redirect, either of which keeps this browser from ever giving the document.
    """
    dialog = "alert(1)" if halting else ""
    redirect = f'<meta http-equiv="refresh" content="0; url={address}/refresh">' if halting else ""
    mark = "document.documentElement.setAttribute('data-owned','yes');"
    return (
        f"<script>{mark}{dialog}</script>"
        f'<img src="{address}/image" onerror="{mark}">'
        f'</pre></td></table></main></style><svg onload="{mark}"></svg>'
        f'<link rel="stylesheet" href="{address}/sheet"><iframe src="{address}/frame"></iframe>'
        f'<style>@import url("{address}/import"); body {{ background: url("{address}/background") }}</style>'
        f'{redirect}<base href="{address}/">'
        f'<details open ontoggle="{mark}"></details><a href="javascript:{mark}" id=x>x</a>'
        f'" onmouseover="{mark}" autofocus onfocus="{mark}" x="'
    )


def hostile(payload: str) -> Report:
    words = Text(payload, payload)
    remark = LineRemark(file=payload, line=1, source=payload, message=words)
    return samples.failed_report(
        submission=SubmissionInfo(name=payload, sha256=None, files=(payload,), notes=(words,)),
        ending=samples.ending(message=words, advice=words),
        metrics=samples.metrics(class_names=(words,) * 10, public_share=samples.public_share()),
        criteria=(samples.criterion("training", Status.FAILED, 0, 60, message=words, hint=words, remarks=(remark,)),),
        findings=(Diagnosis(rule="overfitting", finding=words, cause=words, advice=words),),
        annotated=(SourceText(name=payload, text=payload),),
        student_output=StudentOutput(text=payload, total_bytes=len(payload), truncated=False),
    )


def test_attacks_work_on_a_page_that_does_not_escape(chromium: str, tmp_path: Path) -> None:
    """The probe itself: without this, silence would prove nothing."""
    with listening() as (address, seen):
        page = tmp_path / "naive.html"
        page.write_text(
            f"<!doctype html><title>naive</title><main>{attacks(address, halting=False)}</main>", encoding="utf-8"
        )
        document = visit(chromium, page, tmp_path / "profile")
    assert 'data-owned="yes"' in document
    assert {"/image", "/sheet"} <= set(seen)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_hostile_report_runs_nothing_and_requests_nothing(chromium: str, tmp_path: Path, language: Language) -> None:
    with listening() as (address, seen):
        page = tmp_path / "report.html"
        page.write_text(render_html(hostile(attacks(address)), language), encoding="utf-8")
        document = visit(chromium, page, tmp_path / "profile")
    assert seen == []
    assert f'<html lang="{language}">' in document
    assert "&lt;script&gt;" in document
    assert document.count("<style>") == 1
    assert (
        document.count("<img")
        == len(re.findall('<img src="data:image/png;base64,[A-Za-z0-9+/=]+" alt="', document))
        == 3
    )
    for tag in ("<script", "<iframe", "<link", "<base"):
        assert tag not in document
    assert document.count("<svg") == len(re.findall(r'<svg [^>]*role="img"[^>]*>', document))


def test_policy_stops_what_would_slip_through_the_escaping(chromium: str, tmp_path: Path) -> None:
    with listening() as (address, seen):
        broken = render_html(samples.report(), "en").replace("<main>", f"<main>{attacks(address, halting=False)}", 1)
        page = tmp_path / "broken.html"
        page.write_text(broken, encoding="utf-8")
        document = visit(chromium, page, tmp_path / "profile")
    assert seen == []
    assert 'data-owned="yes"' not in document


def test_own_style_sheet_passes_the_policy(chromium: str, tmp_path: Path) -> None:
    """Painted pixels differ from those of the same page without its style sheet."""
    shots = []
    whole = render_html(samples.report(), "ko")
    for name, text in {"whole": whole, "bare": whole.replace("<style>", "<style media='not all'>")}.items():
        page, shot = tmp_path / f"{name}.html", tmp_path / f"{name}.png"
        page.write_text(text, encoding="utf-8")
        command = [chromium, "--headless", *ARGUMENTS]
        command += [f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={shot}", page.as_uri()]
        run(command)
        shots.append(shot.read_bytes())
    assert shots[0] != shots[1]
