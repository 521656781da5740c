"""The training data as the student gets it."""

from pathlib import Path

import numpy as np
import torch
from torch.utils.data import TensorDataset


class TrainingData:
    """Training images and labels, read once, split into training and validation part.

    Args:
        folder: holds `images.npy`, uint8 (N, C, H, W), and `labels.npy`, whole numbers (N,).
        valid_images: how many of the last images become the validation part.
        limit: use only this many training and validation images each; None for all.
    """

    def __init__(self, folder: Path, *, valid_images: int, limit: int | None = None) -> None:
        images = torch.from_numpy(np.load(folder / "images.npy", allow_pickle=False))
        labels = torch.from_numpy(np.load(folder / "labels.npy", allow_pickle=False).astype(np.int64))
        cut = len(images) - valid_images
        self._train = (images[:cut][:limit], labels[:cut][:limit])
        self._valid = (images[cut:][:limit], labels[cut:][:limit])

    def train_set(self) -> TensorDataset:
        """uint8 images (N, C, H, W) in [0, 255] and int64 labels (N,)."""
        return TensorDataset(*self._train)

    def valid_set(self) -> TensorDataset:
        """Like `train_set`, disjoint from it."""
        return TensorDataset(*self._valid)
