"""A vetted program: what is left of an artifact once nothing in it has to be trusted any more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch

from grader.artifact.operators import OPERATORS, Operator
from grader.artifact.overloads import SYMBOLIC


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of that name: a weight, the input, or an earlier node's output (tensor or symbolic integer)."""

    name: str


Scalar: TypeAlias = bool | int | float | str | torch.dtype | torch.memory_format | None
Argument: TypeAlias = "Ref | Scalar | tuple[Ref | Scalar, ...]"


def names_in(value: Argument) -> Iterator[str]:
    """Names of the values that an argument refers to, in order."""
    for item in value if isinstance(value, tuple) else (value,):
        if isinstance(item, Ref):
            yield item.name


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of our table with every argument bound by name.

    Attributes:
        name: unique in the program.
        op: key of `OPERATORS`, or one of `SYMBOLIC`.
        arguments: (name in the operation's schema, value); devices and layouts are dropped, the executor sets them.
        outputs: names of what it returns, in order; operations that return a list have one name per element.
    """

    name: str
    op: str
    arguments: tuple[tuple[str, Argument], ...]
    outputs: tuple[str, ...]

    @property
    def symbolic(self) -> bool:
        """It computes an integer from the batch size, and no tensor; it has no row in the table."""
        return self.op in SYMBOLIC

    @property
    def operator(self) -> Operator:
        """The row of our table; symbolic nodes have none."""
        return OPERATORS[self.op]

    @property
    def group(self) -> str:
        """The op group that mission rules speak of; `symbolic` for symbolic nodes."""
        return "symbolic" if self.symbolic else self.operator.group

    @property
    def short_op(self) -> str:
        """The operation without the prefix that nearly all share: `conv2d.default`."""
        return self.op.removeprefix("torch.ops.aten.")

    def argument(self, name: str) -> Argument:
        """The argument of that name; None where the node leaves it at its default."""
        return dict(self.arguments).get(name)

    def refs(self) -> Iterator[str]:
        """Names of the values it reads, in order of the arguments."""
        for _, value in self.arguments:
            yield from names_in(value)


@dataclass(frozen=True, slots=True, eq=False)
class Weight:
    """A tensor that the archive holds.

    Attributes:
        tensor: on the CPU, in memory of its own, with the strides it was saved with; never written to.
        kind: `parameter` where the student's module called it one.
        path: its dotted name in the student's module, such as `conv1.weight`.
        storage: weights of the same storage share their bytes.
    """

    tensor: torch.Tensor
    kind: Literal["parameter", "buffer", "constant"]
    path: str
    storage: str


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A straight line of functional operations from one batch of images to one tensor.

    Every name is defined once and before it is read; no node writes to a value that exists already.

    Attributes:
        nodes: in execution order.
        input: name of the batch of images, float32.
        input_shape: (N, C, H, W) as exported; N is None where the batch dimension is dynamic.
        output: name of the logits.
        weights: parameters, buffers and constants by value name.
        torch_version: what the archive says wrote it, `unknown` where that is no version; for the report only.
    """

    nodes: tuple[Node, ...]
    input: str
    input_shape: tuple[int | None, int, int, int]
    output: str
    weights: Mapping[str, Weight]
    torch_version: str

    @property
    def batch(self) -> int | None:
        """The fixed batch size, or None where any will do."""
        return self.input_shape[0]

    @property
    def dtype(self) -> torch.dtype:
        """Of the input; the reader accepts no other."""
        return torch.float32
