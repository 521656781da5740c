"""Runs in which each image reads, at some places of the program, what another image gave: what then becomes of its
prediction tells by which way it came."""

from collections.abc import Callable, Container, Mapping
from typing import Final, TypeAlias

import torch

from grader.artifact.program import Program
from grader.evaluation.interpreter import Change, Interpreter, batches, padded
from grader.graph.liveness import live_nodes
from grader.graph.unrolling import image_dependent

Exchange: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""What is read in the place of a value, from the value and from the partner's."""
Read: TypeAlias = tuple[str, str]
"""A node and a value that it reads, by name."""
ROUNDS: Final = 8
"""Layers that lie on each other need one each until nothing changes any more."""


def partners_value(value: torch.Tensor, partners: torch.Tensor) -> torch.Tensor:
    """The exchange of the whole value."""
    return partners


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
        held: values that stay each image's own: what is exchanged is what it is for the partner's image and these,
            as they come out of the exchange.

    Raises:
        ArtifactRejected: as `Interpreter.logits`.
    """
    size, fixed = interpreter.program.batch or batch_size, interpreter.program.batch
    parts = []
    for own, others in zip(batches(images, size), batches(partners, size), strict=True):
        own, others = padded(own, fixed or len(own)), padded(others, fixed or len(others))
        parts.append(_exchanged(interpreter, exchanges, own, others, held).logits(own))
    return torch.cat(parts)[: len(images)]


def _exchanged(
    interpreter: Interpreter,
    exchanges: Mapping[Read, Exchange],
    images: torch.Tensor,
    partners: torch.Tensor,
    held: frozenset[str],
) -> Interpreter:
    names = {value for _, value in exchanges}
    if not held:
        return _reading(interpreter, exchanges, _values(interpreter, partners, names))
    rewired, given = interpreter, dict[str, torch.Tensor]()
    for _ in range(ROUNDS):
        before, given = given, _values(holding(interpreter, rewired.values(images, held)), partners, names)
        if before and all(torch.equal(value, before[name]) for name, value in given.items()):
            break
        rewired = _reading(interpreter, exchanges, given)
    return rewired


def _values(interpreter: Interpreter, images: torch.Tensor, names: Container[str]) -> dict[str, torch.Tensor]:
    return {interpreter.program.input: images, **interpreter.values(images, names)}


def _reading(
    interpreter: Interpreter, exchanges: Mapping[Read, Exchange], given: Mapping[str, torch.Tensor]
) -> Interpreter:
    return interpreter.rewired(
        {read: _bound(exchange, given[read[1]]) for read, exchange in exchanges.items() if read[1] in given}
    )


def holding(interpreter: Interpreter, given: Mapping[str, torch.Tensor]) -> Interpreter:
    """The same program where every node reads these values as given."""
    return interpreter.rewired(
        {
            (node.name, name): _bound(partners_value, given[name])
            for node in live_nodes(interpreter.program)
            for name in node.refs()
            if name in given
        }
    )


def _bound(exchange: Exchange, given: torch.Tensor) -> Change:
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
