"""Item analysis: hand-computed values, undefined cases, bounds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.entries import CriterionScore
from grader.results import Status
from grader.statistics.items import co_failures, correlation, criterion_statistics, phi, table, upper_lower
from tests.unit.statistics.samples import score

PASS, FAIL = 10.0, 0.0


def gradings(**columns: list[float]) -> list[tuple[CriterionScore, ...]]:
    """One grading per position, each criterion worth ten points."""
    return [
        tuple(score(name, value) for name, value in zip(columns, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    ]


def test_shares_and_difficulty_are_as_computed_by_hand() -> None:
    rows = [(score("a", 10),), (score("a", 5),), (score("a", 0),), (score("a", 0, status=Status.SKIPPED),)]
    (found,) = criterion_statistics(table(rows))
    assert (found.count, found.passed, found.partial, found.failed, found.skipped) == (4, 0.25, 0.25, 0.25, 0.25)
    assert found.difficulty == pytest.approx(0.375)
    assert found.max_points == 10


def test_discrimination_is_the_correlation_with_the_rest_without_the_item() -> None:
    a = [10, 10, 10, 10, 10, 0, 0, 0, 0, 0]
    b = [10, 10, 10, 10, 0, 10, 0, 0, 0, 0]
    c = [10, 10, 10, 0, 0, 0, 0, 0, 10, 0]
    found = {one.id: one for one in criterion_statistics(table(gradings(a=a, b=b, c=c)))}
    rest = np.array(b) + np.array(c)
    assert found["a"].discrimination == pytest.approx(np.corrcoef(a, rest)[0, 1])
    # the point-biserial formula, by hand
    mean_of_passed, mean_of_failed = (20 + 20 + 20 + 10 + 0) / 5, (10 + 0 + 0 + 10 + 0) / 5
    sd = math.sqrt(sum((value - rest.mean()) ** 2 for value in rest) / 10)
    assert found["a"].discrimination == pytest.approx((mean_of_passed - mean_of_failed) / sd * math.sqrt(0.25))
    assert found["a"].note is None


def test_bonus_is_compared_with_the_rest_but_is_no_part_of_it() -> None:
    a = [10.0, 10, 10, 10, 10, 0, 0, 0, 0, 0]
    rows = [(score("a", value), score("extra", 10 - value, bonus=True)) for value in a]
    found = {one.id: one for one in criterion_statistics(table(rows))}
    assert found["extra"].discrimination == pytest.approx(-1)
    assert found["a"].discrimination is None
    assert found["a"].note is not None
    assert "elsewhere" in found["a"].note.en


def test_upper_lower_index_compares_the_outer_27_percent() -> None:
    totals = np.arange(100, dtype=float)
    shares = (totals >= 80).astype(float)
    assert upper_lower(shares, totals) == pytest.approx(20 / 27)


def test_upper_lower_index_shares_the_places_left_among_equals() -> None:
    totals = np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    shares = np.array([1.0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    expected = (1 + 2 * (1 / 9)) / 3 - (1 / 9)
    assert upper_lower(shares, totals) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({"a": [10.0] * 12, "b": [10.0, 0] * 6}, "the same here"),
        ({"a": [10.0, 0] * 6, "b": [10.0] * 12}, "the same elsewhere"),
        ({"a": [10.0, 0] * 4, "b": [10.0, 0] * 4}, "Fewer than 10"),
        ({"a": [10.0, 0] * 6}, "the same elsewhere"),
    ],
)
def test_undefined_discrimination_says_why(columns: dict[str, list[float]], note: str) -> None:
    found = criterion_statistics(table(gradings(**columns)))[0]
    assert found.discrimination is None
    assert found.note is not None
    assert note in found.note.en
    assert found.note.ko


def test_equal_rests_in_binary_fractions_are_equal() -> None:
    rows = [(score("a", value, 0.3), score("b", 0.1, 0.1), score("c", 0.2, 0.2)) for value in [0.3, 0.1, 0.0] * 5]
    assert criterion_statistics(table(rows))[0].discrimination is None


def test_criterion_worth_nothing_has_no_difficulty() -> None:
    found = criterion_statistics(table([(score("a", 0, 0), score("b", 5))] * 12))
    assert found[0].difficulty is None
    assert found[0].upper_lower is None


def test_criterion_that_some_gradings_lack_counts_those_that_have_it() -> None:
    rows = [(score("old", 10),)] * 3 + [(score("old", 0), score("new", 10))] * 2
    found = {one.id: one for one in criterion_statistics(table(rows))}
    assert (found["old"].count, found["new"].count) == (5, 2)
    assert (found["old"].passed, found["new"].passed) == (0.6, 1.0)


def test_phi_of_a_four_fold_table_is_as_computed_by_hand() -> None:
    # both 20, only first 10, only second 5, neither 15
    assert phi(50, 20, 30, 25) == pytest.approx((20 * 15 - 10 * 5) / math.sqrt(30 * 20 * 25 * 25))


@pytest.mark.parametrize(("count", "both", "first", "second"), [(9, 3, 4, 5), (20, 0, 0, 5), (20, 5, 20, 5)])
def test_phi_without_variation_or_numbers_is_undefined(count: int, both: int, first: int, second: int) -> None:
    assert phi(count, both, first, second) is None


def test_co_failures_count_what_was_judged_only() -> None:
    rows = [
        *[(score("a", 0), score("b", 0))] * 4,
        *[(score("a", 5), score("b", 0))] * 2,
        *[(score("a", 10), score("b", 10))] * 6,
        *[(score("a", 0), score("b", 0, status=Status.SKIPPED))] * 3,
    ]
    (found,) = co_failures(table(rows))
    assert (found.first, found.second, found.judged, found.both) == ("a", "b", 12, 6)
    assert found.phi == pytest.approx(1.0)


def test_no_gradings_have_no_criteria() -> None:
    assert criterion_statistics(table([])) == ()
    assert co_failures(table([])) == ()


SCORES = st.lists(st.tuples(*[st.sampled_from([0.0, 2.5, 5.0, 10.0])] * 4), min_size=1, max_size=50)


@settings(max_examples=60)
@given(SCORES)
def test_all_figures_are_within_their_bounds(rows: list[tuple[float, ...]]) -> None:
    made = table([tuple(score(f"c{index}", value) for index, value in enumerate(row)) for row in rows])
    for one in criterion_statistics(made):
        assert one.passed + one.partial + one.failed + one.skipped == pytest.approx(1)
        assert one.difficulty is not None
        assert 0 <= one.difficulty <= 1
        assert (one.discrimination is None) == (one.note is not None)
        for value in (one.discrimination, one.upper_lower):
            assert value is None or -1 <= value <= 1
    for pair in co_failures(made):
        assert 0 <= pair.both <= pair.judged <= len(rows)
        assert pair.phi is None or -1 <= pair.phi <= 1


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=2, max_size=30), st.integers(1, 9))
def test_correlation_is_symmetric_and_keeps_under_scaling(pairs: list[tuple[int, int]], scale: int) -> None:
    one, other = (np.array(values, dtype=float) for values in zip(*pairs, strict=True))
    found = correlation(one, other)
    assert found == correlation(other, one)
    again = correlation(scale * one + 3, other)
    assert (found is None and again is None) or again == pytest.approx(found, abs=1e-9)
