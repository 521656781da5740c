"""Reference solution: a dataset over CIFAR-10's raw batch files, a loader, and a small convolutional network.

참고 풀이: CIFAR-10 원본 배치 파일을 읽는 데이터셋, 데이터로더, 작은 합성곱 신경망.

Measured with torch 2.15.0 on one thread of a cloud CPU, on the data pack cifar10-standin: 88.87, 90.37 and 90.26 %
of the 10,000 test images with seeds 0, 1 and 2, in 32 to 33 CPU seconds each. Not measured on CIFAR-10 itself.
"""

import pickle
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

BATCH_FILES = {
    "train": ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"],
    "test": ["test_batch"],
}
EPOCHS = 8
BATCH_SIZE = 128
PEAK_LEARNING_RATE = 0.01
WEIGHT_DECAY = 0.05
VALID_SHARE = 0.05
TIME_SHARE = 0.9  # leave a tenth of the budget for the last validation and a slow machine


class CustomDataset(Dataset):
    """Pictures and labels of one split, read into memory once: a uint8 array of 3 KB per picture is small."""

    def __init__(self, root: str | Path, split: str = "train", transform: Callable[[Any], Any] | None = None) -> None:
        if split not in BATCH_FILES:
            raise ValueError(f"split must be 'train' or 'test', not {split!r}")
        folder = Path(root) / "cifar-10-batches-py"
        batches = [read_batch(folder / name) for name in BATCH_FILES[split]]
        rows = np.concatenate([data for data, _ in batches])  # (N, 3072): 1,024 red values, then green, then blue
        # First the axes that the file has, then the order that we want. A reshape to (N, 32, 32, 3) would mix them up.
        self.images = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (N, 32, 32, 3)
        self.labels = [label for _, labels in batches for label in labels]
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image, label = self.images[index], int(self.labels[index])  # both raise IndexError past the end
        if self.transform is not None:
            image = self.transform(image)
        return image, label


def read_batch(path: Path) -> tuple[np.ndarray, list[int]]:
    """The pixels, uint8 (N, 3072), and labels of one batch file; an error says which file is broken."""
    try:
        with path.open("rb") as file:
            batch = pickle.load(file, encoding="bytes")  # written by Python 2: its strings become bytes
        data, labels = batch[b"data"], batch[b"labels"]
    except Exception as error:
        raise RuntimeError(f"{path.name} can't be read: {error}") from error
    if data.shape != (len(labels), 3072):
        raise RuntimeError(f"{path.name} has {data.shape} pixels for {len(labels)} labels")
    return data, labels


def to_tensor(image: np.ndarray) -> Tensor:
    """uint8 (32, 32, 3) in 0..255 → float32 (3, 32, 32) in [0, 1]. A named function: workers can unpickle it."""
    channels_first = np.ascontiguousarray(image.transpose(2, 0, 1))  # (3, 32, 32)
    return torch.from_numpy(channels_first).float() / 255


def make_loader(
    root: str | Path, split: str, batch_size: int, num_workers: int = 0, only: Sequence[int] | None = None
) -> DataLoader:
    """Batches of float32 (B, 3, 32, 32) and int64 (B,); shuffled for training. `only` picks some of the items."""
    dataset: Dataset = CustomDataset(root, split, transform=to_tensor)
    if only is not None:
        dataset = Subset(dataset, only)
    return DataLoader(dataset, batch_size, shuffle=split == "train", num_workers=num_workers)


class ConvBlock(nn.Sequential):
    """Convolution with stride 2, batch norm, ReLU: the map shrinks by half, the channels grow."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size, stride=2, padding=kernel_size // 2, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )


class Network(nn.Module):
    """Takes float32 images in [0, 1], (N, 3, 32, 32); gives logits, (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(  # (N, 3, 32, 32)
            ConvBlock(3, 24, kernel_size=5),  # (N, 24, 16, 16)
            ConvBlock(24, 48, kernel_size=3),  # (N, 48, 8, 8)
            ConvBlock(48, 96, kernel_size=3),  # (N, 96, 4, 4)
        )
        self.classifier = nn.Linear(96 * 4 * 4, 10)

    def forward(self, images: Tensor) -> Tensor:
        x = (images - 0.5) * 4  # normalisation is part of the model: it travels with the export
        x = self.features(x)  # (N, 96, 4, 4)
        x = x.flatten(1)  # (N, 1536)
        return self.classifier(x)  # (N, 10)


def train(data_dir: Path, device: torch.device, time_budget_s: float, seed: int, log: Callable[..., None]) -> nn.Module:
    """Trains `Network` with AdamW and a one-cycle learning rate, and returns it in eval mode."""
    # The budget counts seconds on a GPU, and the CPU seconds of all cores on a CPU.
    clock = time.monotonic if device.type == "cuda" else time.process_time
    deadline = clock() + TIME_SHARE * time_budget_s
    torch.manual_seed(seed)

    count = len(CustomDataset(data_dir, "train"))
    order = torch.randperm(count).tolist()
    valid_count = int(
        VALID_SHARE * count
    )  # the real test_batch is not here: a part of the training data takes its place
    train_loader = make_loader(data_dir, "train", BATCH_SIZE, only=order[valid_count:])
    valid_loader = make_loader(data_dir, "train", BATCH_SIZE, only=order[:valid_count])

    # Channels last in memory: convolutions on a CPU are a quarter faster so; shapes stay (N, C, H, W).
    model = Network().to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, EPOCHS * len(train_loader))
    for epoch in range(1, EPOCHS + 1):
        model.train()
        loss_sum = torch.zeros((), device=device)
        for images, labels in train_loader:  # (128, 3, 32, 32), (128,)
            if clock() > deadline:
                return model.eval()  # a half-trained model earns more than none
            loss = F.cross_entropy(model(random_view(images.to(device))), labels.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            loss_sum += loss.detach()
        log(
            epoch=epoch,
            train_loss=loss_sum.item() / len(train_loader),
            valid_accuracy=accuracy(model, valid_loader, device),
        )
    return model.eval()


def random_view(images: Tensor) -> Tensor:
    """The batch mirrored or not, and moved by up to two pixels; a new draw for each batch is enough here."""
    if torch.rand(()) < 0.5:
        images = images.flip(3)
    down, right = torch.randint(0, 5, (2,)).tolist()
    padded = F.pad(images, (2, 2, 2, 2))  # (N, 3, 36, 36)
    return padded[:, :, down : down + 32, right : right + 32]  # (N, 3, 32, 32)


@torch.inference_mode()
def accuracy(model: nn.Module, loader: DataLoader, device: torch.device) -> float:
    """Share of a loader's pictures that the model, in eval mode, classifies right."""
    model.eval()
    correct = count = 0
    for images, labels in loader:
        correct += int((model(images.to(device)).argmax(dim=1) == labels.to(device)).sum())
        count += len(labels)
    return correct / max(count, 1)
