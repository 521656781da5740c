"""Recurrence that works: which pixels enter at each step, and what predictions become when images swap their state.

Structure alone is fooled by a recurrent layer beside a network that does the work. So the trained model is run while
pairs of images exchange what the recurrence carried from one to the other, halfway and at the end. Both runs leave all
else as it was: a prediction that does not move did not come through the recurrence.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import torch

from grader.artifact.caps import MIB
from grader.artifact.program import Node, names_in
from grader.evaluation.interpreter import Change, Interpreter
from grader.graph.facts import RecurrenceFact
from grader.graph.liveness import live_nodes
from grader.graph.unrolling import (
    Pixels,
    Unit,
    fresh_pixels,
    image_dependent,
    recurrent_units,
)

WATCHED_BYTES: Final = 256 * MIB
"""Of the values that are compared, for a batch of two; what does not fit counts as entering nothing."""
TOLERANCE: Final = 1e-6
"""A value that changes by less than this share of its largest element does not depend on the pixel."""
PROBE_BATCH: Final = 2


Exchange: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""What is read instead of a value, from the value and from what it was before anything was exchanged."""


@dataclass(frozen=True, slots=True)
class Swaps:
    """For (node, value) by name, what the node reads instead, so that images exchange the state of every recurrence.

    Attributes:
        halfway: each image continues from the state that its partner has halfway.
        final: each image ends with what its partner's recurrence gave.
    """

    halfway: Mapping[tuple[str, str], Exchange]
    final: Mapping[tuple[str, str], Exchange]


@dataclass(frozen=True, slots=True)
class _Found:
    """A recurrence with what enters it.

    Attributes:
        unit: as the graph shows it.
        steps: times that something new enters.
        entering: values that bring it, for each stretch of the path; empty for a layer.
    """

    unit: Unit
    steps: int
    entering: tuple[frozenset[str], ...]


def find_recurrence(interpreter: Interpreter, *, steps: int, seed: int) -> tuple[RecurrenceFact | None, Swaps | None]:
    """The recurrence with the most steps, and how to swap the states of all that are long enough.

    Args:
        interpreter: of a program that was described, and so accepts a batch of two or its fixed batch.
        steps: fresh inputs from which on a recurrence counts.
        seed: of the images that dependence is found with.

    Returns:
        None for the fact where nothing in the graph is applied step by step; None for the swaps where nothing is long
        enough, or batches hold one image only.
    """
    found = _find(interpreter, recurrent_units(interpreter.program), seed)
    if not found:
        return None, None
    longest = max(found, key=lambda item: item.steps)
    fact = RecurrenceFact(longest.unit.name, longest.unit.kind, longest.steps)
    enough = [item for item in found if item.steps >= steps]
    if not enough or interpreter.program.batch == 1:
        return fact, None
    planner = _Planner(interpreter, enough)
    return fact, Swaps(halfway=planner.halfway(), final=planner.final())


def swapped_logits(
    interpreter: Interpreter, exchanges: Mapping[tuple[str, str], Exchange], images: torch.Tensor
) -> torch.Tensor:
    """Logits (N, classes) of one batch, float32, where each image reads its partner's state.

    Args:
        images: float32 (N, C, H, W), N even; an image's partner is the one half a batch before it.

    Raises:
        ArtifactRejected: as `Interpreter.logits`.
    """
    names = {value for _, value in exchanges}
    before = {interpreter.program.input: images, **interpreter.values(images, names)}
    reads = {
        (node, value): _bound(exchange, before[value])
        for (node, value), exchange in exchanges.items()
        if value in before
    }
    return interpreter.rewired(reads).logits(images)


def _bound(exchange: Exchange, before: torch.Tensor) -> Change:
    return lambda value: exchange(value, before)


def pair_up(logits: torch.Tensor, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """An order of images in which the swap by half a batch pairs images that are read as different digits.

    Args:
        logits: float32 (N, classes), of the main pass.
        batch: images per batch, at least 2; images that fill no batch are left out.

    Returns:
        int64 (M,) the images in order, M a multiple of `batch`; int64 (M,) the partner of each.
    """
    count = len(logits) // batch
    by_class = torch.argsort(logits[: count * batch].argmax(dim=1), stable=True)
    # Every batch takes each `count`-th image, so that all classes are in each, sorted.
    order = by_class.reshape(batch, count).t().reshape(-1)
    partners = order.reshape(count, batch).roll(batch // 2, dims=1).reshape(-1)
    return order, partners


def _find(interpreter: Interpreter, units: Sequence[Unit], seed: int) -> list[_Found]:
    """The units with what enters them."""
    axes = {unit.sequence[0]: unit.sequence[1] for unit in units if unit.sequence is not None}
    names = {name for unit in units for stretch in unit.joins for name in stretch}
    if not axes and not names:
        return []
    depends = _dependence(interpreter, names, axes, seed)
    found = []
    for unit in units:
        if unit.sequence is not None:
            fresh = fresh_pixels([(pixels,) for pixels in depends.get(unit.sequence[0], ())])
            entering: tuple[frozenset[str], ...] = ()
        else:
            fresh = fresh_pixels([[p for name in names for p in depends.get(name, ())] for names in unit.joins])
            entering = tuple(
                frozenset(name for name in names if chosen and chosen in depends.get(name, ()))
                for names, chosen in zip(unit.joins, fresh, strict=True)
            )
        found.append(_Found(unit, sum(map(bool, fresh)), entering))
    return found


def _dependence(
    interpreter: Interpreter, entering: set[str], axes: Mapping[str, int], seed: int
) -> dict[str, list[Pixels]]:
    """Which rows and columns of the image each value depends on; for sequences, each step of them.

    Found by changing one row or one column of an image at a time: no rule about any operation is needed, and a step
    that adds nothing a float32 could hold adds nothing.
    """
    program = interpreter.program
    _, channels, height, width = program.input_shape
    generator = torch.Generator().manual_seed(seed)
    shape = (program.batch or PROBE_BATCH, channels, height, width)
    images, others = torch.rand(shape, generator=generator), torch.rand(shape, generator=generator)
    names = _within_budget(entering | set(axes), interpreter.shapes(len(images)))
    before = {program.input: images, **interpreter.values(images, names)}
    found: dict[str, list[Pixels]] = {
        name: [0] * (value.shape[axes[name]] if name in axes else 1)
        for name, value in before.items()
        if name in entering | set(axes) and (name not in axes or value.dim() > axes[name])
    }
    for place in range(height + width):
        changed = images.clone()
        line = (..., place, slice(None)) if place < height else (..., place - height)
        changed[line] = others[line]
        after = {program.input: changed, **interpreter.values(changed, found.keys())}
        for name, pixels in found.items():
            moved = _moved(before[name], after[name])
            for step, hit in enumerate(_per_step(moved, axes.get(name))):
                pixels[step] |= hit << place
    return found


def _within_budget(names: set[str], shapes: Mapping[str, tuple[int, ...]]) -> set[str]:
    """The smallest of them, as many as may be held at once."""
    kept, room = set(), WATCHED_BYTES
    for name in sorted(names, key=lambda name: math.prod(shapes.get(name, ()))):
        room -= math.prod(shapes.get(name, ())) * torch.float32.itemsize
        if room >= 0:
            kept.add(name)
    return kept


def _moved(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Where two values differ, bool; where one is no finite number, they don't."""
    if not before.is_floating_point():
        before, after = before.double(), after.double()  # torch takes no difference of truth values
    scale = before.abs().nan_to_num(0.0, 0.0, 0.0).max() if before.numel() else before.new_zeros(())
    return (before - after).abs() > TOLERANCE * scale.clamp_min(TOLERANCE)


def _per_step(moved: torch.Tensor, axis: int | None) -> Iterator[bool]:
    parts = (moved,) if axis is None else moved.unbind(axis)
    return (bool(part.any()) for part in parts)


class _Planner:
    """Works out who reads what instead, from the graph."""

    def __init__(self, interpreter: Interpreter, found: Sequence[_Found]) -> None:
        self._found = found
        self._nodes = live_nodes(interpreter.program)
        self._dependent = image_dependent(interpreter.program.input, self._nodes)
        self._tainted = frozenset[str]().union(*(item.unit.tainted for item in found))
        self._batches = [interpreter.program.batch] if interpreter.program.batch else [PROBE_BATCH, PROBE_BATCH + 1]
        self._shapes = [interpreter.shapes(batch) for batch in self._batches]

    def halfway(self) -> dict[tuple[str, str], Exchange]:
        """Everything behind the middle of a recurrence reads what the partner had before it."""
        layers = {name: item.unit for item in self._found if item.unit.sequence for name in item.unit.levels}
        starts = frozenset[str]().union(*(self._starts(item) for item in self._found))
        reads: dict[tuple[str, str], Exchange] = {}
        later: set[str] = set()
        for node in self._nodes:
            layer = layers.get(node.name)
            if layer is not None and layer.sequence is not None:
                data, time = layer.sequence
                reads[node.name, data] = _FirstHalf(time)
                reads.update({(node.name, name): _Roll(1, 1) for name in self._states(node)})
            elif node.name in starts or not later.isdisjoint(node.refs()):
                crossing = [name for name in node.refs() if name in self._tainted and name not in later]
                reads.update(self._rolled(node, crossing))
            else:
                continue
            later.update(node.outputs)
        return reads

    def final(self) -> dict[tuple[str, str], Exchange]:
        """What leads to no recurrence any more reads what the partner's recurrences gave."""
        wanted: set[str] = set()
        early: set[str] = set()
        ends = {name for item in self._found for name in item.unit.levels}
        for node in reversed(self._nodes):
            if node.name in ends or not wanted.isdisjoint(node.outputs):
                wanted.update(node.refs())
                early.update(node.outputs)
        reads: dict[tuple[str, str], Exchange] = {}
        for node in self._nodes:
            if early.isdisjoint(node.outputs):
                crossing = [name for name in node.refs() if name in self._tainted and name in early]
                reads.update(self._rolled(node, crossing))
        return reads

    def _starts(self, item: _Found) -> set[str]:
        """Where the second half of a path begins: its next application, and where its next input enters before that."""
        if item.unit.sequence is not None:
            return set()
        middle = (max(item.unit.levels.values()) + 1) // 2
        entering = item.entering[middle] if middle < len(item.entering) else frozenset()
        doors = {name for name, stretch in item.unit.doors.items() if stretch == middle}
        return {
            node.name
            for node in self._nodes
            if item.unit.levels.get(node.name) == middle + 1
            or (node.name in doors and not entering.isdisjoint(node.refs()))
        }

    def _states(self, node: Node) -> list[str]:
        """A layer's first state, where the image gives it."""
        return [name for name in names_in(node.argument("hx")) if name in self._dependent]

    def _rolled(self, node: Node, names: Iterable[str]) -> dict[tuple[str, str], Exchange]:
        axes = {name: self._batch_axis(name) for name in names}
        return {(node.name, name): axis for name, axis in axes.items() if axis is not None}

    def _batch_axis(self, name: str) -> "_Roll | None":
        """Which axis of the value counts images; None where none does, or it is an integer."""
        if any(name not in shapes for shapes in self._shapes):
            return None
        sizes = [shapes[name] for shapes in self._shapes]
        for axis, size in enumerate(sizes[0]):
            varies = len(sizes) > 1 and sizes[1][axis] != size
            fixed = len(sizes) == 1 and size == self._batches[0]
            if varies or fixed:
                return _Roll(axis, size // self._batches[0])
        return None


@dataclass(frozen=True, slots=True)
class _Roll:
    """Every image gets what belongs to the one half a batch before it; `rows` elements of the axis per image."""

    axis: int
    rows: int

    def __call__(self, value: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        rows = max(self.rows, 1)
        return before.roll(before.shape[self.axis] // rows // 2 * rows, self.axis)


@dataclass(frozen=True, slots=True)
class _FirstHalf:
    """The first half of a layer's sequence comes from the image half a batch before; `time` is the axis of steps."""

    time: int

    def __call__(self, value: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        half = value.shape[self.time] // 2
        partner = _Roll(1 - self.time, 1)(value, before)
        later = value.narrow(self.time, half, value.shape[self.time] - half)
        return torch.cat([partner.narrow(self.time, 0, half), later], dim=self.time)
