"""Test images in an order that only this side knows, and the labels that go with it and stay here."""

import hashlib
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.evaluation.measures import Labels
from grader.evaluation.public_share import public_positions


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenImages:
    """Test images in a fresh random order, and the labels that go with it and never leave this side.

    Programs keep the images from one job to the next, in an order that stands for all jobs and that only this side
    knows; each job says in which order it takes them from there.

    Attributes:
        name: tells these images from all others.
        images: uint8 (N, C, H, W), as the data pack has them.
        kept_order: int64 (N,): rows of `images`, in the order in which programs keep them.
        order: int32 (N,): rows of the kept images, in this job's order.
        labels: int64 (N,), in this job's order.
        public: int64 (P,): rows of `images` that reports may show.
        public_order: int32 (P,): the same as rows of the kept images.
        public_labels: int64 (P,), same order.
    """

    name: str
    images: npt.NDArray[np.uint8]
    kept_order: npt.NDArray[np.int64]
    order: npt.NDArray[np.int32]
    labels: Labels
    public: npt.NDArray[np.int64]
    public_order: npt.NDArray[np.int32]
    public_labels: Labels

    def to_keep(self) -> bytes:
        """The images as programs keep them, in the form of a `.npy` file."""
        return npy(self.images[self.kept_order])


def shuffle_images(images: npt.NDArray[np.uint8], labels: npt.NDArray[Any], *, name: str, salt: str) -> HiddenImages:
    """The images in an order that only the labels tell, with the labels in that order.

    The order is drawn from a hash of the labels and `salt`: who has no labels can't know it, and the same grading
    draws the same order, so that it gives the same score.
    """
    secret = np.ascontiguousarray(labels, dtype="<i8").tobytes()
    kept_order = _permutation(name.encode() + b"\0kept\0" + secret, len(images))
    order = _permutation(salt.encode() + secret, len(images))
    place = np.empty(len(images), dtype=np.int32)
    place[kept_order] = np.arange(len(images), dtype=np.int32)
    public = public_positions(len(images))
    return HiddenImages(
        name=name,
        images=images,
        kept_order=kept_order,
        order=place[order],
        labels=labels[order].astype(np.int64),
        public=public,
        public_order=place[public],
        public_labels=labels[public].astype(np.int64),
    )


def _permutation(secret: bytes, count: int) -> npt.NDArray[np.int64]:
    key = hashlib.sha256(secret).digest()
    return np.random.default_rng(int.from_bytes(key, "big")).permutation(count)


def npy(array: npt.NDArray[Any]) -> bytes:
    """The array in the form of a `.npy` file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()
