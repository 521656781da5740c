"""The training data as the student gets it."""

import pickle
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import TensorDataset

from .batches import BATCHES_FOLDER, META_FILE, TRAIN_BATCHES, encode_batch


class TrainingData:
    """Training images and labels; images are read from their file when somebody looks at them.

    Args:
        folder: holds `images.npy`, uint8 (N, C, H, W), and `labels.npy`, whole numbers (N,); with a label budget
            `labeled_images.npy`, `labels.npy` and `unlabeled_images.npy` instead.
        valid_images: how many of the last images become the validation part.
        limit: use only this many images of each part; None for all.
    """

    def __init__(self, folder: Path, *, valid_images: int, limit: int | None = None) -> None:
        self._folder = folder
        self._valid_images = valid_images
        self._limit = limit

    def train_set(self) -> TensorDataset:
        """uint8 images (N, C, H, W) in [0, 255] and int64 labels (N,)."""
        images, labels = self._images("images"), self._labels()
        cut = len(images) - self._valid_images
        return TensorDataset(images[:cut][: self._limit], labels[:cut][: self._limit])

    def valid_set(self) -> TensorDataset:
        """Like `train_set`, disjoint from it."""
        images, labels = self._images("images"), self._labels()
        cut = len(images) - self._valid_images
        return TensorDataset(images[cut:][: self._limit], labels[cut:][: self._limit])

    def labeled_set(self) -> TensorDataset:
        """Like `train_set`: the images whose labels the mission gives."""
        return TensorDataset(self._images("labeled_images")[: self._limit], self._labels()[: self._limit])

    def unlabeled_images(self) -> torch.Tensor:
        """uint8 (N, C, H, W) in [0, 255]: all other training images."""
        return self._images("unlabeled_images")[: self._limit]

    def _images(self, name: str) -> torch.Tensor:
        # Copy on write: nobody waits for images that nobody looked at yet, and who writes has pages of their own.
        return torch.from_numpy(np.load(self._folder / f"{name}.npy", mmap_mode="c", allow_pickle=False))

    def _labels(self) -> torch.Tensor:
        return torch.from_numpy(np.load(self._folder / "labels.npy", allow_pickle=False).astype(np.int64))


def raw_folder(folder: Path, workdir: Path, limit: int | None) -> Path:
    """The folder that holds the data set's files as they are published: `cifar-10-batches-py/` with its batches.

    Args:
        folder: the training part of the data pack (trusted).
        workdir: where shortened copies may be written.
        limit: use only this many pictures in all; None for the files as they are.
    """
    source = folder / BATCHES_FOLDER
    if limit is None or not source.is_dir():
        return folder
    shortened = workdir / "data" / BATCHES_FOLDER
    shortened.mkdir(parents=True)
    count = max(1, limit // len(TRAIN_BATCHES))
    for name in TRAIN_BATCHES:
        with (source / name).open("rb") as file:
            batch = pickle.load(file, encoding="latin1")  # noqa: S301 (our own pack, in the sandbox)
        (shortened / name).write_bytes(
            encode_batch(
                batch["data"][:count].tobytes(),
                batch["labels"][:count],
                batch_label=batch["batch_label"],
                filenames=batch["filenames"][:count],
            )
        )
    (shortened / META_FILE).write_bytes((source / META_FILE).read_bytes())
    return shortened.parent
