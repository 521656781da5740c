"""What hidden images told about a model. Pure: numpy arrays in, frozen figures out."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Logits = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

CALIBRATION_BINS = 10
"""Few enough that each bin of a good model's 10,000 images still says something."""
ROUNDING = 1e-3
"""How far numbers that ought to be equal may differ after float32 sums."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a second pass over the same images strays from the main one.

    Attributes:
        deviation: largest difference of two logits of one image, relative to the spread of that image's logits
            (at least 1); 0.0 is bit-equal. Infinite where a logit is not finite.
        changed: images whose predicted class differs.
    """

    deviation: float
    changed: int


@dataclass(frozen=True, slots=True)
class SequenceUse:
    """How far the predictions rest on a sequence and on the state carried along it; all are shares in [0, 1].

    The swaps count pairs of images that are read as different digits; they are None where there is no recurrence to
    swap the state of.

    Attributes:
        halfway_swap: predictions that change when the partner's state is continued from halfway.
        late_input: predictions that still differ from the partner's then, thanks to what entered later.
        input_swap: predictions that become the partner's when what enters the recurrence step by step is the partner's.
        shuffled_rows: predictions that change when the rows of the images are shuffled.
        blanked_rows: predictions that change when the lower half of the images is blank.
    """

    halfway_swap: float | None
    late_input: float | None
    input_swap: float | None
    shuffled_rows: float
    blanked_rows: float


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Images that were predicted with about the same confidence.

    Attributes:
        images: how many.
        confidence: their mean, in [0, 1].
        accuracy: share of them classified right, in [0, 1].
    """

    images: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether a model is right as often as it is sure (C. Guo et al., "On Calibration of Modern Neural Networks", "
    "2017).

    Attributes:
        expected_error: mean distance of confidence and accuracy over the bins, each weighed by its images, in [0, 1].
        bins: of equal width, from unsure to sure; those without an image are left out.
    """

    expected_error: float
    bins: tuple[CalibrationBin, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """An image of the public share that was classified wrong.

    Attributes:
        position: its number among the test images, from 0.
        label, predicted: classes.
        confidence: how sure the model was of what it predicted, in [0, 1].
        png: the image.
    """

    position: int
    label: int
    predicted: int
    confidence: float
    png: bytes


@dataclass(frozen=True, slots=True)
class PublicShare:
    """What a model made of the test images that reports may show.

    Attributes:
        images: how many there are.
        wrong: how many of them were not classified right.
        mistakes: some of those, the surest first.
    """

    images: int
    wrong: int
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured on hidden images.

    Attributes:
        images: how many counted.
        correct: how many were right.
        non_finite: images with a logit that is not a finite number.
        confusion: (classes, classes) counts; rows are true classes, columns predicted ones.
        perturbed_accuracy: share right after the mission's perturbation, in [0, 1], estimated from some of the images;
            None where the mission has none.
        repeated: a second pass over the sample, same batches: 0.0 deviation for a deterministic model.
        by_batch_size: the sample again at each of the mission's batch sizes; None for a size that the exported
            model can't run at.
        reordered: the sample again with other companions in each batch: whether images influence each other.
        ablation_drop: per required op group, accuracy on the sample lost when images exchange what it gave.
        seconds: wall-clock seconds of the main pass.
        sequence: how far predictions rest on a sequence; None where the mission does not ask.
        calibration: whether it is right as often as it is sure; None where no image gave finite logits.
        probabilities: what it returns are no logits but numbers from 0 to 1 that add up to 1.
        constant: it returns the same numbers for every image.
        public_share: what it made of the images that reports may show; None where it was not asked.
    """

    images: int
    correct: int
    non_finite: int
    confusion: tuple[tuple[int, ...], ...]
    perturbed_accuracy: float | None
    repeated: Agreement
    by_batch_size: dict[int, Agreement | None]
    reordered: Agreement
    ablation_drop: dict[str, float]
    seconds: float
    sequence: SequenceUse | None = None
    calibration: Calibration | None = None
    probabilities: bool = False
    constant: bool = False
    public_share: PublicShare | None = None

    @property
    def accuracy(self) -> float:
        """Share of hidden images classified right, in [0, 1]."""
        return self.correct / self.images

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson score interval of the accuracy."""
        return wilson_interval(self.correct, self.images)

    @property
    def perturbation_drop(self) -> float:
        """Accuracy lost under the mission's perturbation; 0.0 where the mission has none."""
        return 0.0 if self.perturbed_accuracy is None else self.accuracy - self.perturbed_accuracy


def wilson_interval(correct: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson score interval of a share (E. B. Wilson, 1927); `z` 1.96 gives 95 %."""
    share = correct / total
    centre = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return (max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))


def agreement(first: Logits, second: Logits) -> Agreement:
    """Compares two passes over the same images, both (N, classes) in the same order."""
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        same = np.array_equal(first, second, equal_nan=True)
        return Agreement(deviation=0.0 if same else math.inf, changed=int((predict(first) != predict(second)).sum()))
    # In float32 the spread of logits near its end is infinite, and any difference nothing beside it.
    one, other = first.astype(np.float64), second.astype(np.float64)
    spread = np.maximum(np.ptp(one, axis=1), 1.0)
    deviation = float((np.abs(one - other).max(axis=1) / spread).max())
    return Agreement(deviation=deviation, changed=int((predict(first) != predict(second)).sum()))


def predict(logits: Logits) -> Labels:
    """Predicted class per image, (N,); -1, which no label equals, where a logit is not finite."""
    predicted: Labels = logits.argmax(axis=1).astype(np.int64)
    predicted[~np.isfinite(logits).all(axis=1)] = -1
    return predicted


def changed_share(before: Logits, after: Logits, among: npt.NDArray[np.bool_] | None = None) -> float:
    """Share of images whose predicted class differs, in [0, 1]; 0.0 of no images.

    Args:
        before, after: (N, classes), same images in the same order.
        among: (N,) which images count; None for all.
    """
    changed = predict(before) != predict(after)
    counted = changed if among is None else changed[among]
    return float(counted.mean()) if len(counted) else 0.0


def followed_share(leader: Logits, follower: Logits, among: npt.NDArray[np.bool_]) -> float:
    """Share of images that are read as the leader reads them, in [0, 1]; 0.0 of no images.

    Args:
        leader, follower: (N, classes), in the same order; logits that are not finite follow nobody.
        among: (N,) which images count.
    """
    led = predict(leader)
    followed = ((predict(follower) == led) & (led >= 0))[among]
    return float(followed.mean()) if len(followed) else 0.0


def accuracy(logits: Logits, labels: Labels) -> float:
    """Share of images classified right, in [0, 1]."""
    return float((predict(logits) == labels).mean())


def confusion(logits: Logits, labels: Labels, classes: int) -> tuple[tuple[int, ...], ...]:
    """Counts (classes, classes): rows are true classes, columns predicted ones; non-finite rows are left out."""
    predicted = predict(logits)
    kept = predicted >= 0
    counts = np.bincount(labels[kept] * classes + predicted[kept], minlength=classes * classes)
    return tuple(tuple(int(count) for count in row) for row in counts.reshape(classes, classes))


def are_probabilities(logits: Logits) -> bool:
    """Whether every row holds numbers from 0 to 1 that add up to 1, as a softmax gives; false of no rows."""
    if not len(logits) or not np.isfinite(logits).all():
        return False
    inside = logits.min() >= 0.0 and logits.max() <= 1.0 + ROUNDING
    return bool(inside and np.abs(logits.sum(axis=1) - 1.0).max() <= ROUNDING)


def is_constant(logits: Logits) -> bool:
    """Whether every image gives the same finite numbers, but for rounding; false of fewer than two images."""
    if len(logits) < 2 or not np.isfinite(logits).all():
        return False
    return float(np.ptp(logits, axis=0).max()) <= ROUNDING * max(1.0, float(np.abs(logits).max()))


def calibration(logits: Logits, labels: Labels, *, bins: int = CALIBRATION_BINS) -> Calibration | None:
    """Confidence against accuracy in bins of equal width; images without finite logits are left out.

    Args:
        logits: (N, classes); taken as they are where they are probabilities already.
        labels: (N,), same order.
    """
    kept = np.isfinite(logits).all(axis=1)
    if not kept.any():
        return None
    sure, right = confidence(logits[kept]), (predict(logits) == labels)[kept]
    places = np.minimum((sure * bins).astype(np.int64), bins - 1)
    found = []
    for place in range(bins):
        chosen = places == place
        if chosen.any():
            found.append(
                CalibrationBin(
                    images=int(chosen.sum()),
                    confidence=min(1.0, float(sure[chosen].mean())),
                    accuracy=float(right[chosen].mean()),
                )
            )
    error = sum(one.images * abs(one.confidence - one.accuracy) for one in found) / len(sure)
    return Calibration(expected_error=error, bins=tuple(found))


def confidence(logits: Logits) -> npt.NDArray[np.float64]:
    """Largest of each row's probabilities, (N,), in [0, 1].

    Args:
        logits: (N, classes), finite; taken as they are where they are probabilities already.
    """
    finite = logits.astype(np.float64)
    most: npt.NDArray[np.float64] = finite.max(axis=1)
    if are_probabilities(logits):
        return most.clip(max=1.0)
    # The maximum is taken off first, so that nothing overflows.
    largest: npt.NDArray[np.float64] = 1.0 / np.exp(finite - most[:, None]).sum(axis=1)
    return largest
