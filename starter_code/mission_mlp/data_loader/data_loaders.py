"""Where MNIST comes from, and how it becomes batches / MNIST를 불러와 배치로 만듭니다."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import TensorDataset
from torchvision.datasets import MNIST

from base import BaseDataLoader

VALID_IMAGES = 5000


class MnistDataLoader(BaseDataLoader):
    """Batches of MNIST: float32 images (B, 1, 28, 28) in [0, 1], int64 labels (B,) / MNIST 배치."""

    def prepare(self, images: Tensor) -> Tensor:
        """uint8 in 0..255 becomes float32 in [0, 1]; normalisation is the model's / 정규화는 모델이 합니다."""
        return images.float() / 255


def load_mnist(folder: Path) -> tuple[TensorDataset, TensorDataset]:
    """Training and validation set for your own machine, cut as the grader cuts them.

    내 컴퓨터에서 쓸 학습·검증 데이터. 채점기와 같은 방식으로 나눕니다.

    Args:
        folder: with `images.npy` and `labels.npy` (the `train` folder of the grader's data pack); otherwise MNIST is
            downloaded into it by torchvision. 두 파일이 없으면 torchvision으로 이 폴더에 MNIST를 내려받습니다.

    Returns:
        55,000 and 5,000 pairs of a uint8 image (1, 28, 28) in 0..255 and an int64 label.
    """
    if (folder / "images.npy").exists():
        images = torch.from_numpy(np.load(folder / "images.npy"))  # (60000, 1, 28, 28)
        labels = torch.from_numpy(np.load(folder / "labels.npy").astype(np.int64))  # (60000,)
    else:
        mnist = MNIST(str(folder), train=True, download=True)
        images, labels = mnist.data.unsqueeze(1), mnist.targets  # (60000, 1, 28, 28), (60000,)
    cut = len(labels) - VALID_IMAGES
    return TensorDataset(images[:cut], labels[:cut]), TensorDataset(images[cut:], labels[cut:])
