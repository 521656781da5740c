"""Training data as `train` gets it: parts of one file that can be written to without changing anything but oneself."""

from pathlib import Path

import numpy as np
import pytest
import torch

from grader.runner.datasets import TrainingData


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    images = np.random.default_rng(0).integers(0, 256, (10, 1, 4, 4), dtype=np.uint8)
    for name, array in {"images": images, "labels": np.arange(10, dtype=np.uint8)}.items():
        np.save(tmp_path / f"{name}.npy", array)
        (tmp_path / f"{name}.npy").chmod(0o444)
    return tmp_path


def test_parts_are_disjoint_and_cover_the_file(folder: Path) -> None:
    data = TrainingData(folder, valid_images=3)
    (train, train_labels), (valid, valid_labels) = data.train_set().tensors, data.valid_set().tensors
    assert torch.equal(torch.cat([train_labels, valid_labels]), torch.arange(10))
    assert np.array_equal(torch.cat([train, valid]).numpy(), np.load(folder / "images.npy"))
    assert (train.dtype, train_labels.dtype) == (torch.uint8, torch.int64)


def test_who_writes_to_images_changes_neither_the_file_nor_another_part(folder: Path) -> None:
    before = (folder / "images.npy").read_bytes()
    data = TrainingData(folder, valid_images=3)
    train, valid = data.train_set().tensors[0], data.valid_set().tensors[0].clone()
    train.zero_()
    assert not train.any()
    assert torch.equal(data.valid_set().tensors[0], valid)
    assert data.train_set().tensors[0].any()
    assert (folder / "images.npy").read_bytes() == before
