"""Receptive fields of honest models, counted by hand."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.unit.artifact.models import MODELS
from tests.unit.graph.test_facts import facts_of

torch.set_num_threads(1)


def fields(model: nn.Module, tmp_path: Path) -> dict[str, tuple[int, int] | None]:
    """By layer, of the layers with weights and the pools."""
    layers = facts_of(model.eval(), tmp_path).layers
    return {layer.name: layer.receptive_field for layer in layers if layer.group in ("conv", "pool", "dense", "norm")}


class Plain(nn.Module):
    """5x5 stride 2, pool 2, dilated 3x3, then dense."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 5, stride=2, padding=2)
        self.norm = nn.BatchNorm2d(4)
        self.pool = nn.MaxPool2d(2)
        self.wide = nn.Conv2d(4, 4, 3, padding=2, dilation=2)
        self.head = nn.Linear(4 * 7 * 7, 10)

    def forward(self, images: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.first((images - 0.1) / 0.3)))
        logits: Tensor = self.head(self.wide(self.pool(x)).flatten(1))
        return logits


class Residual(nn.Module):
    """A block around which the image passes, a global pool behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.inner = nn.Conv2d(4, 4, (5, 1), padding=(2, 0))
        self.last = nn.Conv2d(4, 10, 1)

    def forward(self, images: Tensor) -> Tensor:
        x = self.stem(images)
        pooled: Tensor = self.last(x + self.inner(x)).mean(dim=(2, 3))
        return pooled


def test_fields_grow_with_kernels_strides_and_dilation(tmp_path: Path) -> None:
    found = fields(Plain(), tmp_path)
    assert found["first"] == (5, 5)
    assert found["norm"] == (5, 5)
    assert [field for name, field in found.items() if "pool" in name] == [(7, 7)]
    assert found["wide"] == (7 + 2 * 2 * 4, 7 + 2 * 2 * 4)
    assert found["head"] is None


def test_wider_branch_counts_and_a_global_pool_ends_it(tmp_path: Path) -> None:
    layers = facts_of(Residual(), tmp_path).layers
    by_name = {layer.name: layer.receptive_field for layer in layers}
    assert by_name["inner"] == (7, 3)
    assert by_name["last"] == (7, 3)
    assert layers[-1].receptive_field is None


@pytest.mark.parametrize("name", ["lstm", "vit"])
def test_sequence_models_have_no_field_behind_their_rearrangement(name: str, tmp_path: Path) -> None:
    layers = facts_of(MODELS[name](), tmp_path).layers
    assert layers[-1].receptive_field is None
