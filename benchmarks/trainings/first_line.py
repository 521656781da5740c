"""Logs when its first line runs, on the monotonic clock, which Linux shares with containers; trains nothing."""

import time
from collections.abc import Callable

import torch
from torch import nn
from torch.utils.data import TensorDataset


def train(
    train_set: TensorDataset,
    valid_set: TensorDataset,
    device: torch.device,
    time_budget_s: float,
    seed: int,
    log: Callable[..., None],
) -> nn.Module:
    """Asks for all that the reference asks for."""
    log(moment=time.monotonic())
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
