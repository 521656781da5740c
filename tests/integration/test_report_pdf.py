"""The page printed by a real browser."""

import re
from pathlib import Path

import pytest

from grader.errors import InfrastructureError, UsageError
from grader.reports import pdf
from grader.reports.html import render_html
from grader.reports.pdf import print_pdf
from tests.unit.reports import samples


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "report.html"
    file.write_text(render_html(samples.full_report(), "ko"), encoding="utf-8")
    return file


@pytest.mark.usefixtures("chromium")
def test_report_is_printed_on_a_few_pages(page: Path, tmp_path: Path) -> None:
    print_pdf(page, tmp_path / "report.pdf")
    printed = (tmp_path / "report.pdf").read_bytes()
    assert printed.startswith(b"%PDF-")
    assert len(printed) < 2_000_000
    assert len(re.findall(rb"/Subtype\s*/Image", printed)) == 3
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 6


def test_machine_without_chromium_says_what_to_do(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "find_browser", lambda: None)
    with pytest.raises(UsageError, match="Printing needs Chromium"):
        print_pdf(page, tmp_path / "report.pdf")


@pytest.mark.parametrize("text", ["<!doctype html><p>mine</p>", "", None])
def test_page_that_is_no_report_is_not_opened(tmp_path: Path, text: str | None) -> None:
    other = tmp_path / "other.html"
    if text is not None:
        other.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"no report|can't be read"):
        print_pdf(other, tmp_path / "report.pdf", browser=Path("/bin/true"))


@pytest.mark.parametrize("program", ["exit 1", "sleep 60"])
def test_browser_that_prints_nothing_is_a_fault_of_the_machine(
    page: Path, tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "browser"
    broken.write_text(f"#!/bin/sh\n{program}\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(pdf, "TIMEOUT_S", 0.2)
    with pytest.raises(InfrastructureError, match="did not print"):
        print_pdf(page, tmp_path / "report.pdf", browser=broken)
    assert not (tmp_path / "report.pdf").exists()
