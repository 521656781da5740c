"""The base of every data loader / 모든 데이터 로더의 기반 클래스."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import TensorDataset


class BaseDataLoader(ABC):
    """Cuts a data set that fits into memory into batches / 메모리에 들어가는 데이터 집합을 배치로 나눕니다.

    It takes whole batches out of the tensors at once. `torch.utils.data.DataLoader` fetches image after image, which
    costs an MLP on MNIST more time than its training does.
    텐서에서 배치를 통째로 꺼냅니다. 이미지를 한 장씩 가져오는 DataLoader를 쓰면 MNIST MLP에서는 학습 자체보다 데이터를
    꺼내는 데 시간이 더 걸립니다.

    Args:
        dataset: images uint8 (N, 1, 28, 28) in 0..255, and labels int64 (N,).
        batch_size: images per batch; the last batch holds what is left / 마지막 배치는 남은 이미지만큼 작아집니다.
        device: where the batches are needed / 배치를 올려 둘 장치.
        shuffle: a new order in every epoch, drawn with torch's random numbers / 에포크마다 순서를 새로 섞을지 여부.
    """

    def __init__(self, dataset: TensorDataset, *, batch_size: int, device: torch.device, shuffle: bool) -> None:
        self.images, self.labels = (tensor.to(device) for tensor in dataset.tensors)
        self.batch_size = batch_size
        self.shuffle = shuffle

    def __len__(self) -> int:
        """Number of batches in an epoch / 한 에포크의 배치 수."""
        return math.ceil(len(self.labels) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Gives (images, labels): `prepare`d images (B, …) and int64 labels (B,) / 배치를 하나씩 내놓습니다."""
        count = len(self.labels)
        # Drawn on the CPU, so that the order is the same on every device.
        order = torch.randperm(count) if self.shuffle else torch.arange(count)
        for rows in order.to(self.labels.device).split(self.batch_size):
            yield self.prepare(self.images[rows]), self.labels[rows]

    @abstractmethod
    def prepare(self, images: Tensor) -> Tensor:
        """Turns uint8 images (B, 1, 28, 28) into what the model takes / 모델에 넣을 수 있는 형태로 바꿉니다."""
