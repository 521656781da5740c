"""Makes the inputs of mission_mlp's probes: configurations that nobody can have foreseen, and a few images."""

from typing import Any

import numpy as np
import numpy.typing as npt

ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu")
DROPOUTS = (0.1, 0.25, 0.4, 0.6)
"""Odds p / (1 - p) of 0.11, 0.33, 0.67 and 1.5: far apart, and far from those of the usual 0.2, 0.3 and 0.5."""
TRAIN_IMAGES = 256
VALID_IMAGES = 300

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Inputs = tuple[dict[str, Any], dict[str, Any]]


def model(random: np.random.Generator, train_images: Images, train_labels: Labels) -> Inputs:
    """Two architectures of different depth, of which at most one has any given activation; images in [0, 1]."""
    activations = [str(name) for name in random.permutation(ACTIVATIONS)[:2]]
    dropouts = [float(p) for p in random.permutation(DROPOUTS)[:2]]
    configs = [
        _config(
            hidden_sizes=_sizes(random, depth),
            activation=activation,
            dropout=dropout,
            pixel_mean=round(float(random.uniform(0.05, 0.3)), 4),
            pixel_std=round(float(random.uniform(0.2, 0.6)), 4),
        )
        for depth, activation, dropout in zip(random.permutation([1, 3]), activations, dropouts, strict=True)
    ]
    images = random.random((32, 1, 28, 28), dtype=np.float32)
    return {"configs": configs, "images": images}, {}


def training(random: np.random.Generator, train_images: Images, train_labels: Labels) -> Inputs:
    """A number of epochs, and two learning rates for single steps on the whole set."""
    config = _config(hidden_sizes=_sizes(random, 1), epochs=int(random.integers(2, 6)), batch_size=TRAIN_IMAGES)
    rates = [round(float(random.uniform(0.02, 0.1)), 4), round(float(random.uniform(0.2, 0.5)), 4)]
    return {"config": config, "rates": rates, **_data(random, train_images, train_labels)}, {}


def seeds(random: np.random.Generator, train_images: Images, train_labels: Labels) -> Inputs:
    """A run in which chance has much to say: dropout, several batches."""
    config = _config(hidden_sizes=_sizes(random, 1), dropout=0.3, epochs=2, batch_size=64, optimizer="AdamW", lr=0.01)
    first, other = (int(seed) for seed in random.choice(10_000, size=2, replace=False))
    return {"config": config, "seeds": [first, first, other], **_data(random, train_images, train_labels)}, {}


def resume(random: np.random.Generator, train_images: Images, train_labels: Labels) -> Inputs:
    """A run without chance (no dropout, one batch), so that only what a checkpoint holds decides how it goes on."""
    config = _config(
        hidden_sizes=_sizes(random, 2),
        seed=int(random.integers(10_000)),
        epochs=4,
        batch_size=TRAIN_IMAGES,
        optimizer="AdamW",
        lr=0.01,
        lr_scheduler="one_cycle",
    )
    return {"config": config, **_data(random, train_images, train_labels)}, {}


def metrics(random: np.random.Generator, train_images: Images, train_labels: Labels) -> Inputs:
    """Validation labels are drawn by lot, so that figures of the training set can't be taken for theirs."""
    config = _config(hidden_sizes=_sizes(random, 1), dropout=0.25, epochs=3, batch_size=100, optimizer="AdamW", lr=0.01)
    sent = {"config": config, **_data(random, train_images, train_labels)}
    sent["valid_labels"] = random.integers(0, 10, VALID_IMAGES)
    return sent, {"valid_labels": sent["valid_labels"]}


def bases(random: np.random.Generator, train_images: Images, train_labels: Labels) -> Inputs:
    """A short run."""
    config = _config(hidden_sizes=_sizes(random, 1), epochs=1, batch_size=64)
    return {"config": config, **_data(random, train_images, train_labels)}, {}


def _sizes(random: np.random.Generator, depth: int) -> list[int]:
    """Different numbers of units, one per hidden layer."""
    return [int(size) for size in random.choice(np.arange(16, 49), size=depth, replace=False)]


def _data(random: np.random.Generator, images: Images, labels: Labels) -> dict[str, Any]:
    """Disjoint training and validation images with their labels."""
    rows = random.choice(len(labels), size=TRAIN_IMAGES + VALID_IMAGES, replace=False)
    train, valid = rows[:TRAIN_IMAGES], rows[TRAIN_IMAGES:]
    return {
        "train_images": images[train],
        "train_labels": labels[train].astype(np.int64),
        "valid_images": images[valid],
        "valid_labels": labels[valid].astype(np.int64),
    }


def _config(
    *,
    hidden_sizes: list[int],
    activation: str = "relu",
    dropout: float = 0.0,
    pixel_mean: float = 0.1307,
    pixel_std: float = 0.3081,
    seed: int = 7,
    epochs: int = 1,
    batch_size: int = 64,
    optimizer: str = "SGD",
    lr: float = 0.05,
    lr_scheduler: str = "none",
) -> dict[str, Any]:
    """A whole configuration, as the mission's README describes it."""
    return {
        "name": "probe",
        "seed": seed,
        "arch": {
            "type": "MnistMLP",
            "args": {
                "hidden_sizes": hidden_sizes,
                "activation": activation,
                "dropout": dropout,
                "pixel_mean": pixel_mean,
                "pixel_std": pixel_std,
            },
        },
        "data_loader": {"batch_size": batch_size},
        "optimizer": {"type": optimizer, "args": {"lr": lr}},
        "lr_scheduler": {"type": lr_scheduler, "args": {}},
        "loss": "cross_entropy",
        "metrics": ["accuracy"],
        "trainer": {
            "epochs": epochs,
            "early_stop": 0,
            "monitor": {"metric": "valid_loss", "mode": "min"},
            "save_period": 1,
            "save_dir": "saved",
            "tensorboard": False,
        },
    }
