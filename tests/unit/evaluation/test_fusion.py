"""Fused programs: the same numbers in fewer nodes, and nothing written over that somebody still reads."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.artifact import Program
from grader.artifact.program import Node
from grader.evaluation.fusion import fold_batch_norms, halved, halving_pools, relus_in_place
from grader.evaluation.interpreter import Interpreter
from grader.graph.liveness import live_nodes
from tests.unit.artifact.models import program_of

torch.set_num_threads(1)

NORMS = {"_native_batch_norm_legit_no_training.default", "batch_norm.default"}
RELUS = {"relu.default", "relu_.default"}


class Net(nn.Module):
    """A convolution and its norm, with statistics as training leaves them; subclasses say how they are joined."""

    def __init__(self, conv: nn.Module | None = None, norm: nn.Module | None = None) -> None:
        super().__init__()
        self.conv = conv or nn.Conv2d(1, 6, 3)
        self.norm = norm or nn.BatchNorm2d(6)
        self.head = nn.LazyLinear(10)
        with torch.no_grad():
            for name, values in {"running_mean": torch.randn(6), "running_var": torch.rand(6) * 3 + 0.05}.items():
                self.norm.get_buffer(name).copy_(values)
            for name in ("weight", "bias"):
                self.norm.get_parameter(name).normal_()
            self.eval()(torch.zeros(1, 1, 28, 28))

    def features(self, images: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(images)))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(images).flatten(1))
        return logits


class ReadTwice(Net):
    def features(self, images: Tensor) -> Tensor:
        found = self.conv(images)
        result: Tensor = F.relu(self.norm(found)) + found
        return result


class RectifiedTwice(Net):
    def features(self, images: Tensor) -> Tensor:
        found = self.norm(self.conv(images))
        result: Tensor = F.relu(found) + found
        return result


class RectifiedThroughView(Net):
    def features(self, images: Tensor) -> Tensor:
        found = self.norm(self.conv(images))
        view = found.flatten(1)
        result: Tensor = F.relu(found).flatten(1) + view
        return result


class RectifiedView(Net):
    def features(self, images: Tensor) -> Tensor:
        found = self.norm(self.conv(images))
        result: Tensor = F.relu(found.flatten(1)) + found.flatten(1)
        return result


class RectifiedTranspose(Net):
    """`einsum` of one tensor gives a view of it."""

    def features(self, images: Tensor) -> Tensor:
        found = self.norm(self.conv(images))
        turned = torch.einsum("nchw->nhwc", found)
        result: Tensor = F.relu(turned).flatten(1) + found.permute(0, 2, 3, 1).flatten(1)
        return result


class Sequence(Net):
    """Rows of the image as a sequence of pixels."""

    def __init__(self) -> None:
        super().__init__(nn.Conv1d(28, 6, 3), nn.BatchNorm1d(6))

    def features(self, images: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(images.squeeze(1))))


def fused(program: Program) -> tuple[list[Node], frozenset[str]]:
    constants = {name: weight.tensor for name, weight in program.weights.items()}
    nodes, _ = fold_batch_norms(live_nodes(program), constants, program.output)
    return nodes, relus_in_place(nodes, program.output)


def assert_same_numbers(model: nn.Module, program: Program) -> None:
    images = torch.rand(5, 1, 28, 28)
    with torch.no_grad():
        expected = model(images)
    interpreter = Interpreter(program)
    scale = float(expected.abs().max())
    torch.testing.assert_close(interpreter.logits(images), expected, atol=1e-6 * max(1.0, scale), rtol=0)
    torch.testing.assert_close(interpreter.logits(images), interpreter.logits(images), atol=0, rtol=0)


@pytest.mark.parametrize("decompose", [True, False], ids=["as_the_runner", "by_hand"])
@pytest.mark.parametrize(
    "model",
    [
        Net,
        lambda: Net(nn.Conv2d(1, 6, 3, stride=2, padding=1, bias=False)),
        lambda: Net(nn.Conv2d(1, 6, 3, padding="same", dilation=2)),
        Sequence,
    ],
    ids=["plain", "strided", "same", "one_dimensional"],
)
def test_norm_of_a_convolution_is_folded(model: type[Net], decompose: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = model()
    program = program_of(network, tmp_path, decompose=decompose)
    nodes, in_place = fused(program)
    assert not NORMS.intersection(node.short_op for node in nodes)
    assert [node.name for node in nodes if node.short_op in RELUS] == list(in_place)
    assert_same_numbers(network, program)


@pytest.mark.parametrize("model", [ReadTwice, RectifiedTwice, RectifiedThroughView, RectifiedView, RectifiedTranspose])
def test_what_somebody_else_reads_is_not_written_over(model: type[Net], tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = model()
    program = program_of(network, tmp_path)
    nodes, in_place = fused(program)
    assert (model is ReadTwice) == bool(NORMS.intersection(node.short_op for node in nodes))
    assert (model is ReadTwice) == bool(in_place)
    assert_same_numbers(network, program)


def test_norm_that_would_overflow_stays(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Net(nn.Conv2d(1, 6, 3, bias=False))
    with torch.no_grad():
        network.norm.get_buffer("running_var").zero_()
        network.norm.get_parameter("weight").fill_(3e38)
    program = program_of(network, tmp_path)
    nodes, _ = fused(program)
    assert NORMS.intersection(node.short_op for node in nodes)
    images = torch.rand(3, 1, 28, 28)
    with torch.no_grad():
        expected = network(images)
    assert not bool(expected.isfinite().any()), "as it is for the student"
    torch.testing.assert_close(Interpreter(program).logits(images), expected, equal_nan=True)


def test_exchanged_and_intermediate_values_are_of_the_program_as_written(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Net()
    program = program_of(network, tmp_path)
    images = torch.rand(4, 1, 28, 28)
    interpreter = Interpreter(program)
    (norm,) = (node for node in program.nodes if node.short_op in NORMS)
    before = interpreter.values(images, {norm.outputs[0]})[norm.outputs[0]]
    with torch.no_grad():
        expected = network.norm(network.conv(images))
        silent = network.head(F.relu(torch.zeros_like(expected)).flatten(1))
    torch.testing.assert_close(before, expected, atol=1e-5, rtol=0)
    assert bool((before < 0).any()), "no ReLU has been written over it"
    (reader,) = (node for node in program.nodes if norm.outputs[0] in node.refs() and not node.symbolic)
    rewired = interpreter.rewired({(reader.name, norm.outputs[0]): torch.zeros_like})
    torch.testing.assert_close(rewired.logits(images), silent, atol=1e-5, rtol=0)


@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("shape", [(3, 5, 14, 14), (2, 1, 7, 9), (1, 4, 2, 3), (4, 8, 8)])
def test_maxima_of_rows_and_columns_are_those_of_max_pool(shape: tuple[int, ...], channels_last: bool) -> None:
    images = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    images.flatten()[3] = torch.nan
    images.flatten()[5] = -torch.inf
    if channels_last and len(shape) == 4:
        images = images.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(halved(images), F.max_pool2d(images, 2), atol=0, rtol=0, equal_nan=True)


class Pooled(nn.Module):
    """A convolution, and a pooling of its result."""

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        self.conv, self.pool, self.head = nn.Conv2d(1, 6, 3), pool, nn.LazyLinear(10)
        self.eval()(torch.zeros(1, 1, 28, 28))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.pool(self.conv(images)).flatten(1))
        return logits


@pytest.mark.parametrize("decompose", [True, False], ids=["as_the_runner", "by_hand"])
@pytest.mark.parametrize(
    ("pool", "is_halving"),
    [
        (nn.MaxPool2d(2), True),
        (nn.MaxPool2d((2, 2), stride=2), True),
        (nn.MaxPool2d(2, stride=1), False),
        (nn.MaxPool2d(3, stride=2), False),
        (nn.MaxPool2d((2, 1)), False),
        (nn.MaxPool2d(2, padding=1), False),
        (nn.MaxPool2d(2, dilation=2), False),
        (nn.MaxPool2d(3, ceil_mode=True), False),
        (nn.AvgPool2d(2), False),
    ],
    ids=str,
)
def test_pooling_by_two_is_quicker_and_gives_the_same(
    pool: nn.Module, is_halving: bool, decompose: bool, tmp_path: Path
) -> None:
    model = Pooled(pool)
    program = program_of(model, tmp_path, decompose=decompose)
    assert bool(halving_pools(live_nodes(program))) is is_halving
    assert_same_numbers(model, program)
