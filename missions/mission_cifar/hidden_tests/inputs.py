"""Makes the batch files that the probes hand to a submission: random pixels, random labels, random sizes.

They exist for one grading only, so nothing about them can be known beforehand. What the pictures and labels are stays
on this side.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from grader.runner.batches import META_FILE, TEST_BATCH, TRAIN_BATCHES, encode_batch, encode_meta

Array = npt.NDArray[Any]
Inputs = tuple[dict[str, Any], dict[str, Any]]
CLASS_NAMES = tuple(f"class_{number}" for number in range(10))


def items(random: np.random.Generator, train_images: Array, train_labels: Array) -> Inputs:
    """A folder, and what a dataset over it must give."""
    return _folder(random)


def transform(random: np.random.Generator, train_images: Array, train_labels: Array) -> Inputs:
    """A folder, and positions to ask for, one of them twice."""
    sent, kept = _folder(random)
    count = len(kept["train_labels"])
    first, second = random.choice(count - 1, 2, replace=False).tolist()
    return sent | {"positions": [first, second, first, count - 1]}, kept


def indexing(random: np.random.Generator, train_images: Array, train_labels: Array) -> Inputs:
    """A folder, and how many training pictures it holds."""
    sent, kept = _folder(random)
    return sent | {"count": len(kept["train_labels"])}, kept


def split(random: np.random.Generator, train_images: Array, train_labels: Array) -> Inputs:
    """A folder whose two parts differ in size and labels."""
    return _folder(random)


def broken_batch(random: np.random.Generator, train_images: Array, train_labels: Array) -> Inputs:
    """A folder, and which of its files the probe damages in which way."""
    sent, kept = _folder(random)
    names = [TRAIN_BATCHES[position] for position in random.choice(len(TRAIN_BATCHES), 3, replace=False)]
    damage = dict(zip(("truncated", "missing", "garbage"), names, strict=True))
    return sent | {"damage": damage}, kept | {"damage": damage}


def workers(random: np.random.Generator, train_images: Array, train_labels: Array) -> Inputs:
    """A folder to read with several workers."""
    return _folder(random)


def loader(random: np.random.Generator, train_images: Array, train_labels: Array) -> Inputs:
    """A folder to load in batches."""
    return _folder(random)


def _folder(random: np.random.Generator) -> Inputs:
    """Files as uint8 arrays of their bytes; pictures uint8 (N, 32, 32, 3) and labels int64 (N,) of both parts."""
    sizes = random.choice(np.arange(8, 17), len(TRAIN_BATCHES), replace=False).tolist()
    sent: dict[str, Any] = {"file_" + META_FILE: _bytes(encode_meta(CLASS_NAMES, cases_per_batch=sizes[0]))}
    train: list[tuple[Array, Array]] = []
    for number, (name, size) in enumerate(zip(TRAIN_BATCHES, sizes, strict=True), 1):
        file, images, labels = _batch(random, size, f"training batch {number} of {len(TRAIN_BATCHES)}")
        sent["file_" + name] = file
        train.append((images, labels))
    file, test_images, test_labels = _batch(random, int(random.integers(20, 30)), "testing batch 1 of 1")
    sent["file_" + TEST_BATCH] = file
    kept = {
        "train_images": np.concatenate([images for images, _ in train]),
        "train_labels": np.concatenate([labels for _, labels in train]),
        "test_images": test_images,
        "test_labels": test_labels,
    }
    return sent, kept


def _batch(random: np.random.Generator, size: int, batch_label: str) -> tuple[Array, Array, Array]:
    """One batch file, its pictures in the order (N, 32, 32, 3), and its labels."""
    planes = random.integers(0, 256, (size, 3, 32, 32), dtype=np.uint8)
    labels = random.integers(0, 10, size)
    names = [f"{CLASS_NAMES[label]}_s_{position:06d}.png" for position, label in enumerate(labels.tolist())]
    file = encode_batch(planes.tobytes(), labels.tolist(), batch_label=batch_label, filenames=names)
    return _bytes(file), np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels


def _bytes(content: bytes) -> Array:
    return np.frombuffer(content, dtype=np.uint8)
