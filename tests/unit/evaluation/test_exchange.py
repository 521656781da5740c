"""Images exchange what layers of one kind gave: whose predictions come by way of those follow their partners."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from grader.artifact import Caps
from grader.evaluation.exchange import carries_all, exchanged_logits, partners_of, results_of
from grader.evaluation.interpreter import Interpreter
from grader.graph.description import describe
from tests.unit.artifact.models import MODELS, program_of

torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("name", "carrying", "others"),
    [
        ("cnn", {"conv", "dense", "norm"}, {"recurrent"}),
        ("mlp", {"dense"}, {"conv"}),
        ("lstm", {"recurrent", "dense"}, {"conv"}),
        ("lstm_cell_loop", {"recurrent", "dense"}, set()),
        ("conv_only", {"conv"}, {"dense"}),
        ("shared_weights", {"dense"}, {"conv"}),
        ("hand_written_attention", {"dense"}, {"attention"}),
    ],
)
def test_network_is_known_to_see_by_way_of_a_group_alone_and_then_reads_the_partner(
    name: str, carrying: set[str], others: set[str], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    program = program_of(MODELS[name]().eval(), tmp_path)
    assert {group for group in carrying | others if carries_all(program, group)} == carrying
    interpreter, images = Interpreter(program), torch.rand(6, 1, 28, 28)
    for group in carrying:
        reads = results_of(program, group)
        if reads:  # none follow where the group itself gives the logits
            swapped = exchanged_logits(interpreter, reads, images, images.roll(3, 0), 4)
            torch.testing.assert_close(swapped, interpreter.logits(images.roll(3, 0)), atol=1e-5, rtol=1e-5)


class Beside(nn.Module):
    """A dense layer on the image, and a convolution that takes part in some way."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.dense, self.conv = nn.Linear(784, 10), nn.Conv2d(1, 10, 3, stride=2)
        self.register_buffer("fixed", torch.ones(1, 1, 28, 28))

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "gate":
            return self.dense(x.flatten(1)) * (0.0 * self.conv(x).mean(dim=(2, 3)) + 1.0)
        if self.how == "constant_gate":
            return self.dense(x.flatten(1)) * self.conv(self.fixed).mean(dim=(2, 3))
        return self.dense(x.flatten(1)) + self.conv(x).mean(dim=(2, 3))


def test_gate_that_says_the_same_of_every_image_carries_nothing(tmp_path: Path) -> None:
    program = program_of(Beside("gate").eval(), tmp_path)
    assert not carries_all(program, "conv")
    interpreter, images = Interpreter(program), torch.rand(6, 1, 28, 28)
    swapped = exchanged_logits(interpreter, results_of(program, "conv"), images, images.roll(3, 0), 4)
    torch.testing.assert_close(swapped, interpreter.logits(images), atol=1e-5, rtol=1e-5)


def test_convolution_of_constants_is_none(tmp_path: Path) -> None:
    program = program_of(Beside("constant_gate").eval(), tmp_path)
    facts = describe(program, image_shape=(1, 28, 28), max_batch=250, caps=Caps())
    assert "conv" not in facts.groups
    assert [layer.op for layer in facts.layers if layer.group == "conv"] == ["conv2d.default"]
    assert not results_of(program, "conv")


@pytest.mark.parametrize("batch", [None, 1, 4])
def test_sum_of_two_ways_is_half_the_partners(batch: int | None, tmp_path: Path) -> None:
    model = Beside("sum").eval()
    program = program_of(model, tmp_path, dynamic=batch is None, batch=batch or 2)
    images = torch.rand(6, 1, 28, 28)
    partners = images.roll(3, 0)
    swapped = exchanged_logits(Interpreter(program), results_of(program, "conv"), images, partners, 4)
    with torch.no_grad():
        expected = model.dense(images.flatten(1)) + model.conv(partners).mean(dim=(2, 3))
    torch.testing.assert_close(swapped, expected, atol=1e-5, rtol=1e-5)


def test_partners_are_read_as_different_digits_and_nobody_is_left_out() -> None:
    logits = torch.eye(10)[torch.randint(0, 10, (1001,), generator=torch.Generator().manual_seed(0))]
    partners = partners_of(logits)
    assert sorted(partners.tolist()) == list(range(1001))
    assert (logits.argmax(dim=1) != logits[partners].argmax(dim=1)).all()
