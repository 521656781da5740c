"""The report in a terminal."""

import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from grader.reports.terminal import render_terminal
from grader.reports.terminal_pictures import sparkline
from grader.results import Mode, Report, StudentOutput
from grader.text import Language
from tests.unit.reports import samples


def shown(report: Report, language: Language = "en", *, width: int = 80, color: bool = False) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=color, color_system="standard" if color else None, _environ={}
    )
    console.print(render_terminal(report, language))
    return stream.getvalue()


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    "make",
    [
        samples.report,
        samples.failed_report,
        samples.not_graded_report,
        samples.full_report,
        samples.annotated_report,
    ],
)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(make: Any, language: Language, width: int) -> None:
    for line in shown(make(), language, width=width).splitlines():
        assert cell_len(line) <= width, line


def test_verdict_and_score_come_first() -> None:
    lines = shown(samples.report()).splitlines()
    assert "mission_cnn" in lines[0]
    assert lines[1].split() == ["│", "Passed", "91.5", "/", "100", "points", "(pass", "mark", "90)", "│"]


@pytest.mark.parametrize("width", range(60, 90))
def test_no_letter_of_a_korean_hint_is_lost(width: int) -> None:
    hint = samples.report().criteria[1].hint
    assert hint is not None
    text = shown(samples.report(), "ko", width=width)
    assert "…" not in text
    assert "".join(hint.ko.split()) in "".join(text.split())


def test_score_is_a_bar_with_a_mark_where_it_is_passed() -> None:
    bar = shown(samples.report()).splitlines()[2].strip("│ ")
    assert (len(bar), bar.count("━"), bar.index("┃")) == (40, 36, 36)


def test_curves_are_sparklines_with_their_ends() -> None:
    text = shown(samples.full_report())
    assert re.search(r"Curve +loss █▄▃▂▂▁▁▁ 0\.9 to 0\.113", text)
    assert "validation accuracy ▁▆██▇▆▆▅ 93.0% to 96.2%" in text


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=100))
def test_sparkline_is_short_whatever_the_values(values: list[float]) -> None:
    assert len(sparkline(values)) == min(24, len(values))


def test_confusion_is_shown_where_a_class_goes_wrong_and_only_there() -> None:
    rows = [[0] * 10 for _ in range(10)]
    for label, row in enumerate(rows):
        row[9 if label == 4 else label] = 1000
    shares = tuple(0.0 if label == 4 else 1.0 for label in range(10))
    text = shown(samples.report(metrics=samples.metrics(confusion=tuple(map(tuple, rows)), per_class_accuracy=shares)))
    assert re.search(r"^ +4 +· +· +· +· +· +· +· +· +· +1000$", text, re.MULTILINE)
    assert "Confusion matrix" not in shown(samples.report())


def test_findings_say_cause_and_next_step() -> None:
    text = shown(samples.full_report(), "ko")
    assert "! 검증 정확도가 오르다가 떨어집니다." in text
    assert "→ 가장 좋았던 가중치를" in text


def test_korean_report_has_no_english_sentences() -> None:
    text = shown(samples.report(), "ko") + shown(samples.full_report(), "ko")
    assert "통과   91.5 / 100점" in text
    for word in ("Passed", "points", "Criterion", "seed", "trained", "peak", "interval", "loss", "Curve"):
        assert word not in text


def test_lost_points_come_with_bar_and_hint_and_full_ones_without() -> None:
    text = shown(samples.report())
    assert text.count("Expected:") == 2
    assert text.count("→") == 2
    assert re.search(r"✓ .*60 / 60 .*71 of 240", text)
    assert re.search(r"◐ .*31\.5 / 35 .*98\.70 %", text)
    assert re.search(r"✗ .*0 / 5", text)


def test_skipped_criterion_says_why_and_gives_no_hint() -> None:
    report = samples.failed_report()
    text = shown(report.model_copy(update={"criteria": report.criteria[1:]}))
    assert "Not judged: training did not finish." in text
    assert "Expected:" not in text


def test_accuracy_has_its_interval_and_number_of_images() -> None:
    assert "98.70 % (95 % interval 98.46–98.90 %, 10,000 test images)" in shown(samples.report())


def test_median_of_seeds_is_named() -> None:
    text = shown(samples.report(run=samples.run_info(seeds=(7, 8, 9))))
    assert "median of seeds 7, 8, 9" in " ".join(text.split())


def test_artifact_is_marked_as_not_reproduced() -> None:
    run = samples.run_info(mode=Mode.ARTIFACT, seconds=None, cpu_seconds=None, budget_seconds=None)
    assert "trained by the student, not reproduced" in " ".join(shown(samples.report(run=run)).split())


def test_output_is_shown_only_when_the_run_ended_early() -> None:
    assert "epoch 1 loss" not in shown(samples.report())
    assert "epoch 1 loss" in shown(samples.failed_report())


def test_long_output_is_cut_to_its_last_lines() -> None:
    text = "".join(f"line {number}\n" for number in range(1000))
    shown_text = shown(
        samples.failed_report(student_output=StudentOutput(text=text, total_bytes=9000, truncated=False))
    )
    assert "line 999" in shown_text
    assert "line 979" not in shown_text
    assert "only the last part is shown" in shown_text


def test_machine_failure_is_no_mark() -> None:
    text = shown(samples.not_graded_report())
    assert "costs no points" in text
    assert "0 / 100" not in text
    assert "--sandbox bubblewrap" in text


def test_colour_is_used_on_a_terminal_and_never_elsewhere() -> None:
    assert "\x1b[" in shown(samples.report(), color=True)
    assert "\x1b" not in shown(samples.report()) + shown(samples.full_report())
