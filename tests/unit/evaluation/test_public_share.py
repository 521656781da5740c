"""Which test images are public, and which of a model's mistakes on them are chosen."""

import math

import numpy as np
import pytest

from grader.evaluation.measures import PublicShare
from grader.evaluation.public_share import MOST_SHOWN, public_positions, public_share
from grader.png import encode_png

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 1, 4, 4), dtype=np.uint8)
POSITIONS = np.arange(1, 40, 2)
LABELS = np.zeros(20, dtype=np.int64)


def logits(*rows: tuple[int, float]) -> np.ndarray:
    """All right, but for these rows: sure by that much of class 1."""
    found = np.tile(np.array([5, 0, 0], dtype=np.float32), (20, 1))
    for row, margin in rows:
        found[row] = (0, margin, 0)
    return found


def shared(values: np.ndarray) -> PublicShare:
    return public_share(values, LABELS, positions=POSITIONS, images=IMAGES)


def test_public_images_are_the_same_500_for_ever() -> None:
    """Another rule would publish other images beside these."""
    positions = public_positions(10_000)
    assert len(set(positions.tolist())) == 500
    assert positions[:6].tolist() == [39, 51, 55, 146, 149, 152]
    assert (int(positions[-1]), int(positions.sum())) == (9982, 2_500_427)


@pytest.mark.parametrize(("count", "public"), [(1, 1), (39, 1), (40, 2), (256, 12), (9_999, 499)])
def test_one_image_in_twenty_is_public_and_at_least_one(count: int, public: int) -> None:
    positions = public_positions(count)
    assert len(positions) == public
    assert (positions < count).all()
    assert sorted(positions.tolist()) == positions.tolist()


def test_positions_that_gradings_share_can_not_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        public_positions(40)[0] = 0


def test_public_images_are_spread_over_the_whole_set() -> None:
    by_part = np.histogram(public_positions(10_000), bins=10, range=(0, 10_000))[0]
    assert by_part.min() >= 30


def test_mistakes_come_surest_first_with_the_pixels_of_their_position() -> None:
    share = shared(logits((2, 1.0), (7, 3.0), (11, 2.0)))
    assert (share.images, share.wrong) == (20, 3)
    assert [one.position for one in share.mistakes] == [15, 23, 5]
    assert {(one.label, one.predicted) for one in share.mistakes} == {(0, 1)}
    assert share.mistakes[0].confidence == pytest.approx(math.exp(3) / (math.exp(3) + 2), abs=1e-4)
    assert [one.png for one in share.mistakes] == [encode_png(IMAGES[position]) for position in (15, 23, 5)]


def test_equally_sure_mistakes_come_in_the_order_of_the_test_set_and_only_so_many() -> None:
    share = shared(logits(*((row, 2.0) for row in reversed(range(20)))))
    assert share.wrong == 20
    assert [one.position for one in share.mistakes] == POSITIONS[:MOST_SHOWN].tolist()


def test_noise_of_the_last_bits_changes_nothing() -> None:
    wrong = logits(*((row, 2.0) for row in range(20)))
    noise = np.random.default_rng(1).normal(0, 1e-6, wrong.shape).astype(np.float32)
    assert shared(wrong + noise) == shared(wrong)


def test_images_without_finite_logits_are_wrong_and_not_shown() -> None:
    values = logits((3, 1.0))
    values[5, 2], values[6] = math.nan, math.inf
    share = shared(values)
    assert share.wrong == 3
    assert [one.position for one in share.mistakes] == [7]
    assert shared(np.full((20, 3), math.nan, dtype=np.float32)).mistakes == ()


def test_model_that_is_always_right_shows_nothing() -> None:
    assert shared(logits()) == PublicShare(images=20, wrong=0, mistakes=())


def test_confidence_of_probabilities_is_taken_as_it_is() -> None:
    values = np.tile(np.array([1, 0, 0], dtype=np.float32), (20, 1))
    values[4] = (0.1, 0.9, 0.0)
    assert shared(values).mistakes[0].confidence == pytest.approx(0.9)
