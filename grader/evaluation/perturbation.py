"""Label-preserving changes to images: what a model that learned digits shrugs off, and a lookup of pixels does not."""

import math

import torch
from torch.nn import functional as F


def perturb(
    images: torch.Tensor,
    *,
    rotation_degrees: float,
    noise_grey_levels: float,
    shift_pixels: int,
    generator: torch.Generator,
) -> torch.Tensor:
    """Each image rotated, shifted and made noisy by amounts of its own.

    Args:
        images: float32 (N, C, H, W) in [0, 1].
        rotation_degrees: angles are uniform in ± this; bilinear, zero outside.
        noise_grey_levels: standard deviation of the Gaussian noise, of 255 grey levels.
        shift_pixels: whole pixels, uniform in ± this, per axis; zero outside.
        generator: source of every draw.

    Returns:
        float32 (N, C, H, W) in [0, 1].
    """
    count, _, height, width = images.shape
    angles = (torch.rand(count, generator=generator) * 2 - 1) * math.radians(rotation_degrees)
    shifts = torch.randint(-shift_pixels, shift_pixels + 1, (count, 2), generator=generator)
    affine = torch.zeros(count, 2, 3)
    affine[:, 0, 0] = affine[:, 1, 1] = torch.cos(angles)
    affine[:, 0, 1] = -torch.sin(angles)
    affine[:, 1, 0] = torch.sin(angles)
    affine[:, 0, 2] = shifts[:, 0] * 2 / width
    affine[:, 1, 2] = shifts[:, 1] * 2 / height
    grid = F.affine_grid(affine, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    noise = torch.randn(moved.shape, generator=generator) * (noise_grey_levels / 255)
    return (moved + noise).clamp_(0, 1)
