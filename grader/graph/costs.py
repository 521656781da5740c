"""What a node costs: multiply-accumulates for the layers that multiply, element operations for all."""

import math
from typing import Final

import torch

from grader.artifact.program import Node, Ref
from grader.graph.calling import Lookup, Value

MULTIPLYING: Final = frozenset({"conv", "dense", "recurrent", "attention"})


def multiply_accumulates(node: Node, lookup: Lookup, results: tuple[Value, ...]) -> int:
    """Products that the node adds up for this batch; 0 for groups that are not `MULTIPLYING`.

    Args:
        node: vetted.
        lookup: the tensors it reads; only shapes are looked at.
        results: what it returned.
    """
    inputs = _tensors(node, lookup)
    output = results[0]
    if node.group not in MULTIPLYING or not isinstance(output, torch.Tensor) or not inputs:
        return 0
    match node.group:
        case "conv":
            return _convolution(node, lookup, inputs, output)
        case "recurrent":
            return _recurrent(node, inputs)
        case "attention":
            query, key, value = inputs[:3]
            return math.prod(query.shape[:-1]) * key.shape[-2] * (query.shape[-1] + value.shape[-1])
        case _:
            return _dense(node, inputs, output)


def element_operations(node: Node, lookup: Lookup, results: tuple[Value, ...]) -> int:
    """Elements that the node reads or writes, whichever are more, times the window for pooling."""
    written = sum(item.numel() for item in results if isinstance(item, torch.Tensor))
    read = sum(item.numel() for item in _tensors(node, lookup))
    window = node.argument("kernel_size") if node.group == "pool" else None
    kernel = [item for item in window if type(item) is int] if isinstance(window, tuple) else [1]
    return max(read, written * abs(math.prod(kernel)))


def _tensors(node: Node, lookup: Lookup) -> list[torch.Tensor]:
    values = [lookup(name) for name in node.refs()]
    return [value for value in values if isinstance(value, torch.Tensor)]


def _convolution(node: Node, lookup: Lookup, inputs: list[torch.Tensor], output: torch.Tensor) -> int:
    weight = node.argument("weight")
    kernel = lookup(weight.name) if isinstance(weight, Ref) else None
    if not isinstance(kernel, torch.Tensor) or not kernel.dim() or not kernel.shape[0]:
        return 0
    transposed = "transpose" in node.op or node.argument("transposed") is True
    spread = inputs[0] if transposed else output
    return spread.numel() * (kernel.numel() // kernel.shape[0])


def _recurrent(node: Node, inputs: list[torch.Tensor]) -> int:
    data, weights = inputs[0], [item for item in inputs[1:] if item.dim() == 2]
    if not node.op.endswith(".input"):
        # A cell's matrices are `w_ih` and `w_hh`; its states are matrices as well, (N, hidden).
        named = [value.name for name, value in node.arguments if name in ("w_ih", "w_hh") and isinstance(value, Ref)]
        refs = list(node.refs())
        weights = [inputs[refs.index(name)] for name in named]
        return int(data.shape[0]) * sum(item.numel() for item in weights)
    rows = math.prod(data.shape[:-1])
    return rows * sum(item.numel() for item in weights)


def _dense(node: Node, inputs: list[torch.Tensor], output: torch.Tensor) -> int:
    if node.short_op == "einsum.default":
        return _einsum(node, inputs, output)
    left = inputs[1] if node.short_op in ("addmm.default", "baddbmm.default") else inputs[0]
    return output.numel() * int(left.shape[-1] if left.dim() else 1)


def _einsum(node: Node, inputs: list[torch.Tensor], output: torch.Tensor) -> int:
    """The product over all labels: an upper bound, whatever order torch contracts in."""
    equation = node.argument("equation")
    terms = str(equation).replace(" ", "").partition("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, tensor in zip(terms, inputs, strict=False):
        if "." in term:
            # With an ellipsis the labels' places are not ours to find out: bound by all sizes there are.
            return math.prod(max(item.numel(), 1) for item in inputs)
        for label, size in zip(term, tensor.shape, strict=False):
            sizes[label] = max(sizes.get(label, 1), int(size))
    return max(math.prod(sizes.values()), output.numel())
