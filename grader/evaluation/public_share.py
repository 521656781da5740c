"""The public share: the few test images that a report may show, the same for everybody, and what a model says of them.

What is found out here depends on the model and these images alone: no report tells of any other image in this way
(`tests/adversarial/test_public_share.py`).
"""

import hashlib
from functools import cache

import numpy as np
import numpy.typing as npt

from grader.evaluation.measures import Labels, Logits, Mistake, PublicShare, confidence, predict
from grader.png import encode_png

ONE_IN = 20
"""One test image in so many is public: 500 of 10,000. Knowing them by heart adds at most a twentieth of the errors."""
MOST_SHOWN = 12
"""Mistakes that a report shows."""
DECIMALS = 4
"""Of a confidence: float32 sums differ between machines in the seventh."""


@cache
def public_positions(count: int) -> npt.NDArray[np.int64]:
    """Positions of the public images among `count` test images, ascending.

    They are those whose number, written in decimal, has the smallest SHA-256. No student, seed, course or data pack
    changes that, so that together all reports there will ever be show these and no others.

    Returns:
        Read-only: all gradings of a process share it.
    """
    ranked = sorted(range(count), key=lambda position: hashlib.sha256(str(position).encode()).digest())
    positions = np.array(sorted(ranked[: max(1, count // ONE_IN)]), dtype=np.int64)
    positions.flags.writeable = False
    return positions


def public_share(
    logits: Logits, labels: Labels, *, positions: npt.NDArray[np.int64], images: npt.NDArray[np.uint8]
) -> PublicShare:
    """What a model got wrong there, the surest mistakes first.

    Args:
        logits: (P, classes), of the public images; where one is not finite, the image counts as wrong and is not shown.
        labels: (P,), same order.
        positions: (P,), of these images in `images`.
        images: uint8 (N, C, H, W), all test images as the data pack has them: no pixel comes out of a sandbox.
    """
    predicted = predict(logits)
    wrong = predicted != labels
    rows = np.flatnonzero(wrong & (predicted >= 0))
    sure = dict(zip(rows.tolist(), np.round(confidence(logits[rows]), DECIMALS).tolist(), strict=True))
    shown = sorted(sure, key=lambda row: (-sure[row], row))[:MOST_SHOWN]
    return PublicShare(
        images=len(labels),
        wrong=int(wrong.sum()),
        mistakes=tuple(
            Mistake(
                position=int(positions[row]),
                label=int(labels[row]),
                predicted=int(predicted[row]),
                confidence=sure[row],
                png=encode_png(np.asarray(images[positions[row]])),
            )
            for row in shown
        ),
    )
