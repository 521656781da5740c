"""Label-preserving changes to images."""

import pytest
import torch

from grader.evaluation.perturbation import perturb


def bar() -> torch.Tensor:
    images = torch.zeros(64, 1, 28, 28)
    images[:, :, 4:24, 13:15] = 1.0
    return images


def changed(rotation: float = 0, noise: float = 0, shift: int = 0, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return perturb(bar(), rotation_degrees=rotation, noise_grey_levels=noise, shift_pixels=shift, generator=generator)


def test_no_perturbation_changes_nothing() -> None:
    assert torch.allclose(changed(), bar(), atol=1e-5)


def test_same_seed_gives_the_same_images() -> None:
    assert torch.equal(changed(5, 8, 2, seed=3), changed(5, 8, 2, seed=3))
    assert not torch.equal(changed(5, 8, 2, seed=3), changed(5, 8, 2, seed=4))


def test_shift_moves_by_whole_pixels() -> None:
    moved = changed(shift=2)
    columns = moved.mean(dim=(1, 2)).argmax(dim=1)
    assert set(columns.tolist()) <= set(range(11, 17))
    assert len(set(columns.tolist())) > 2
    assert torch.allclose(moved.amax(dim=(1, 2, 3)), torch.ones(64), atol=1e-4)


def test_rotation_stays_within_its_angle() -> None:
    rotated = changed(rotation=5)
    top = rotated[:, 0, 5].argmax(dim=1).float()
    bottom = rotated[:, 0, 22].argmax(dim=1).float()
    # 17 rows apart: 5 degrees move the bar's ends by at most 17 * tan(5°) = 1.5 pixels.
    assert (top - bottom).abs().max() <= 2
    assert (top - bottom).abs().max() >= 1


def test_noise_has_its_standard_deviation_and_stays_in_range() -> None:
    grey = torch.full((16, 1, 28, 28), 0.5)
    noisy = perturb(
        grey, rotation_degrees=0, noise_grey_levels=8, shift_pixels=0, generator=torch.Generator().manual_seed(0)
    )
    inner = noisy[:, :, 2:-2, 2:-2]
    assert inner.std().item() * 255 == pytest.approx(8, rel=0.05)
    assert noisy.min() >= 0
    assert noisy.max() <= 1
