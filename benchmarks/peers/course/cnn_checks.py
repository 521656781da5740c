"""What a course checks of a trained CNN, whichever grader calls it; nothing of this project is imported.

`CNN_TEST_SET` names a folder with `images.npy` (uint8 (N, 1, 28, 28)) and `labels.npy`.
"""

import importlib.util
import os
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

BATCH_SIZE = 250


def load(folder: Path) -> nn.Module:
    """The network of `solution.py` with the weights beside it."""
    spec = importlib.util.spec_from_file_location("solution", folder / "solution.py")
    assert spec is not None
    assert spec.loader is not None
    solution = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(solution)
    model: nn.Module = solution.Network()
    model.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
    return model.eval()


@cache
def test_set() -> tuple[Tensor, Tensor]:
    """Images as float32 in [0, 1], and labels."""
    folder = Path(os.environ["CNN_TEST_SET"])
    images = torch.from_numpy(np.load(folder / "images.npy")).to(torch.float32) / 255
    return images, torch.from_numpy(np.load(folder / "labels.npy"))


@cache
def logits(model: nn.Module) -> Tensor:
    """Of all test images; computed once per model."""
    with torch.inference_mode():
        return torch.cat([model(part) for part in test_set()[0].split(BATCH_SIZE)])


def check_parameters(model: nn.Module) -> None:
    """at most 1,000,000 parameters"""
    assert sum(parameter.numel() for parameter in model.parameters()) <= 1_000_000


def check_shape(model: nn.Module) -> None:
    """an output of shape (N, 10)"""
    with torch.inference_mode():
        assert all(model(test_set()[0][:count]).shape == (count, 10) for count in (1, 7))


def check_finite(model: nn.Module) -> None:
    """finite outputs on all test images"""
    assert logits(model).isfinite().all()


def check_deterministic(model: nn.Module) -> None:
    """the same output for the same images"""
    images = test_set()[0][:BATCH_SIZE]
    with torch.inference_mode():
        assert torch.equal(model(images), model(images))


def check_convolution(model: nn.Module) -> None:
    """a convolution"""
    assert any(isinstance(module, nn.Conv2d) for module in model.modules())


CHECKS = (check_parameters, check_shape, check_finite, check_deterministic, check_convolution)


def accuracy_of(outputs: Tensor) -> float:
    """Share of the test images that are read right."""
    return (outputs.argmax(1) == test_set()[1]).double().mean().item()
