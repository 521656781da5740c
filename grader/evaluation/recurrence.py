"""Recurrence that works: which pixels enter at each step, and what predictions become when images swap them.

Structure alone is fooled by a recurrent layer beside a network that does the work. So the trained model is run while
pairs of images exchange the state that the recurrence carries halfway, and once more while they exchange the parts of
the image that enter step by step. Both runs leave all else as it was: a prediction that does not become the partner's
with the partner's rows came by another way, whether around the recurrence or into it as a summary of the whole image.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import torch

from grader.artifact.caps import MIB
from grader.artifact.program import Node, Program, names_in
from grader.evaluation.exchange import Exchange, Read, holding, partners_value
from grader.evaluation.interpreter import Interpreter, padded
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
_Probes: TypeAlias = tuple[torch.Tensor, torch.Tensor]
"""Two batches, float32 (N, C, H, W): lines of the first are exchanged for those of the second."""
_Depends: TypeAlias = dict[str, list[Pixels]]
"""What values depend on, by name; for a layer's sequence each step, else one set."""
PART: Final = 0.25
"""What depends on no more than this share of the image is a part of it."""


@dataclass(frozen=True, slots=True)
class Swaps:
    """For (node, value) by name, what the node reads instead, so that images exchange the state of every recurrence.

    Attributes:
        halfway: each image continues from the state that its partner has halfway.
        inputs: each image's recurrences read the parts of its partner that enter step by step.
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


def find_recurrence(
    interpreter: Interpreter, *, steps: int, seed: int, images: torch.Tensor
) -> tuple[RecurrenceFact | None, Swaps | None]:
    """The recurrence with the most steps, and how to swap the states of all that are long enough.

    Args:
        interpreter: of a program that was described, and so accepts a batch of two or its fixed batch.
        steps: fresh inputs from which on a recurrence counts.
        seed: of the noise that dependence is found with.
        images: float32 (N, C, H, W), such as the model is for: what noise hides from it counts, too.

    Returns:
        None for the fact where nothing in the graph is applied step by step; None for the swaps where nothing is long
        enough.
    """
    found = _find(interpreter, recurrent_units(interpreter.program), _noise(interpreter.program, seed), images)
    if not found:
        return None, None
    longest = max(found, key=lambda item: item.steps)
    fact = RecurrenceFact(longest.unit.name, longest.unit.kind, longest.steps)
    enough = [item for item in found if item.steps >= steps]
    if not enough:
        return fact, None
    planner = _Planner(interpreter.program, enough)
    results = frozenset(_results(interpreter.program, (item.unit for item in found)))
    return fact, Swaps(halfway=planner.halfway(), inputs=planner.inputs(), results=results)


def _find(interpreter: Interpreter, units: Sequence[Unit], noise: _Probes, images: torch.Tensor) -> list[_Found]:
    """The units with what enters them."""
    axes = {unit.sequence[0]: unit.sequence[1] for unit in units if unit.sequence is not None}
    names = {name for unit in units for stretch in unit.joins for name in stretch}
    if not axes and not names:
        return []
    depends = _dependence(interpreter, names, axes, noise, TOLERANCE)
    directly = _direct_dependence(interpreter, units, names, axes, (noise, _pairs(interpreter.program, images)))
    _, _, height, width = interpreter.program.input_shape

    def is_part(pixels: Pixels) -> bool:
        rows, columns = (pixels & (1 << height) - 1).bit_count(), (pixels >> height).bit_count()
        return 0 < rows * columns <= PART * height * width

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


def _direct_dependence(
    interpreter: Interpreter, units: Sequence[Unit], names: set[str], axes: Mapping[str, int], probes: Sequence[_Probes]
) -> _Depends:
    """What each value depends on, however little, whatever recurrences give held as it is."""
    results = _results(interpreter.program, units)
    kept = _within_budget(results, interpreter.shapes(len(probes[0][0])))
    own_axes = {name: axes[name] for name in axes.keys() - results}
    found: _Depends = {}
    for images, others in probes:
        held = holding(interpreter, interpreter.values(images, kept))
        for name, pixels in _dependence(held, names - results, own_axes, (images, others), 0.0).items():
            known = found.get(name, [0] * len(pixels))
            found[name] = [one | other for one, other in zip(known, pixels, strict=True)]
    return found


def _results(program: Program, units: Iterable[Unit]) -> set[str]:
    """What the recurrences give, step by step."""
    applied = {name for unit in units for name in unit.levels}
    return {name for node in live_nodes(program) if node.name in applied for name in node.outputs}


def _pairs(program: Program, images: torch.Tensor) -> _Probes:
    """As many of the images as a batch has, from the first on and from the last."""
    batch = program.batch or PROBE_BATCH
    return padded(images[:batch], batch), padded(images.flip(0)[:batch], batch)


def _noise(program: Program, seed: int) -> _Probes:
    generator = torch.Generator().manual_seed(seed)
    shape = (program.batch or PROBE_BATCH, *program.input_shape[1:])
    return torch.rand(shape, generator=generator), torch.rand(shape, generator=generator)


def _dependence(
    interpreter: Interpreter, entering: set[str], axes: Mapping[str, int], probes: _Probes, tolerance: float
) -> _Depends:
    """Which rows and columns of the image each value depends on; for sequences, each step of them.

    Found by changing one row or one column of an image at a time: no rule about any operation is needed, and a step
    that adds nothing a float32 could hold adds nothing.
    """
    program = interpreter.program
    _, _, height, width = program.input_shape
    images, others = probes
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
            moved = _moved(before[name], after[name], tolerance)
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


def _moved(before: torch.Tensor, after: torch.Tensor, tolerance: float) -> torch.Tensor:
    """Where two values differ by more than that share of the largest, bool; where one is not finite, they don't."""
    if not before.is_floating_point():
        before, after = before.double(), after.double()  # torch takes no difference of truth values
    scale = before.abs().nan_to_num(0.0, 0.0, 0.0).max() if before.numel() else before.new_zeros(())
    return (before - after).abs() > tolerance * scale.clamp_min(tolerance)


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

    def inputs(self) -> dict[Read, Exchange]:
        """What a recurrence reads of the image step by step is the partner's."""
        reads: dict[Read, Exchange] = {}
        for item in self._found:
            if item.unit.sequence is not None:
                data, time = item.unit.sequence
                reads.update({(name, data): _Steps(time, item.part_steps) for name in item.unit.levels})
        for node in self._nodes:
            for item in self._found:
                if node.name in item.unit.doors:
                    reads.update(_partners(node, item.parts.intersection(node.refs())))
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
class _Steps:
    """These steps of a layer's sequence are the partner's; `time` is their axis."""

    time: int
    steps: tuple[int, ...]

    def __call__(self, value: torch.Tensor, partners: torch.Tensor) -> torch.Tensor:
        steps = torch.tensor(self.steps, dtype=torch.int64, device=value.device)
        return value.index_copy(self.time, steps, partners.index_select(self.time, steps))
