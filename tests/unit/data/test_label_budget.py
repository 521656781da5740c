"""Semi-supervised missions: only the labels of the draw may enter a sandbox."""

from pathlib import Path

import numpy as np
import pytest

from grader import data
from grader.data.label_budget import draw_labels, draw_of, write_budgeted
from grader.settings import Settings
from grader.spec import LabelBudgetSpec

BUDGET = LabelBudgetSpec(per_class=10, draws=(3, 14, 15), supervised_accuracy=(0.9, 0.91, 0.92))


def test_seed_chooses_a_draw_in_turn() -> None:
    assert [draw_of(BUDGET, seed) for seed in (0, 1, 2, 3, 7)] == [0, 1, 2, 0, 1]


def test_draw_takes_as_many_of_each_class_and_is_repeatable() -> None:
    labels = np.random.default_rng(0).integers(0, 10, 1000)
    chosen = draw_labels(labels, per_class=10, draw=3)
    assert np.bincount(labels[chosen]).tolist() == [10] * 10
    assert (np.diff(chosen) > 0).all()
    assert np.array_equal(chosen, draw_labels(labels, per_class=10, draw=3))
    assert not np.array_equal(chosen, draw_labels(labels, per_class=10, draw=14))


@pytest.mark.mnist
def test_folder_for_the_sandbox_holds_the_labels_of_the_draw_and_no_other(tmp_path: Path) -> None:
    pack = data.load("mnist", cache_dir=Settings().cache_dir)
    folder = write_budgeted(pack, tmp_path / "data", per_class=10, draw=3)
    assert sorted(path.name for path in folder.iterdir()) == [
        "labeled_images.npy",
        "labels.npy",
        "unlabeled_images.npy",
    ]
    labels = np.load(folder / "labels.npy", allow_pickle=False)
    unlabeled = np.load(folder / "unlabeled_images.npy", allow_pickle=False)
    assert np.bincount(labels).tolist() == [10] * 10
    chosen = draw_labels(np.asarray(pack.array("train", "labels")), per_class=10, draw=3)
    assert np.array_equal(np.load(folder / "labeled_images.npy"), pack.array("train", "images")[chosen])
    assert unlabeled.shape == (59_900, 1, 28, 28)
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in folder.iterdir())


@pytest.mark.mnist
def test_noise_keeps_each_images_brightness_and_nothing_of_its_shape(tmp_path: Path) -> None:
    pack = data.load("mnist", cache_dir=Settings().cache_dir)
    real, noise = (
        np.load(
            write_budgeted(pack, tmp_path / str(noisy), per_class=10, draw=3, noise=noisy) / "unlabeled_images.npy"
        )[:200].reshape(200, -1)
        for noisy in (False, True)
    )
    assert np.array_equal(np.sort(real, axis=1), np.sort(noise, axis=1))
    overlap = (np.minimum(real, noise) > 0).sum() / (real > 0).sum()
    assert overlap < 0.3
