"""Recurrence that works: which pixels enter at each step, and what predictions become when images swap them.

Structure alone is fooled by a recurrent layer beside a network that does the work. So the trained model is run while
pairs of images exchange the state that the recurrence carries halfway, and once more while they exchange the parts of
the image that enter step by step. Both runs leave all else as it was: a prediction that does not become the partner's
with the partner's rows came by another way, whether around the recurrence or into it as a summary of the whole image.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch

from grader.artifact.caps import MIB
from grader.artifact.program import Node, Program, names_in
from grader.evaluation.exchange import Exchange, Read, holding, partners_part, partners_value
from grader.evaluation.interpreter import Interpreter
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
PART: Final = 0.25
"""What depends on no more than this share of the image's rows, or of its columns, is a part of the image."""


@dataclass(frozen=True, slots=True)
class Swaps:
    """For (node, value) by name, what the node reads instead, so that images exchange the state of every recurrence.

    Attributes:
        halfway: each image continues from the state that its partner has halfway.
        inputs: each image's recurrences read the parts of its partner that enter step by step; given what these add to
            values that may hold other things, too.
        results: what recurrences give, which `inputs` leaves to each image.
    """

    halfway: Mapping[Read, Exchange]
    inputs: Mapping[Read, Exchange]
    results: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Found:
    """A recurrence with what enters it.

    Attributes:
        unit: as the graph shows it.
        steps: times that something new enters.
        entering: values that bring it, for each stretch of the path; empty for a layer.
        parts: entering values that are parts of the image but for what recurrences gave; empty for a layer.
        part_steps: steps of a layer's sequence that are; empty for anything else.
    """

    unit: Unit
    steps: int
    entering: tuple[frozenset[str], ...]
    parts: frozenset[str] = frozenset()
    part_steps: tuple[int, ...] = ()


def find_recurrence(interpreter: Interpreter, *, steps: int, seed: int) -> tuple[RecurrenceFact | None, Swaps | None]:
    """The recurrence with the most steps, and how to swap the states of all that are long enough.

    Args:
        interpreter: of a program that was described, and so accepts a batch of two or its fixed batch.
        steps: fresh inputs from which on a recurrence counts.
        seed: of the images that dependence is found with.

    Returns:
        None for the fact where nothing in the graph is applied step by step; None for the swaps where nothing is long
        enough.
    """
    found = _find(interpreter, recurrent_units(interpreter.program), seed)
    if not found:
        return None, None
    longest = max(found, key=lambda item: item.steps)
    fact = RecurrenceFact(longest.unit.name, longest.unit.kind, longest.steps)
    enough = [item for item in found if item.steps >= steps]
    if not enough:
        return fact, None
    planner = _Planner(interpreter.program, enough)
    results = frozenset(_results(interpreter.program, (item.unit for item in found)))
    return fact, Swaps(halfway=planner.halfway(), inputs=planner.inputs(results), results=results)


def _find(interpreter: Interpreter, units: Sequence[Unit], seed: int) -> list[_Found]:
    """The units with what enters them."""
    axes = {unit.sequence[0]: unit.sequence[1] for unit in units if unit.sequence is not None}
    names = {name for unit in units for stretch in unit.joins for name in stretch}
    if not axes and not names:
        return []
    depends = _dependence(interpreter, names, axes, seed)
    results = _results(interpreter.program, units)
    held = _with_results_held(interpreter, results, seed)
    directly = _dependence(held, names - results, {name: axes[name] for name in axes.keys() - results}, seed)
    _, _, height, width = interpreter.program.input_shape

    def is_part(pixels: Pixels) -> bool:
        rows, columns = (pixels & (1 << height) - 1).bit_count(), (pixels >> height).bit_count()
        return pixels > 0 and min(rows / height, columns / width) <= PART

    found = []
    for unit in units:
        # What a layer reads from one below depends on all that this one has read, and has a row of its own beside it.
        item = max(_entered(unit, depends), _entered(unit, directly), key=lambda one: one.steps)
        if unit.sequence is not None:
            of_steps = enumerate(directly.get(unit.sequence[0], ()))
            found.append(replace(item, part_steps=tuple(step for step, pixels in of_steps if is_part(pixels))))
        else:
            joining = {name for stretch in unit.joins for name in stretch}
            parts = frozenset(name for name in joining if any(map(is_part, directly.get(name, ()))))
            found.append(replace(item, parts=parts))
    return found


def _entered(unit: Unit, depends: Mapping[str, Sequence[Pixels]]) -> _Found:
    """The unit with what is fresh in its steps, by what each value depends on."""
    if unit.sequence is not None:
        fresh = fresh_pixels([(pixels,) for pixels in depends.get(unit.sequence[0], ())])
        return _Found(unit, sum(map(bool, fresh)), ())
    fresh = fresh_pixels([[p for name in names for p in depends.get(name, ())] for names in unit.joins])
    entering = tuple(
        frozenset(name for name in names if chosen and chosen in depends.get(name, ()))
        for names, chosen in zip(unit.joins, fresh, strict=True)
    )
    return _Found(unit, sum(map(bool, fresh)), entering)


def _with_results_held(interpreter: Interpreter, results: set[str], seed: int) -> Interpreter:
    """The same program where whatever recurrences give stays what it is for the images of that seed."""
    images, _ = _probes(interpreter.program, seed)
    return holding(interpreter, interpreter.values(images, _within_budget(results, interpreter.shapes(len(images)))))


def _results(program: Program, units: Iterable[Unit]) -> set[str]:
    """What the recurrences give, step by step."""
    applied = {name for unit in units for name in unit.levels}
    return {name for node in live_nodes(program) if node.name in applied for name in node.outputs}


def _probes(program: Program, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two batches of noise, float32 (N, C, H, W), the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    shape = (program.batch or PROBE_BATCH, *program.input_shape[1:])
    return torch.rand(shape, generator=generator), torch.rand(shape, generator=generator)


def _dependence(
    interpreter: Interpreter, entering: set[str], axes: Mapping[str, int], seed: int
) -> dict[str, list[Pixels]]:
    """Which rows and columns of the image each value depends on; for sequences, each step of them.

    Found by changing one row or one column of an image at a time: no rule about any operation is needed, and a step
    that adds nothing a float32 could hold adds nothing.
    """
    program = interpreter.program
    _, _, height, width = program.input_shape
    images, others = _probes(program, seed)
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

    def __init__(self, program: Program, found: Sequence[_Found]) -> None:
        self._found = found
        self._nodes = live_nodes(program)
        self._dependent = image_dependent(program.input, self._nodes)
        self._tainted = frozenset[str]().union(*(item.unit.tainted for item in found))

    def halfway(self) -> dict[Read, Exchange]:
        """Everything behind the middle of a recurrence reads what the partner had before it."""
        layers = {name: item.unit for item in self._found if item.unit.sequence for name in item.unit.levels}
        starts = frozenset[str]().union(*(self._starts(item) for item in self._found))
        reads: dict[Read, Exchange] = {}
        later: set[str] = set()
        for node in self._nodes:
            layer = layers.get(node.name)
            if layer is not None and layer.sequence is not None:
                data, time = layer.sequence
                reads[node.name, data] = _FirstHalf(time)
                reads.update(_partners(node, self._states(node)))
            elif node.name in starts or not later.isdisjoint(node.refs()):
                crossing = [name for name in node.refs() if name in self._tainted and name not in later]
                reads.update(_partners(node, crossing))
            else:
                continue
            later.update(node.outputs)
        return reads

    def inputs(self, results: frozenset[str]) -> dict[Read, Exchange]:
        """What a recurrence reads of the image step by step is the partner's.

        Args:
            results: what recurrences give.
        """
        reads: dict[Read, Exchange] = {}
        changed: set[str] = set()
        for node in self._nodes:
            # What was exchanged on its way here would be exchanged twice.
            entering = {name: exchange for name, exchange in self._entering(node).items() if name not in changed}
            reads.update({(node.name, name): exchange for name, exchange in entering.items()})
            if entering or not changed.isdisjoint(node.refs()):
                changed.update(name for name in node.outputs if name not in results)
        return reads

    def _entering(self, node: Node) -> dict[str, Exchange]:
        """The parts of the image that enter a recurrence at this node, by name."""
        found: dict[str, Exchange] = {}
        for item in self._found:
            if item.unit.sequence is None:
                names = item.parts.intersection(node.refs()) if node.name in item.unit.doors else frozenset[str]()
                found.update(dict.fromkeys(names, partners_part))
            elif node.name in item.unit.levels:
                data, time = item.unit.sequence
                found[data] = _StepsAdded(time, item.part_steps)
        return found

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


def _partners(node: Node, names: Iterable[str]) -> dict[Read, Exchange]:
    return {(node.name, name): partners_value for name in names}


@dataclass(frozen=True, slots=True)
class _FirstHalf:
    """The first half of a layer's sequence is the partner's; `time` is the axis of steps."""

    time: int

    def __call__(self, value: torch.Tensor, partners: torch.Tensor) -> torch.Tensor:
        half = value.shape[self.time] // 2
        later = value.narrow(self.time, half, value.shape[self.time] - half)
        return torch.cat([partners.narrow(self.time, 0, half), later], dim=self.time)


@dataclass(frozen=True, slots=True)
class _StepsAdded:
    """What the partner adds to these steps of a layer's sequence; `time` is their axis."""

    time: int
    steps: tuple[int, ...]

    def __call__(self, value: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
        steps = torch.tensor(self.steps, dtype=torch.int64, device=value.device)
        return value.index_add(self.time, steps, added.index_select(self.time, steps))
