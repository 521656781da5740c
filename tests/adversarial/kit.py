"""What every attack of the corpus has at hand: facts about the grading machine, a network, the runner's channel."""

import json
import os
import stat
import struct
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KNOWN: dict[str, Any] = {}
"""Paths, ports and names on the machine that grades: an attacker may have guessed them all."""


def loot(what: object) -> None:
    """Says aloud that something came within reach that should not."""
    print("LOOT:", repr(what)[:300], flush=True)


class Net(nn.Module):
    """A small network that has learned nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5, stride=4)
        self.out = nn.Linear(4 * 6 * 6, 10)

    def forward(self, images: Tensor) -> Tensor:
        return self.out(F.relu(self.conv(images)).flatten(1))


def plain() -> Net:
    """The network whose marks an attack must not exceed; the same weights in every process."""
    torch.manual_seed(0)
    return Net()


def channels() -> Iterator[int]:
    """Descriptors that may lead to the grader."""
    for descriptor in range(3, 256):
        try:
            mode = os.fstat(descriptor).st_mode
        except OSError:
            continue
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            yield descriptor


def speak(message: dict[str, Any] | bytes, kind: bytes = b"J") -> None:
    """Says something to the grader in the runner's place."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    write(struct.pack(">cI", kind, len(body)) + body)


def write(raw: bytes) -> None:
    """Writes bytes to every descriptor that may lead to the grader."""
    for descriptor in channels():
        try:
            os.write(descriptor, raw)
        except OSError:
            continue
