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


def test_agreement_sees_differences_of_logits_near_the_end_of_float32() -> None:
    """Their spread in float32 would be infinite, and any difference nothing beside it."""
    first = np.array([[-3.3e38, 0, 3.3e38]], dtype=np.float32)
    second = np.array([[-3.3e38, 3e38, 3.3e38]], dtype=np.float32)
    assert measures.agreement(first, second).deviation == pytest.approx(3 / 6.6)


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


def two_class_logits(confidences: list[float]) -> np.ndarray:
    """Logits of two classes whose softmax gives class 0 these probabilities."""
    return np.array([[math.log(share / (1 - share)), 0.0] for share in confidences], dtype=np.float32)


def test_calibration_error_is_the_one_counted_by_hand() -> None:
    logits = two_class_logits([0.95, 0.95, 0.95, 0.95, 0.75, 0.75])
    labels = np.array([0, 0, 0, 1, 0, 1])
    found = measures.calibration(logits, labels)
    assert found is not None
    assert [(one.images, round(one.confidence, 3), round(one.accuracy, 3)) for one in found.bins] == [
        (2, 0.75, 0.5),
        (4, 0.95, 0.75),
    ]
    assert found.expected_error == pytest.approx((2 * 0.25 + 4 * 0.2) / 6, abs=1e-4)


def test_sure_and_right_model_is_calibrated() -> None:
    found = measures.calibration(np.array([[1e30, -1e30], [0, 900]], dtype=np.float32), np.array([0, 1]))
    assert found is not None
    assert (found.expected_error, found.bins[0].confidence) == (0.0, 1.0)


def test_calibration_leaves_out_images_without_finite_logits() -> None:
    logits = np.array([[np.nan, 1], [0, np.inf]], dtype=np.float32)
    assert measures.calibration(logits, np.array([0, 1])) is None
    some = measures.calibration(np.vstack([logits, two_class_logits([0.9])]), np.array([0, 1, 0]))
    assert some is not None
    assert sum(one.images for one in some.bins) == 1


def test_probabilities_are_taken_as_they_are() -> None:
    logits = np.array([[0.95, 0.05], [0.2, 0.8]], dtype=np.float32)
    assert measures.are_probabilities(logits)
    found = measures.calibration(logits, np.array([0, 1]))
    assert found is not None
    assert [round(one.confidence, 3) for one in found.bins] == [0.8, 0.95]


@pytest.mark.parametrize("logits", [[[0.9, 0.2]], [[1.5, -0.5]], [[np.nan, 1.0]], [[5.0, 1.0]]])
def test_other_numbers_are_no_probabilities(logits: list[list[float]]) -> None:
    assert not measures.are_probabilities(np.array(logits, dtype=np.float32))


def test_constant_output_is_told_from_one_that_hardly_varies() -> None:
    assert measures.is_constant(np.tile(np.array([[3.0, -1.0]], dtype=np.float32), (5, 1)))
    assert not measures.is_constant(np.array([[3.0, -1.0], [3.1, -1.0]], dtype=np.float32))
    assert not measures.is_constant(np.array([[3.0, -1.0]], dtype=np.float32))
    assert not measures.is_constant(np.full((3, 2), np.nan, dtype=np.float32))
