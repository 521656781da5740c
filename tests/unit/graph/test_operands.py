"""Operands that torch's kernels take on trust are checked by us."""

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from grader.artifact import Caps, Program, Weight, read_artifact
from grader.errors import ArtifactRejected
from grader.evaluation.interpreter import Interpreter
from grader.graph.dry_run import dry_run
from tests.unit.artifact.models import export

torch.set_num_threads(1)


class Norms(nn.Module):
    """Every kind of norm."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5, stride=5)
        self.batch = nn.BatchNorm2d(4)
        self.instance = nn.InstanceNorm2d(4, affine=True)
        self.group = nn.GroupNorm(2, 4)
        self.layer = nn.LayerNorm([5, 5])
        self.rms = nn.RMSNorm(5)
        self.head = nn.Linear(100, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.instance(self.batch(self.conv(x)))
        return self.head(self.rms(self.layer(self.group(x))).flatten(1))


WEIGHTS = (
    *(f"{name}_batch_{end}" for name, end in (("p", "weight"), ("p", "bias"))),
    *("b_batch_running_mean", "b_batch_running_var", "p_instance_weight", "p_group_bias", "p_layer_weight"),
    "p_rms_weight",
)


@pytest.mark.parametrize("decompose", [True, False], ids=["decomposed", "by_hand"])
def test_honest_norms_agree_with_eager(decompose: bool, tmp_path: Path) -> None:
    model = Norms().eval()
    (tmp_path / "model.pt2").write_bytes(export(model, decompose=decompose))
    images = torch.rand(3, 1, 28, 28)
    with torch.no_grad():
        expected = model(images)
    logits = Interpreter(read_artifact(tmp_path / "model.pt2", Caps())).logits(images)
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("decompose", [True, False], ids=["decomposed", "by_hand"])
def test_statistics_of_another_length_are_refused(decompose: bool, tmp_path: Path) -> None:
    (tmp_path / "model.pt2").write_bytes(export(Norms(), decompose=decompose))
    program = read_artifact(tmp_path / "model.pt2", Caps())
    for name in WEIGHTS:
        weight = program.weights[name]
        for shape in ((1,), (), (3,), (1, 4), (5,), (0,)):
            if shape == tuple(weight.tensor.shape):
                continue
            other = Weight(torch.zeros(shape), weight.kind, weight.path, weight.storage)
            changed = dataclasses.replace(program, weights={**program.weights, name: other})
            with pytest.raises(ArtifactRejected) as caught:
                dry_run(changed, 2, Caps())
            assert caught.value.code == "impossible_graph"
            assert "norm" in caught.value.message.en


class Circular(nn.Module):
    """Goes around; cuts off on the left where it adds on the right, or the other way around."""

    def __init__(self, *sizes: int, mode: str = "circular") -> None:
        super().__init__()
        self.sizes, self.mode = sizes, mode
        self.head = nn.LazyLinear(10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(pad(x, self.sizes, mode=self.mode).flatten(1))


@pytest.mark.parametrize("sizes", [(3, -1, 0, 0), (-2, 2, 0, 0), (0, 0, 1, -1)])
def test_padding_that_reads_what_nobody_wrote_is_refused(sizes: tuple[int, ...], tmp_path: Path) -> None:
    for mode, refused in (("circular", True), ("constant", False)):
        program = _padded(tmp_path, sizes, mode)
        if refused:
            with pytest.raises(ArtifactRejected) as caught:
                dry_run(program, 2, Caps())
            assert caught.value.code == "impossible_graph"
        else:
            dry_run(program, 2, Caps())


def test_honest_circular_padding_agrees_with_eager(tmp_path: Path) -> None:
    images = torch.rand(3, 1, 28, 28)
    program = _padded(tmp_path, (1, 2, 0, 3), "circular")
    weights = {weight.path: weight.tensor for weight in program.weights.values()}
    flat = pad(images, (1, 2, 0, 3), mode="circular").flatten(1)
    expected = nn.functional.linear(flat, weights["head.weight"], weights["head.bias"])
    torch.testing.assert_close(Interpreter(program).logits(images), expected, atol=1e-5, rtol=0)


def _padded(folder: Path, sizes: tuple[int, ...], mode: str) -> Program:
    model = Circular(*sizes, mode=mode)
    with torch.no_grad():
        model(torch.rand(2, 1, 28, 28))
    (folder / "model.pt2").write_bytes(export(model, decompose=False))
    return read_artifact(folder / "model.pt2", Caps())
