"""Logits and labels, joined."""

import math

import numpy as np
import pytest

from grader.evaluation.answers import Answers, Asked
from grader.evaluation.hidden_images import shuffle_images
from grader.evaluation.joining import _measure, _take_from_main
from tests.unit.evaluation.messages import answers, logits_message
from tests.unit.specs import small_spec


def answers_with(main: np.ndarray, *, recurrence: bool = False) -> Answers:
    found = answers(len(main), recurrence=recurrence)
    for name in ("main", "repeated", "reordered", "batch_1", "batch_7"):
        found.take(logits_message(name, main))
    return found


def test_measures_join_logits_with_labels() -> None:
    labels = np.arange(10).repeat(2)
    logits = np.eye(10, dtype=np.float32)[labels] * 5
    logits[0] = np.eye(10)[3]
    result = _measure(answers_with(logits), labels)
    assert (result.correct, result.images, result.non_finite) == (19, 20, 0)
    assert result.confusion[0][3] == 1
    assert result.repeated.deviation == 0.0
    assert result.by_batch_size[1000] is None
    assert result.perturbed_accuracy is None
    assert result.calibration is not None
    assert sum(one.images for one in result.calibration.bins) == 20
    assert (result.probabilities, result.constant) == (False, False)


def test_passes_that_were_not_run_are_the_main_one() -> None:
    """Logits that name their image: the public ones must be those of the public images, whatever the order."""
    images = np.zeros((60, 1, 2, 2), dtype=np.uint8)
    hidden = shuffle_images(images, np.arange(60) % 10, name="images", salt="salt")
    number = hidden.kept_order[hidden.order]
    main = np.eye(10, dtype=np.float32)[hidden.labels] + number[:, None].astype(np.float32) / 100
    asked = Asked(small_spec(), images=60, public=len(hidden.public))
    found = Answers(asked, passes={"main": main}, seconds={"main": 0.1})
    _take_from_main(found, hidden)
    assert found.passes["public"].tolist() == [
        pytest.approx((np.eye(10)[label] + position / 100).tolist())
        for position, label in zip(hidden.public, hidden.public_labels, strict=True)
    ]
    result = _measure(found, hidden.labels)
    agreements = [result.repeated, result.reordered, *result.by_batch_size.values()]
    assert len(agreements) == 2 + len(small_spec().evaluation.batch_sizes)
    assert {(one.deviation, one.changed) for one in agreements if one is not None} == {(0.0, 0)}
    assert None not in agreements


@pytest.mark.parametrize(("wrong_when_perturbed", "expected"), [(0, 0.75), (5, 0.25), (10, 0.0)])
def test_perturbed_accuracy_is_the_accuracy_less_what_the_same_images_lose(
    wrong_when_perturbed: int, expected: float
) -> None:
    labels = np.zeros(20, dtype=np.int64)
    right, wrong = np.eye(10)[0], np.eye(10)[1]
    found = answers_with(np.stack([right] * 15 + [wrong] * 5))
    found.asked = Asked(small_spec(evaluation={"bar": 0.9, "perturbation": {"shift_pixels": 1}}), images=20, public=1)
    perturbed = np.stack([wrong] * wrong_when_perturbed + [right] * (10 - wrong_when_perturbed))
    found.take(logits_message("perturbed", perturbed))
    assert _measure(found, labels).perturbed_accuracy == pytest.approx(expected)


def test_non_finite_logits_are_counted_and_no_crash() -> None:
    logits = np.zeros((20, 10), dtype=np.float32)
    logits[3, 2] = math.nan
    result = _measure(answers_with(logits), np.zeros(20, dtype=np.int64))
    assert (result.non_finite, result.correct) == (1, 19)


def sequence_answers(**passes: np.ndarray) -> Answers:
    labels = np.arange(10).repeat(2)
    main = np.eye(10, dtype=np.float32)[labels]
    found = answers_with(main, recurrence=True)
    for name, logits in {"rows_shuffled": main[::-1], "rows_blanked": main, **passes}.items():
        found.take(logits_message(name, logits))
    return found


def test_sequence_use_counts_pairs_read_as_different_digits() -> None:
    labels = np.arange(10).repeat(2)
    main = np.eye(10, dtype=np.float32)[labels]
    partner = main.copy()
    partner[:10] = main[10:]
    halfway = main.copy()
    halfway[:5] = partner[:5]
    found = sequence_answers(swap_partner=partner, swap_halfway=halfway, swap_inputs=partner)
    use = _measure(found, labels).sequence
    assert use is not None
    assert (use.halfway_swap, use.late_input, use.input_swap) == (0.5, 0.5, 1.0)
    assert (use.shuffled_rows, use.blanked_rows) == (1.0, 0.0)


def test_sequence_without_a_swap_says_so() -> None:
    use = _measure(sequence_answers(), np.arange(10).repeat(2)).sequence
    assert use is not None
    assert (use.halfway_swap, use.late_input, use.input_swap) == (None, None, None)


def test_swaps_of_unequal_lengths_are_not_believed() -> None:
    rows = np.eye(10, dtype=np.float32)
    found = sequence_answers(swap_partner=rows, swap_halfway=rows[:4], swap_inputs=rows)
    use = _measure(found, np.arange(10).repeat(2)).sequence
    assert use is not None
    assert use.input_swap is None
