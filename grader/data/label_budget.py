"""Training data of a semi-supervised mission: a few labels, all other images without."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from grader.data.packs import DataPack

if TYPE_CHECKING:  # pydantic, which `import grader.data` does without
    from grader.spec import LabelBudgetSpec


def draw_of(budget: "LabelBudgetSpec", seed: int) -> int:
    """Position, in the spec's lists, of the draw that a run with this seed gets."""
    return seed % len(budget.draws)


def draw_labels(labels: npt.NDArray[np.int64], *, per_class: int, draw: int) -> npt.NDArray[np.int64]:
    """Positions, ascending, of the images whose labels are given.

    Args:
        labels: int64 (N,), of all training images.
        per_class: how many of each class.
        draw: seed of the draw.
    """
    random = np.random.default_rng(draw)
    chosen = [random.permutation(np.flatnonzero(labels == name))[:per_class] for name in np.unique(labels)]
    return np.sort(np.concatenate(chosen))


def write_budgeted(pack: DataPack, folder: Path, *, per_class: int, draw: int, noise: bool = False) -> Path:
    """Writes what the sandbox may see: `labeled_images.npy`, `labels.npy`, `unlabeled_images.npy`; no other label.

    Args:
        folder: made here; readable by all, as sandboxes need it.
        noise: the pixels of each unlabelled image are shuffled, each image in its own way: same brightness, no digit.

    Returns:
        `folder`.
    """
    images, labels = np.asarray(pack.array("train", "images")), np.asarray(pack.array("train", "labels"))
    chosen = draw_labels(labels, per_class=per_class, draw=draw)
    unlabeled = np.delete(images, chosen, axis=0)
    if noise:
        flat = unlabeled.reshape(len(unlabeled), -1)
        unlabeled = np.random.default_rng(draw).permuted(flat, axis=1).reshape(unlabeled.shape)
    folder.mkdir(mode=0o755)
    for name, array in (
        ("labeled_images", images[chosen]),
        ("labels", labels[chosen]),
        ("unlabeled_images", unlabeled),
    ):
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
        (folder / f"{name}.npy").chmod(0o644)
    return folder
