"""Shapes, memory and work of a program for one batch size, before anything is computed.

Runs on torch's `meta` device, where tensors have shapes and no memory. Each node is checked against the caps before
the next is looked at, so no value that a later node reads is larger than the caps allow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch

from grader.artifact.caps import MIB, Caps
from grader.artifact.program import Node, Program
from grader.artifact.refusal import quote, refuse
from grader.graph.calling import CallFailed, Lookup, Value, call
from grader.graph.costs import element_operations, multiply_accumulates
from grader.graph.liveness import last_uses, live_nodes
from grader.graph.operands import refuse_loose_operands
from grader.graph.recurrence import recurrent_shapes

META: Final = torch.device("meta")
EXAMPLE_BATCH: Final = 2
"""Second batch size that is tried, so that a graph that fits one size only is found out."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What one batch takes.

    Attributes:
        batch: images in it.
        shapes: of every tensor that a live node returns; the input's and the weights' are not repeated.
        multiply_accumulates: of each live node, by its name, for the whole batch.
        work: multiply-accumulates and element operations of all live nodes together.
        peak_bytes: intermediate values alive at once, input included, weights not; an upper bound.
        output_dtype: type of the output.
    """

    batch: int
    shapes: Mapping[str, tuple[int, ...]]
    multiply_accumulates: Mapping[str, int]
    work: int
    peak_bytes: int
    output_dtype: torch.dtype


def dry_run(program: Program, batch: int, caps: Caps) -> DryRun:
    """Walks the live nodes with `batch` images.

    Args:
        program: vetted; its shapes need not fit together.
        batch: images; a program with a fixed batch takes no other.
        caps: `activation_bytes` bounds the batch, `work` is per image.

    Raises:
        ArtifactRejected: an operation can't be applied, or the caps are passed.
    """
    shape = (batch, *program.input_shape[1:])
    values: dict[str, Value] = {program.input: torch.empty(shape, dtype=program.dtype, device=META)}
    values |= {name: weight.tensor.to(META) for name, weight in program.weights.items()}
    memory = _Memory(program, values[program.input])
    shapes: dict[str, tuple[int, ...]] = {}
    products: dict[str, int] = {}
    work = 0
    nodes = live_nodes(program)
    ends = last_uses(nodes, program.output)
    with torch.inference_mode():
        for node in nodes:
            results = _call(node, values.__getitem__, batch)
            memory.take(node, results)
            if memory.peak_bytes > caps.activation_bytes:
                raise refuse(
                    "too_much_memory", limit_mib=caps.activation_bytes // MIB, batch=batch, node=quote(node.name)
                )
            products[node.name] = multiply_accumulates(node, values.__getitem__, results)
            work += products[node.name] + element_operations(node, values.__getitem__, results)
            if work > caps.work * batch:
                raise refuse("too_much_work", limit=caps.work, node=quote(node.name))
            for name, result in zip(node.outputs, results, strict=True):
                values[name] = result
                if isinstance(result, torch.Tensor):
                    shapes[name] = tuple(result.shape)
            for name in ends[node.name]:
                memory.release(name)
                values.pop(name, None)
    output = values[program.output]
    if not isinstance(output, torch.Tensor):
        raise refuse("wrong_outputs")
    shapes[program.output] = tuple(output.shape)
    return DryRun(batch, shapes, products, work, memory.peak_bytes, output.dtype)


def _call(node: Node, lookup: Lookup, batch: int) -> tuple[Value, ...]:
    try:
        refuse_loose_operands(node, lookup)
        if node.group == "recurrent":
            shapes = recurrent_shapes(node, lookup)
            return tuple(torch.empty(shape, dtype=torch.float32, device=META) for shape in shapes)
        return call(node, lookup, META)
    except CallFailed as error:
        raise refuse("impossible_graph", op=quote(node.short_op), node=quote(node.name), batch=batch) from error


class _Memory:
    """Bytes alive while the nodes run, views counted with what they look at."""

    def __init__(self, program: Program, image: Value) -> None:
        self._alive: dict[str, int] = {}
        self._owner = dict.fromkeys(program.weights, "") | {program.input: program.input}
        self._readers: dict[str, int] = {}
        self._bytes = self.peak_bytes = 0
        self._add(program.input, image)

    def take(self, node: Node, results: tuple[Value, ...]) -> None:
        """The node's results come to life."""
        view = not node.symbolic and node.operator.effect == "view"
        base = next(iter(node.refs()), "")
        for name, result in zip(node.outputs, results, strict=True):
            self._owner[name] = self._owner.get(base, "") if view else name
            self._add(name, result)
        self.peak_bytes = max(self.peak_bytes, self._bytes)

    def release(self, name: str) -> None:
        """Nothing reads the value any more; its memory goes when no view of it is left."""
        owner = self._owner.get(name, "")
        self._readers[owner] = self._readers.get(owner, 0) - 1
        if owner and not self._readers[owner]:
            self._bytes -= self._alive.pop(owner, 0)

    def _add(self, name: str, value: Value) -> None:
        owner = self._owner[name]
        self._readers[owner] = self._readers.get(owner, 0) + 1
        if owner == name and isinstance(value, torch.Tensor):
            self._alive[name] = value.numel() * value.itemsize
            self._bytes += self._alive[name]
            self.peak_bytes = max(self.peak_bytes, self._bytes)
