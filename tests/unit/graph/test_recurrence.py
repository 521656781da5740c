"""Recurrent layers: every shape is checked by us, because torch's kernel does not."""

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from grader.artifact import Caps, Program, Ref, Weight
from grader.errors import ArtifactRejected
from grader.evaluation.interpreter import Interpreter
from grader.graph.dry_run import dry_run
from tests.unit.artifact.models import MODELS, Recurrent, program_of

torch.set_num_threads(1)


class Projecting(nn.Module):
    """An LSTM whose state is narrower than its cell."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(28, 12, num_layers=2, bidirectional=True, proj_size=5, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.rnn(x.squeeze(1).permute(1, 0, 2))[0][-1]


class Cells(nn.Module):
    """Each kind of cell, one step, with and without biases."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRUCell(28, 8)
        self.tanh = nn.RNNCell(28, 8, bias=False)
        self.relu = nn.RNNCell(28, 8, nonlinearity="relu")
        self.lstm = nn.LSTMCell(28, 8, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.squeeze(1).unbind(1)
        h = self.relu(rows[2], self.tanh(rows[1], self.gru(rows[0])))
        return self.lstm(rows[3], (h, h))[0]


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN:UserWarning")
@pytest.mark.parametrize("model", [Projecting, Cells, lambda: Recurrent(nn.GRU, num_layers=3, bias=False)])
def test_honest_layer_of_any_kind_has_the_shapes_that_torch_gives(model: type[nn.Module], tmp_path: Path) -> None:
    module = model().eval()
    images = torch.rand(3, 1, 28, 28)
    with torch.no_grad():
        expected = module(images)
    torch.testing.assert_close(Interpreter(program_of(module, tmp_path)).logits(images), expected, atol=1e-5, rtol=0)


def reshaped(program: Program, name: str, shape: tuple[int, ...]) -> Program:
    weight = program.weights[name]
    other = Weight(torch.zeros(shape), weight.kind, weight.path, weight.storage)
    return dataclasses.replace(program, weights={**program.weights, name: other})


@pytest.mark.parametrize("shape", [(48, 28), (48, 11), (44, 12), (48,), (1, 1), (0, 12)])
def test_recurrent_weight_of_another_shape_is_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    program = reshaped(program_of(Recurrent(nn.LSTM), tmp_path), "p_rnn_weight_hh_l0", shape)
    with pytest.raises(ArtifactRejected) as caught:
        dry_run(program, 2, Caps())
    assert caught.value.code == "impossible_graph"
    assert "lstm.input" in caught.value.message.en


@pytest.mark.parametrize(
    ("model", "name", "shape"),
    [
        ("gru", "p_rnn_bias_hh_l0", (12,)),
        ("rnn", "p_rnn_weight_ih_l0", (12, 27)),
        ("lstm_two_layers_both_ways", "p_rnn_weight_ih_l1_reverse", (48, 12)),
        ("lstm_cell_loop", "p_cell_weight_hh", (48, 11)),
        ("lstm_cell_loop", "p_cell_bias_ih", (1,)),
    ],
)
def test_weight_of_another_shape_is_refused_in_every_kind(
    model: str, name: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    program = reshaped(program_of(MODELS[model](), tmp_path), name, shape)
    with pytest.raises(ArtifactRejected) as caught:
        dry_run(program, 2, Caps())
    assert caught.value.code == "impossible_graph"


def test_state_of_another_batch_size_is_refused(tmp_path: Path) -> None:
    program = program_of(Recurrent(nn.LSTM), tmp_path)
    nodes = tuple(
        dataclasses.replace(
            node,
            arguments=tuple(
                (name, tuple(3 if isinstance(item, Ref) else item for item in value) if name == "size" else value)
                for name, value in node.arguments
            ),
        )
        if node.op == "torch.ops.aten.zeros.default"
        else node
        for node in program.nodes
    )
    with pytest.raises(ArtifactRejected, match="lstm"):
        dry_run(dataclasses.replace(program, nodes=nodes), 2, Caps())
