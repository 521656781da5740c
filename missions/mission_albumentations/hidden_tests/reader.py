"""A small trusted classifier of handwritten digits, in plain NumPy: are augmented digits still what they were?

Its weights are made by `tools/train_reader.py`, which says how well it reads.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

WEIGHTS = Path(__file__).with_name("reader.npz")
PIXEL_MEAN, PIXEL_STD = 0.1307, 0.3081  # of MNIST's training pixels, scaled to [0, 1]

Array = npt.NDArray[Any]


def read_digits(images: Array) -> Array:
    """The digit that the classifier takes each image for.

    Args:
        images: uint8 (N, 28, 28).

    Returns:
        int64 (N,), 0 to 9.
    """
    with np.load(WEIGHTS, allow_pickle=False) as file:
        weights = {name: file[name].astype(np.float32) for name in file.files}
    x = (images[:, None].astype(np.float32) / 255 - PIXEL_MEAN) / PIXEL_STD  # (N, 1, 28, 28)
    x = _convolve(x, weights["kernel_1"], weights["bias_1"])  # (N, 24, 14, 14)
    x = _convolve(x, weights["kernel_2"], weights["bias_2"])  # (N, 48, 7, 7)
    x = _convolve(x, weights["kernel_3"], weights["bias_3"])  # (N, 64, 4, 4)
    logits = x.reshape(len(x), -1) @ weights["dense"].T + weights["bias"]  # (N, 10)
    return logits.argmax(axis=1)


def _convolve(x: Array, kernel: Array, bias: Array) -> Array:
    """Convolution with stride 2 that halves both sides, rounding up, then ReLU.

    Args:
        x: float32 (N, C, H, W).
        kernel: float32 (D, C, K, K), K odd.
        bias: float32 (D,).
    """
    size = kernel.shape[-1]
    padded = np.pad(x, ((0, 0), (0, 0), (size // 2, size // 2), (size // 2, size // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(2, 3))[:, :, ::2, ::2]
    sums = np.tensordot(windows, kernel, axes=((1, 4, 5), (1, 2, 3)))  # (N, H/2, W/2, D)
    return np.maximum(sums + bias, 0).transpose(0, 3, 1, 2)
