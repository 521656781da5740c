"""Shapes of recurrent layers and cells, by rule and in full.

torch's own `meta` kernels take 2 ms a step to find them (2.15.0, 2 cores), and its CPU kernel for LSTM layers does not
check them: it ran without an error on a recurrent weight of the wrong width (2.15.0,
`test_recurrent_weight_of_another_shape_is_refused`). So nothing here is left to torch.
"""

from dataclasses import dataclass
from typing import Final

import torch

from grader.artifact.program import Node, names_in
from grader.graph.calling import CallFailed, Lookup, Value

MAX_STEPS: Final = 4096
"""Of one layer; torch walks them one by one."""
MAX_LAYERS: Final = 64
_GATES: Final = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}
Shape = tuple[int, ...]


def recurrent_shapes(node: Node, lookup: Lookup) -> tuple[Shape, ...]:
    """Shapes of the results of a layer or a cell.

    Raises:
        CallFailed: sequence, states, weights and results are not exactly those of such a layer, or one is no float32
            tensor, or it is longer than allowed.
    """
    name, _, kind = node.short_op.partition(".")
    if kind == "input":
        return _layer(node, lookup, gates=_GATES[name])
    return _cell(node, lookup, gates=_GATES[name.removesuffix("_cell")])


@dataclass(frozen=True, slots=True)
class _Widths:
    """`given` out of the layer below, `state` handed to the next step, `cell` inside; the last two differ where an
    LSTM projects."""

    given: int
    state: int
    cell: int


def _layer(node: Node, lookup: Lookup, *, gates: int) -> tuple[Shape, ...]:
    data, states = _tensors(node, "input", lookup)[0], _tensors(node, "hx", lookup)
    layers, both_ways = node.argument("num_layers"), node.argument("bidirectional") is True
    if type(layers) is not int or not 0 < layers <= MAX_LAYERS or len(data) != 3:
        raise CallFailed
    directions = 2 if both_ways else 1
    rows, steps = (data[0], data[1]) if node.argument("batch_first") is True else (data[1], data[0])
    if not 0 < steps <= MAX_STEPS or len(states) != (2 if gates == 4 else 1) or len(states) != len(node.outputs) - 1:
        raise CallFailed
    if any(len(state) != 3 or state[:2] != (layers * directions, rows) for state in states):
        raise CallFailed
    width, cell = states[0][2], states[-1][2]
    expected: list[Shape] = []
    for layer in range(layers):
        widths = _Widths(given=directions * width if layer else data[2], state=width, cell=cell)
        expected += directions * _weights(widths, gates, biased=node.argument("has_biases") is True)
    if _tensors(node, "params", lookup) != expected:
        raise CallFailed
    return (data[0], data[1], directions * width), *states


def _cell(node: Node, lookup: Lookup, *, gates: int) -> tuple[Shape, ...]:
    data, states = _tensors(node, "input", lookup)[0], _tensors(node, "hx", lookup)
    if len(states) != (2 if gates == 4 else 1) or len(states) != len(node.outputs) or len(data) != 2:
        raise CallFailed
    width = states[0][-1] if states[0] else 0
    if any(state != (data[0], width) for state in states):
        raise CallFailed
    given = [shape for name in ("w_ih", "w_hh", "b_ih", "b_hh") for shape in _tensors(node, name, lookup)]
    widths = _Widths(given=data[1], state=width, cell=width)
    if given not in (_weights(widths, gates, biased=True), _weights(widths, gates, biased=False)):
        raise CallFailed
    return tuple(states)


def _weights(widths: _Widths, gates: int, *, biased: bool) -> list[Shape]:
    """What one layer in one direction holds, in torch's order."""
    rows = gates * widths.cell
    shapes: list[Shape] = [(rows, widths.given), (rows, widths.state)]
    if biased:
        shapes += [(rows,), (rows,)]
    if widths.state != widths.cell:
        shapes.append((widths.state, widths.cell))
    return shapes


def _tensors(node: Node, name: str, lookup: Lookup) -> list[Shape]:
    """Shapes of the argument's tensors; none where it is absent."""
    values: list[Value] = [lookup(found) for found in names_in(node.argument(name))]
    shapes = [tuple(item.shape) for item in values if isinstance(item, torch.Tensor) and item.dtype is torch.float32]
    if len(shapes) != len(values) or (name == "input" and not shapes):
        raise CallFailed
    return shapes
