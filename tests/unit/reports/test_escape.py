"""Student text is made visible and inert."""

import pytest

from grader.reports.escape import cut, inert, inert_report, tail
from grader.results import StudentOutput
from tests.unit.reports import samples


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain, 한국어, ✓ and 🙂", "plain, 한국어, ✓ and 🙂"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b31m", "\\x9b31m"),
        ("a\x00b\x07c\x08d\x7f", "a\\x00b\\x07c\\x08d\\x7f"),
        ("invoice\u202etxt.exe", "invoice\\u202etxt.exe"),
        ("\u2066\u2069\u200b\ufeff\u2028", "\\u2066\\u2069\\u200b\\ufeff\\u2028"),
        ("\U000e0041", "\\U000e0041"),
        ("two\nlines\r\tand", "two\\nlines\\x0d\\x09and"),
        ("lone \udcff", "lone \\udcff"),
    ],
)
def test_inert_writes_out_what_would_act(raw: str, shown: str) -> None:
    assert inert(raw) == shown


def test_inert_applied_twice_changes_nothing() -> None:
    raw = "".join(chr(code) for code in range(0x0, 0x3000)) * 2
    once = inert(raw, lines=True, max_bytes=1_000_000)
    assert inert(once, lines=True, max_bytes=1_000_000) == once


def test_inert_with_lines_keeps_breaks_and_widens_tabs() -> None:
    assert inert("a\r\nb\tc\x1b", lines=True) == "a\nb    c\\x1b"


def test_inert_shows_every_state_of_a_progress_bar() -> None:
    assert inert(" 10%\r 20%\r100%\n", lines=True) == " 10%\n 20%\n100%\n"


def test_inert_limits_stacked_marks() -> None:
    assert inert("e" + "\u0301" * 500) == "e" + "\u0301" * 3


@pytest.mark.parametrize("max_bytes", [3, 4, 5, 10, 100])
def test_cut_keeps_to_its_bytes_and_to_whole_characters(max_bytes: int) -> None:
    text = cut("가나다라마바사아자차카타파하" * 20, max_bytes)
    assert len(text.encode()) <= max_bytes
    assert text.endswith("…")


def test_inert_keeps_to_its_bytes_after_writing_out() -> None:
    assert len(inert("\x1b" * 10_000, max_bytes=200).encode()) <= 200


def test_tail_keeps_the_last_lines_and_says_so() -> None:
    assert tail("1\n2\n3\n4\n", max_lines=2, max_bytes=100) == ("3\n4", True)
    assert tail("1\n2\n", max_lines=2, max_bytes=100) == ("1\n2", False)


def test_inert_report_of_an_honest_report_changes_nothing() -> None:
    for report in (samples.report(), samples.failed_report(), samples.not_graded_report()):
        assert inert_report(report) == report


def test_inert_report_caps_the_output_it_shows() -> None:
    flood = StudentOutput(text="x\x1b" * 1_000_000, total_bytes=2_000_000, truncated=False)
    shown = inert_report(samples.report(student_output=flood)).student_output.text
    assert len(shown.encode()) <= 256_000
    assert "\x1b" not in shown


def test_pictures_stay_whole() -> None:
    """They are the grader's own, and longer than a line of a stranger's text may be."""
    report = samples.full_report()
    shown = inert_report(report)
    assert report.metrics is not None
    assert shown.metrics is not None
    assert shown.metrics.public_share == report.metrics.public_share
