"""What torch's kernels take on trust, checked before they are called.

Statistics of a batch norm may be shorter than its input has channels: `_native_batch_norm_legit_no_training` runs
without an error on the CPU (torch 2.15.0; `test_statistics_of_another_length_are_refused`). A circular padding that
cuts off one end fills the other with memory that nobody wrote to, such as what is left of other images (torch 2.15.0).
And a tensor can be taken apart into a list of any length.
"""

from typing import Final

import torch

from grader.artifact.program import Node, Ref
from grader.graph.calling import CallFailed, Lookup

_PER_CHANNEL: Final = ("weight", "bias", "running_mean", "running_var")
_LAST_DIMENSIONS: Final = frozenset({"layer_norm.default", "native_layer_norm.default", "rms_norm.default"})


def refuse_loose_operands(node: Node, lookup: Lookup) -> None:
    """Returns where the operands are of the sizes that the operation is defined for.

    Raises:
        CallFailed: they are not, or the results would not be as many as the archive names.
    """
    if node.group == "norm":
        _refuse_loose_norm(node, lookup)
    elif node.short_op == "pad.default":
        _refuse_unwritten_padding(node, lookup)
    elif not node.symbolic and node.operator.lists:
        _refuse_long_list(node, lookup)


def _refuse_loose_norm(node: Node, lookup: Lookup) -> None:
    data = _tensor_argument(node, next(iter(node.operator.parameters)), lookup)
    if data is None:
        raise CallFailed
    if node.short_op in _LAST_DIMENSIONS:
        sizes = node.argument("normalized_shape")
        if not isinstance(sizes, tuple):
            raise CallFailed
        expected = tuple(lookup(size.name) if isinstance(size, Ref) else size for size in sizes)
        if not expected or tuple(data.shape[-len(expected) :]) != expected:
            raise CallFailed
    else:
        if data.dim() < 2:
            raise CallFailed
        expected = (int(data.shape[1]),)
        if node.short_op == "native_group_norm.default" and not _says_its_shape(node, data, lookup):
            raise CallFailed
    for name in _PER_CHANNEL:
        operand = _tensor_argument(node, name, lookup)
        if operand is not None and tuple(operand.shape) != expected:
            raise CallFailed


def _refuse_unwritten_padding(node: Node, lookup: Lookup) -> None:
    given = node.argument("pad")
    sizes = (
        [lookup(size.name) if isinstance(size, Ref) else size for size in given] if type(given) is tuple else [given]
    )
    if node.argument("mode") == "circular" and any(type(size) is not int or size < 0 for size in sizes):
        raise CallFailed


def _says_its_shape(node: Node, data: torch.Tensor, lookup: Lookup) -> bool:
    said = tuple(_int_argument(node, name, lookup) for name in ("N", "C", "HxW"))
    return said == (data.shape[0], data.shape[1], data[0, 0].numel() if data.numel() else 0)


def _refuse_long_list(node: Node, lookup: Lookup) -> None:
    """Shapes alone can make torch build long lists: one entry per part."""
    tensor = _tensor_argument(node, "self", lookup)
    dim = node.argument("dim")
    dim = dim if type(dim) is int else 0
    if tensor is None or not -tensor.dim() <= dim < tensor.dim():
        raise CallFailed
    if _parts(node, lookup, int(tensor.shape[dim])) != len(node.outputs):
        raise CallFailed


def _parts(node: Node, lookup: Lookup, size: int) -> int:
    """How many tensors a dimension of that size is taken apart into."""
    match node.short_op:
        case "unbind.int":
            return size
        case "split.Tensor":
            step = _int_argument(node, "split_size", lookup)
        case "chunk.default":
            step = -(-size // max(1, _int_argument(node, "chunks", lookup)))
        case _:
            return len(node.outputs)  # `split_with_sizes` lists its parts, and the list is bounded
    if step < 1:
        raise CallFailed
    return max(1, -(-size // step))


def _int_argument(node: Node, name: str, lookup: Lookup) -> int:
    value = node.argument(name)
    found = lookup(value.name) if isinstance(value, Ref) else value
    if type(found) is not int:
        raise CallFailed
    return found


def _tensor_argument(node: Node, name: str, lookup: Lookup) -> torch.Tensor | None:
    value = node.argument(name)
    found = lookup(value.name) if isinstance(value, Ref) else None
    return found if isinstance(found, torch.Tensor) else None
