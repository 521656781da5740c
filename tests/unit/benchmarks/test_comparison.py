"""Ratios with their spread, how they are recorded on the page, and which of them moved since."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import page
from benchmarks.comparison import moved
from benchmarks.measuring import alternately
from benchmarks.page import Row, page_text, recorded, write_section
from benchmarks.ratio import Ratio, in_words


def row(found: str, what: str = "a : b") -> Row:
    return Row(what, found, "below 1", "1 s : 2 s")


def test_ratio_is_taken_round_by_round() -> None:
    assert Ratio.of([2.0, 3.0, 8.0], [1.0, 2.0, 2.0]) == Ratio(2.0, 1.5, 4.0)
    assert Ratio.of([1.0, 3.0], 2.0) == Ratio(1.0, 0.5, 1.5)


def test_rounds_of_unequal_number_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Ratio.of([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("ratio", "written"),
    [
        (Ratio(1.0, 0.98, 1.04), "1.00 (0.980 to 1.04)"),
        (Ratio(0.0123, 0.01, 0.02), "0.0123 (0.0100 to 0.0200)"),
        (Ratio(1.14, 1.14, 1.14), "1.14"),
        (Ratio(120.0, 110.0, 130.0), "120. (110. to 130.)"),
    ],
)
def test_ratio_is_read_as_it_was_written(ratio: Ratio, written: str) -> None:
    assert str(ratio) == written
    assert Ratio.parse(written) == ratio


@pytest.mark.parametrize("written", ["", "not measured", "CPU 1.02, wall 1.03", "1.2 or less"])
def test_other_words_are_no_ratio(written: str) -> None:
    assert Ratio.parse(written) is None


def test_seconds_are_in_milliseconds_below_one() -> None:
    assert in_words([0.05]) == "50 ms"
    assert in_words([0.9, 0.8, 1.2]) == "900 ms (800 to 1200)"
    assert in_words([2.0, 3.0, 1.0]) == "2.00 s (1.00 to 3.00)"


def test_ratio_within_the_larger_spread_did_not_move() -> None:
    assert moved({"a : b": "1.00 (0.90 to 1.10)"}, [row("1.19 (1.18 to 1.20)")]) == []
    assert moved({"a : b": "1.00 (0.99 to 1.01)"}, [row("1.19 (1.00 to 1.30)")]) == []


def test_ratio_beyond_both_spreads_moved_up_or_down() -> None:
    assert moved({"a : b": "1.00 (0.99 to 1.01)"}, [row("1.19 (1.18 to 1.20)")]) == [
        "a : b: 1.19 (1.18 to 1.20), was 1.00 (0.990 to 1.01)"
    ]
    assert moved({"a : b": "1.00 (0.99 to 1.01)"}, [row("0.90 (0.90 to 0.91)")]) != []


def test_single_runs_and_new_rows_are_not_compared() -> None:
    assert moved({"a : b": "1.00"}, [row("2.00")]) == []
    assert moved({}, [row("2.00 (1.90 to 2.10)")]) == []
    assert moved({"a : b": "CPU 1.02, wall 1.03"}, [row("2.00 (1.90 to 2.10)")]) == []


def test_single_run_is_held_against_the_other_sides_spread() -> None:
    assert moved({"a : b": "1.00 (0.90 to 1.10)"}, [row("2.00")]) != []


def test_section_is_read_back_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    write_section("One", "2 cores, today.\n\nMore of it.", [row("1.00"), row("2.00", "`grade x` : 8 s")])
    write_section("Two", "2 cores, today.", [row("3.00")])
    write_section("One", "4 cores, later.", [row("1.50 (1.40 to 1.60)")])
    one, two = recorded("One", page_text()), recorded("Two", page_text())
    assert one is not None
    assert two is not None
    assert one.about == "4 cores, later."
    assert one.found == {"a : b": "1.50 (1.40 to 1.60)"}
    assert two.found == {"a : b": "3.00"}
    assert recorded("Three", page_text()) is None


def test_whole_page_is_readable() -> None:
    sections = page_text().split("\n## ")[1:]
    titles = [section.partition("\n")[0] for section in sections if "| ratio | found |" in section]
    assert len(titles) == len(sections) - 1, "all but the profile, which no script writes"
    for title in titles:
        found = recorded(title, page_text())
        assert found is not None
        assert found.found


def test_rounds_go_forwards_and_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.measuring.noise_share", lambda: 0.0)
    order: list[str] = []

    def contender(name: str) -> Callable[[], str]:
        def measure() -> str:
            order.append(name)
            return f"{name}{len(order)}"

        return measure

    found = alternately({name: contender(name) for name in "ab"}, 2, warm_up=True)
    assert order == ["b", "a", "a", "b", "b", "a"]
    assert found == {"a": ["a3", "a6"], "b": ["b4", "b5"]}
