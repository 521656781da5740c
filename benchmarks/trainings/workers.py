"""The reference's network on what two workers of a DataLoader hand over in shared memory; logs its seconds."""

import time
from collections.abc import Callable

import reference
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

EPOCHS = 1
WORKERS = 2


class Pictures(Dataset[tuple[Tensor, Tensor]]):
    """Images as float32 in [0, 1], so that a batch of 256 is 0.8 MB."""

    def __init__(self, whole: TensorDataset) -> None:
        self.images, self.labels = whole.tensors

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        return self.images[place].float() / 255, self.labels[place]


def train(train_set: TensorDataset, seed: int, log: Callable[..., None]) -> nn.Module:
    """A plain loop."""
    began = time.monotonic()
    torch.manual_seed(seed)
    model: nn.Module = reference.Network()
    optimizer = torch.optim.AdamW(model.parameters())
    loader = DataLoader(Pictures(train_set), batch_size=256, shuffle=True, num_workers=WORKERS)
    for _ in range(EPOCHS):
        for images, labels in loader:
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    log(seconds=time.monotonic() - began)
    return model.eval()
