"""Makes what the probes are given, anew for every submission; runs on the trusted side only."""

from typing import Any

import numpy as np
import numpy.typing as npt

DIGITS = 400
FEW = 64
TRAIN, VALID = 1024, 256

Array = npt.NDArray[Any]
Inputs = tuple[dict[str, Any], dict[str, Any]]


def pipeline(random: np.random.Generator, train_images: Array, train_labels: Array) -> Inputs:
    """400 training digits, 40 of each class, and two seeds; the labels stay here."""
    chosen = np.concatenate([random.choice(np.flatnonzero(train_labels == c), DIGITS // 10, False) for c in range(10)])
    random.shuffle(chosen)
    digits = train_images[chosen, 0]
    seed, other_seed = (int(seed) for seed in random.choice(2**31, 2, replace=False))
    sent = {"digits": digits, "few": digits[:FEW], "seed": seed, "other_seed": other_seed}
    return sent, {"labels": train_labels[chosen].astype(np.int64)}


def usage(random: np.random.Generator, train_images: Array, train_labels: Array) -> Inputs:
    """1,024 digits to train on and 256 to validate with, no two alike."""
    drawn = random.permutation(len(train_images))[: 2 * (TRAIN + VALID)]
    _, first = np.unique(train_images[drawn].reshape(len(drawn), -1), axis=0, return_index=True)
    chosen = drawn[np.sort(first)][: TRAIN + VALID]
    images, labels = train_images[chosen], train_labels[chosen].astype(np.int64)
    sent = {
        "train_images": images[:TRAIN],
        "train_labels": labels[:TRAIN],
        "valid_images": images[TRAIN:],
        "valid_labels": labels[TRAIN:],
        "seed": int(random.integers(2**31)),
    }
    return sent, {}
