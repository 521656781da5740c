"""Figures from logits and labels."""

import math

import numpy as np
import pytest

from grader.evaluation import measures


def test_wilson_interval_of_9900_of_10000_has_the_published_bounds() -> None:
    low, high = measures.wilson_interval(9900, 10_000)
    assert (round(low, 4), round(high, 4)) == (0.9879, 0.9918)


@pytest.mark.parametrize(("correct", "total"), [(0, 10), (10, 10)])
def test_wilson_interval_stays_within_0_and_1(correct: int, total: int) -> None:
    low, high = measures.wilson_interval(correct, total)
    assert 0.0 <= low < high <= 1.0
    assert low - 1e-9 <= correct / total <= high + 1e-9


def test_accuracy_counts_non_finite_logits_as_wrong() -> None:
    logits = np.array([[1, 0], [np.nan, 1], [0, np.inf], [0, 1]], dtype=np.float32)
    assert measures.accuracy(logits, np.array([0, 1, 1, 1])) == 0.5


def test_confusion_has_true_classes_as_rows_and_leaves_out_non_finite_ones() -> None:
    logits = np.array([[1, 0], [1, 0], [0, 1], [np.nan, 1]], dtype=np.float32)
    assert measures.confusion(logits, np.array([0, 1, 1, 1]), 2) == ((1, 0), (1, 1))


def test_agreement_is_relative_to_the_spread_of_an_images_logits() -> None:
    first = np.array([[0, 100], [0, 0.5]], dtype=np.float32)
    second = first + np.array([[0, 1], [0, 0]], dtype=np.float32)
    result = measures.agreement(first, second)
    assert (round(result.deviation, 6), result.changed) == (0.01, 0)


def test_agreement_counts_changed_predictions() -> None:
    first = np.array([[0, 1], [1, 0]], dtype=np.float32)
    assert measures.agreement(first, first[:, ::-1]).changed == 2


def test_agreement_with_nan_on_one_side_is_infinite() -> None:
    first = np.zeros((1, 2), dtype=np.float32)
    second = np.array([[0, np.nan]], dtype=np.float32)
    assert measures.agreement(first, second).deviation == math.inf


def test_agreement_of_equal_nans_is_exact() -> None:
    logits = np.array([[0, np.nan]], dtype=np.float32)
    assert measures.agreement(logits, logits).deviation == 0.0


def test_changed_share_counts_the_images_asked_for() -> None:
    before = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.float32)
    after = np.array([[0, 1], [1, 0], [0, 1], [1, 0]], dtype=np.float32)
    assert measures.changed_share(before, after) == 0.5
    assert measures.changed_share(before, after, np.array([True, False, False, True])) == 1.0
    assert measures.changed_share(before, after, np.zeros(4, dtype=bool)) == 0.0
