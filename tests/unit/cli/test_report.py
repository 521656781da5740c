"""`grade report pdf`."""

from pathlib import Path

import pytest

from grader.reports import pdf
from tests.unit.cli.conftest import Grade


def test_report_is_printed_beside_its_page(grade: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[tuple[Path, Path]] = []
    monkeypatch.setattr(pdf, "print_pdf", lambda page, destination: printed.append((page, destination)))
    assert grade("report", "pdf", str(tmp_path)).code == 0
    assert grade("report", "pdf", str(tmp_path / "report.html"), "--out", str(tmp_path / "kim.pdf")).code == 0
    page = tmp_path / "report.html"
    assert printed == [(page, tmp_path / "report.pdf"), (page, tmp_path / "kim.pdf")]


def test_missing_report_is_wrong_usage(grade: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "find_browser", lambda: Path("/bin/true"))
    answer = grade("report", "pdf", str(tmp_path))
    assert answer.code == 2
    assert "report.html" in answer.err
