"""Runs in which each image reads, at some places of the program, what another image gave: what then becomes of its
prediction tells by which way it came."""

from collections.abc import Callable, Container, Mapping
from typing import TypeAlias

import torch

from grader.artifact.program import Program
from grader.evaluation.interpreter import Change, Interpreter, batches, padded
from grader.graph.liveness import live_nodes
from grader.graph.unrolling import image_dependent

Exchange: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""What is read in the place of a value, from the value and from the partner's, or from what the partner adds to it."""
Read: TypeAlias = tuple[str, str]
"""A node and a value that it reads, by name."""


def partners_value(value: torch.Tensor, partners: torch.Tensor) -> torch.Tensor:
    """The exchange of the whole value."""
    return partners


def partners_part(value: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
    """The exchange of that in a value which comes of the image alone."""
    return value + added if value.is_floating_point() else added


def partners_of(logits: torch.Tensor) -> torch.Tensor:
    """For each image another one, read as a different digit where no digit is that of half of them.

    Args:
        logits: float32 (N, classes).

    Returns:
        int64 (N,), each image once.
    """
    by_class = torch.argsort(logits.argmax(dim=1), stable=True)
    partners = torch.empty_like(by_class)
    partners[by_class] = by_class.roll(len(by_class) // 2)
    return partners


def exchanged_logits(
    interpreter: Interpreter,
    exchanges: Mapping[Read, Exchange],
    images: torch.Tensor,
    partners: torch.Tensor,
    batch_size: int,
    *,
    held: frozenset[str] = frozenset(),
) -> torch.Tensor:
    """Logits (N, classes), float32, of images that read something of their partners'.

    Args:
        images, partners: float32 (N, C, H, W), the partner of each image in its place.
        batch_size: a program with a fixed batch is run with that one instead.
        held: values that count as given: the exchanges get what the partner adds, these left as they are.

    Raises:
        ArtifactRejected: as `Interpreter.logits`.
    """
    size, fixed = interpreter.program.batch or batch_size, interpreter.program.batch
    names = {value for _, value in exchanges}
    parts = []
    for own, others in zip(batches(images, size), batches(partners, size), strict=True):
        own, others = padded(own, fixed or len(own)), padded(others, fixed or len(others))
        given = _added(interpreter, own, others, names, held) if held else _values(interpreter, others, names)
        reads = {read: bound(exchange, given[read[1]]) for read, exchange in exchanges.items() if read[1] in given}
        parts.append(interpreter.rewired(reads).logits(own))
    return torch.cat(parts)[: len(images)]


def _added(
    interpreter: Interpreter, images: torch.Tensor, partners: torch.Tensor, names: set[str], held: frozenset[str]
) -> dict[str, torch.Tensor]:
    """What values change by with the partners' images, those of `held` left as they are; where that is no number, what
    they become."""
    before = _values(interpreter, images, names | held)
    after = _values(holding(interpreter, {name: before[name] for name in held & before.keys()}), partners, names)
    return {name: value - before[name] if value.is_floating_point() else value for name, value in after.items()}


def _values(interpreter: Interpreter, images: torch.Tensor, names: Container[str]) -> dict[str, torch.Tensor]:
    return {interpreter.program.input: images, **interpreter.values(images, names)}


def holding(interpreter: Interpreter, given: Mapping[str, torch.Tensor]) -> Interpreter:
    """The same program where every node reads these values as given."""
    return interpreter.rewired(
        {
            (node.name, name): bound(partners_value, given[name])
            for node in live_nodes(interpreter.program)
            for name in node.refs()
            if name in given
        }
    )


def bound(exchange: Exchange, given: torch.Tensor) -> Change:
    """The exchange with this value."""
    return lambda value: exchange(value, given)


def carries_all(program: Program, group: str) -> bool:
    """Whether whatever of an image reaches the logits does so by way of an op group, as the graph tells.

    Where it does, images that exchange what the group gave are read as each other.
    """
    nodes = live_nodes(program)
    others = [node for node in nodes if node.group != group]
    return program.output not in image_dependent(program.input, others)


def results_of(program: Program, group: str) -> dict[Read, Exchange]:
    """Where what an op group made of the image is read for the last time: by nodes that lead to none of the group."""
    nodes = live_nodes(program)
    dependent = image_dependent(program.input, nodes)
    sources = {node.name for node in nodes if node.group == group and not dependent.isdisjoint(node.outputs)}
    given, leading = set[str](), set[str]()
    for node in nodes:
        if node.name in sources or not given.isdisjoint(node.refs()):
            given.update(node.outputs)
    for node in reversed(nodes):
        if node.name in sources or not leading.isdisjoint(node.outputs):
            leading.update((*node.refs(), *node.outputs))
    last = [node for node in nodes if leading.isdisjoint(node.outputs)]
    return {(node.name, name): partners_value for node in last for name in node.refs() if name in given & leading}
