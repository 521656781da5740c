"""Trains the classifier that judges whether augmented digits are still readable; writes hidden_tests/reader.npz.

    python missions/mission_albumentations/tools/train_reader.py

It learns from MNIST's training images, changed in all the ways that a fair pipeline changes them and more strongly
(rotation, scale, shift, shear, strokes bent, brightness, blur, noise, a hole), but never flipped or turned on the head.

Measured with torch 2.15.0: 99.22 % of the 10,000 test images. Of 2,000 training digits that albumentations 2.0.8 had
changed it read:

- 98.6 % after a mild A.Affine (rotation 10°, scale 0.9 to 1.1, shift 8 %, shear 5°), 97.8 % after one twice as strong;
- 98.3 % rotated by up to 25°, 97.8 % by 30°, 94.4 % by 45°;
- 97.6 % after A.GaussNoise and 89.8 % after A.GaussianBlur as they come, 98.3 % after A.CoarseDropout;
- with mirrored digits 93.7 % (one in ten), 80.8 % (three in ten), 70.1 % (half of them).
"""

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader import data

SEED = 0
EPOCHS = 12
BATCH_SIZE = 256
PEAK_LEARNING_RATE = 0.01
TARGET = Path(__file__).parents[1] / "hidden_tests" / "reader.npz"
PIXEL_MEAN, PIXEL_STD = 0.1307, 0.3081


def block(in_channels: int, out_channels: int, size: int) -> list[nn.Module]:
    """Convolution with stride 2, batch norm, ReLU."""
    convolution = nn.Conv2d(in_channels, out_channels, size, stride=2, padding=size // 2, bias=False)
    return [convolution, nn.BatchNorm2d(out_channels), nn.ReLU()]


def disturb(images: Tensor) -> Tensor:
    """A batch changed at random, labels kept.

    Args:
        images: float32 (N, 1, 28, 28) in [0, 1].
    """
    count = len(images)

    def draw(low: float, high: float) -> Tensor:
        return torch.empty(count).uniform_(low, high)

    angle, shear = torch.deg2rad(draw(-22, 22)), torch.deg2rad(draw(-12, 12))
    scale = torch.exp(draw(math.log(0.8), math.log(1.25)))
    rotation = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(-1, 2, 2)
    slant = torch.stack([torch.ones(count), shear.tan(), torch.zeros(count), torch.ones(count)], 1).view(-1, 2, 2)
    shift = torch.stack([draw(-0.25, 0.25), draw(-0.25, 0.25)], 1)[:, :, None]  # 3.5 pixels
    theta = torch.cat([rotation @ slant / scale[:, None, None], shift], 2)  # (N, 2, 3)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)  # (N, 28, 28, 2)
    bend = F.interpolate(torch.randn(count, 2, 5, 5), size=28, mode="bicubic", align_corners=True)
    grid = grid + draw(0, 0.08)[:, None, None, None] * bend.permute(0, 2, 3, 1)
    images = F.grid_sample(images, grid, align_corners=False)
    images = images * draw(0.6, 1.3)[:, None, None, None] + draw(-0.15, 0.15)[:, None, None, None]
    if torch.rand(()) < 0.3:
        images = blurred(images, sigma=float(torch.empty(()).uniform_(0.4, 2.0)))
    images = images + draw(0, 0.35).square()[:, None, None, None] * 2.5 * torch.randn_like(images)
    row, column, side = torch.randint(0, 28, (count,)), torch.randint(0, 28, (count,)), torch.randint(0, 8, (count,))
    ruler = torch.arange(28)
    tall = (ruler >= row[:, None]) & (ruler < (row + side)[:, None])  # (N, 28)
    wide = (ruler >= column[:, None]) & (ruler < (column + side)[:, None])
    return torch.where((tall[:, :, None] & wide[:, None, :])[:, None], 0, images).clamp(0, 1)


def blurred(images: Tensor, *, sigma: float) -> Tensor:
    """Gaussian blur; sigma in pixels."""
    offsets = torch.arange(-5.0, 6.0)
    kernel = torch.softmax(-(offsets**2) / (2 * sigma**2), dim=0)
    return F.conv2d(
        F.conv2d(images, kernel.view(1, 1, 11, 1), padding=(5, 0)), kernel.view(1, 1, 1, 11), padding=(0, 5)
    )


def folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Kernel and bias of a convolution that does what both did."""
    assert norm.running_var is not None
    assert norm.running_mean is not None
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return convolution.weight * gain[:, None, None, None], norm.bias - norm.running_mean * gain


def main() -> None:
    """Trains and writes."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    pack = data.load("mnist")
    images = torch.from_numpy(np.array(pack.array("train", "images")))
    labels = torch.from_numpy(np.array(pack.array("train", "labels")).astype(np.int64))
    layers = [*block(1, 24, 5), *block(24, 48, 3), *block(48, 64, 3), nn.Flatten(), nn.Linear(64 * 4 * 4, 10)]
    model = nn.Sequential(*layers).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    batches = math.ceil(len(images) / BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, EPOCHS * batches)
    for epoch in range(EPOCHS):
        loss_sum = 0.0
        for batch in torch.randperm(len(images)).split(BATCH_SIZE):
            x = images[batch].float() / 255
            if torch.rand(()) < 0.9:
                x = disturb(x)
            loss = F.cross_entropy(model((x - PIXEL_MEAN) / PIXEL_STD), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            loss_sum += loss.item()
        print(f"epoch {epoch + 1}: loss {loss_sum / batches:.4f}", flush=True)
    arrays: dict[str, np.ndarray] = {}
    for number in (1, 2, 3):
        convolution, norm = layers[3 * number - 3], layers[3 * number - 2]
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        kernel, bias = folded(convolution, norm)
        arrays[f"kernel_{number}"], arrays[f"bias_{number}"] = (
            kernel.detach().contiguous().numpy(),
            bias.detach().numpy(),
        )
    dense = layers[-1]
    assert isinstance(dense, nn.Linear)
    arrays["dense"], arrays["bias"] = dense.weight.detach().numpy(), dense.bias.detach().numpy()
    np.savez_compressed(TARGET, **{name: array.astype(np.float16) for name, array in arrays.items()})


if __name__ == "__main__":
    main()
