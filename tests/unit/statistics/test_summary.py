"""Points and usage, by hand and by property."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.statistics.summary import distribution, spread

POINTS = st.lists(st.floats(0, 110, allow_nan=False), min_size=1, max_size=60)


def test_distribution_of_five_marks_is_as_computed_by_hand() -> None:
    found = distribution([10, 50, 60, 80, 100], 100)
    assert found is not None
    assert (found.count, found.mean, found.median) == (5, 60, 60)
    assert (found.lower_quartile, found.upper_quartile) == (50, 80)
    assert (found.minimum, found.maximum) == (10, 100)
    assert found.sd == pytest.approx(math.sqrt((2500 + 100 + 0 + 400 + 1600) / 4))
    assert [each.count for each in found.bins] == [0, 1, 0, 0, 0, 1, 1, 0, 1, 1]
    assert (found.bins[1].low, found.bins[1].high) == (10, 20)


def test_quartiles_between_marks_are_interpolated() -> None:
    found = distribution([0, 10, 20, 40], 40)
    assert found is not None
    assert (found.lower_quartile, found.median, found.upper_quartile) == (7.5, 15, 25)


def test_single_mark_has_no_standard_deviation() -> None:
    found = distribution([7], 10)
    assert found is not None
    assert found.sd is None
    assert (found.lower_quartile, found.median, found.upper_quartile) == (7, 7, 7)


def test_no_marks_have_no_distribution() -> None:
    assert distribution([], 100) is None
    assert spread([]) is None


def test_bonus_points_stretch_the_histogram() -> None:
    found = distribution([50, 120], 100)
    assert found is not None
    assert found.bins[-1].high == 120
    assert found.bins[-1].count == 1


def test_mission_without_points_has_a_histogram_all_the_same() -> None:
    found = distribution([0, 0], 0)
    assert found is not None
    assert sum(each.count for each in found.bins) == 2


def test_spread_is_median_ninth_decile_and_maximum() -> None:
    found = spread([float(value) for value in range(101)])
    assert found is not None
    assert (found.count, found.median, found.p90, found.maximum) == (101, 50, 90, 100)


@given(POINTS)
def test_figures_are_in_order_and_all_marks_are_counted(points: list[float]) -> None:
    found = distribution(points, 100)
    assert found is not None
    ordered = [found.minimum, found.lower_quartile, found.median, found.upper_quartile, found.maximum]
    assert ordered == sorted(ordered)
    assert found.minimum <= found.mean <= found.maximum
    assert sum(each.count for each in found.bins) == len(points)
    assert (
        found.sd is None
        or 0 <= found.sd <= (found.maximum - found.minimum) * math.sqrt(2) / 2 + 1e-9
        or len(points) > 2
    )


@given(POINTS, st.randoms(use_true_random=False))
def test_order_of_marks_changes_nothing(points: list[float], random: object) -> None:
    shuffled = points.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert distribution(shuffled, 100) == distribution(points, 100)
