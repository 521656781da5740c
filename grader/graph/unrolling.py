"""Recurrence in a graph: layers of torch, cells in a loop, and steps that a student wrote out by hand.

A hand-written recurrence has no operation of its own. It shows as one set of weights that is applied again and again
along a single path of dependence, while at each step something new joins that path which those weights have not
touched yet. A weight-shared transformer or MLP has the path but not the joining; a dense layer over all rows at once
has neither. What counts as new is not decided here: `Unit.joins` names the values that join, and who runs the graph
finds which pixels they depend on (`fresh_pixels`).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from grader.artifact.program import Node, Program, Ref, names_in
from grader.graph.liveness import live_nodes

Pixels: TypeAlias = int
"""A set of places in the image, as the bits of a whole number."""

MAX_KEYS: Final = 64
"""Sets of weights that are looked at, those applied most often first: bounds the time on a hostile graph."""
_CELL_WEIGHTS: Final = "w_hh"
_BIASES: Final = frozenset({"bias", "b_ih", "b_hh"})
_SHAPES_ONLY: Final = frozenset({"expand_as.default", "type_as.default"})


@dataclass(frozen=True, slots=True)
class Unit:
    """What may be a recurrence.

    Attributes:
        name, kind: as in `RecurrenceFact`.
        levels: the applications of its weights by node name, each with its place on the path, from 1.
        joins: for each stretch of the path, before the first application, between two, and after the last, the values
            that enter there; empty for a layer.
        doors: the nodes where they enter by name, each with its stretch, from 0.
        sequence: a layer's input and its axis of time; None for anything else.
        tainted: values that depend on its applications.
    """

    name: str
    kind: str
    levels: Mapping[str, int]
    joins: tuple[tuple[str, ...], ...]
    doors: Mapping[str, int]
    sequence: tuple[str, int] | None
    tainted: frozenset[str]


def image_dependent(image: str, nodes: Iterable[Node]) -> set[str]:
    """Names of the tensors whose values, not just their shapes, depend on the value of that name."""
    found = {image}
    for node in nodes:
        if node.symbolic or node.group == "factory":
            continue
        read = node.argument("self") if node.short_op in _SHAPES_ONLY else None
        refs = {read.name} if isinstance(read, Ref) else set(node.refs())
        if refs & found:
            found.update(node.outputs)
    return found


def recurrent_units(program: Program) -> tuple[Unit, ...]:
    """Everything in the graph that may be a recurrence, found without computing anything.

    Args:
        program: vetted.

    Returns:
        Layers of torch, and sets of weights applied at least twice along one path.
    """
    nodes = live_nodes(program)
    dependent = image_dependent(program.input, nodes)
    varying = [node for node in nodes if dependent.intersection(node.outputs)]
    return (
        *_layers(program, varying, dependent),
        *_loops(program, varying, dependent, _ConstantKeys(program, nodes, dependent)),
    )


def fresh_pixels(joins: Iterable[Sequence[Pixels]]) -> list[Pixels]:
    """For each stretch of the path, what joins it that no stretch before brought; 0 where nothing does.

    Fresh is a set of pixels that has not joined as such, with one that the set before lacked.

    Args:
        joins: for each stretch, what each of the joining values depends on.
    """
    seen: set[Pixels] = set()
    last = 0
    chosen = []
    for options in joins:
        # The smallest first: a summary of the whole image may enter at each step beside the row that counts.
        fresh = (pixels for pixels in sorted(options, key=int.bit_count) if pixels not in seen and pixels & ~last)
        found = next(fresh, 0)
        if found:
            seen.add(found)
            last = found
        chosen.append(found)
    return chosen


def _layers(program: Program, varying: Sequence[Node], dependent: set[str]) -> Iterator[Unit]:
    for node in varying:
        data = node.argument("input")
        if node.group == "recurrent" and node.op.endswith(".input") and isinstance(data, Ref):
            axis = 1 if node.argument("batch_first") is True else 0
            sequence = (data.name, axis) if data.name in dependent else None
            tainted = _descendants(varying, {node.name})
            kind = node.short_op.partition(".")[0]
            yield Unit(_owner(program, node), kind, {node.name: 1}, (), {}, sequence, frozenset(tainted))


def _loops(program: Program, varying: Sequence[Node], dependent: set[str], keys: "_ConstantKeys") -> Iterator[Unit]:
    applications: dict[object, list[Node]] = {}
    for node in varying:
        key = keys.applied_by(node)
        if key is not None:
            applications.setdefault(key, []).append(node)
    often = sorted((members for members in applications.values() if len(members) > 1), key=len, reverse=True)
    for members in often[:MAX_KEYS]:
        unit = _loop(program, varying, dependent, members)
        if unit is not None:
            yield unit


def _loop(program: Program, varying: Sequence[Node], dependent: set[str], members: Sequence[Node]) -> Unit | None:
    """The longest path through the applications of one set of weights, with what joins it."""
    applied = {node.name for node in members}
    level: dict[str, int] = {}
    before: dict[str, int] = {}
    for node in varying:
        before[node.name] = max((level.get(name, 0) for name in node.refs()), default=0)
        level.update(dict.fromkeys(node.outputs, before[node.name] + (node.name in applied)))
    longest = max(level.values(), default=0)
    if longest < 2:
        return None
    after = _applications_ahead(varying, applied)
    on_path = [node for node in varying if before[node.name] + after[node.name] == longest]
    joins: list[dict[str, None]] = [{} for _ in range(longest + 1)]
    doors: dict[str, int] = {}
    for node in on_path:
        refs = [name for name in node.refs() if name in dependent]
        entering = [name for name in refs if not level.get(name, 0)]
        if entering and (len(entering) < len(refs) or node.name in applied):
            doors[node.name] = before[node.name]
            joins[before[node.name]].update(dict.fromkeys(entering))
    path = {node.name: before[node.name] + 1 for node in on_path if node.name in applied}
    kind = "hand_written"
    if members[0].group == "recurrent":
        kind = members[0].short_op.partition(".")[0]
        joins.pop()  # a cell takes in its input itself; what meets its last state is no step
    tainted = frozenset(name for name, place in level.items() if place)
    return Unit(_owner(program, members[-1]), kind, path, tuple(tuple(names) for names in joins), doors, None, tainted)


def _applications_ahead(varying: Sequence[Node], applied: set[str]) -> dict[str, int]:
    """For each node, the most applications on any path from it to the logits, its own included."""
    ahead: dict[str, int] = {}
    wanted: dict[str, int] = {}
    for node in reversed(varying):
        count = max((wanted.get(name, 0) for name in node.outputs), default=0) + (node.name in applied)
        ahead[node.name] = count
        for name in node.refs():
            wanted[name] = max(wanted.get(name, 0), count)
    return ahead


def _descendants(nodes: Iterable[Node], starts: set[str]) -> set[str]:
    """Names of the values that depend on a result of one of these nodes."""
    found: set[str] = set()
    for node in nodes:
        if node.name in starts or not found.isdisjoint(node.refs()):
            found.update(node.outputs)
    return found


def _owner(program: Program, node: Node) -> str:
    paths = (program.weights[name].path for name in node.refs() if name in program.weights)
    owners = {path.rpartition(".")[0] for path in paths} - {""}
    return min(owners) if owners else node.name


class _ConstantKeys:
    """Tells when two nodes use the same weights, also where each took its own transpose or view of them."""

    def __init__(self, program: Program, nodes: Iterable[Node], dependent: set[str]) -> None:
        self._program = program
        self._dependent = dependent
        self._numbers: dict[object, int] = {}
        self._keys: dict[str, int] = {}
        self._weighted: set[str] = set(program.weights)
        for name in program.weights:
            self._keys[name] = self._number(self._weight(name))
        for node in nodes:
            if dependent.isdisjoint(node.outputs):
                self._fold(node)

    def applied_by(self, node: Node) -> object | None:
        """What stands for the weights that the node multiplies an image-dependent value with; None if it does not."""
        if node.group not in ("dense", "recurrent"):
            return None
        if node.group == "recurrent":
            named = [value for name, value in node.arguments if name in (_CELL_WEIGHTS, "params")]
        else:
            added = {"self"} if node.short_op in ("addmm.default", "baddbmm.default") else set()
            factors = [value for name, value in node.arguments if name not in _BIASES | added]
            if not any(found in self._dependent for value in factors for found in names_in(value)):
                return None
            named = factors
        used = [found for value in named for found in names_in(value) if found in self._weighted]
        return (node.group, tuple(self._keys[name] for name in used)) if used else None

    def _weight(self, name: str) -> object:
        """One weight under two names is one; two pieces of the same storage are two."""
        weight = self._program.weights[name]
        content = hashlib.sha256(weight.tensor.contiguous().numpy().tobytes()).digest()
        return (weight.storage, weight.tensor.shape, content)

    def _fold(self, node: Node) -> None:
        arguments = tuple((name, self._argument(value)) for name, value in node.arguments)
        for place, name in enumerate(node.outputs):
            self._keys[name] = self._number((node.op, arguments, place))
            if not node.symbolic and not self._weighted.isdisjoint(node.refs()):
                self._weighted.add(name)

    def _argument(self, value: object) -> object:
        if isinstance(value, Ref):
            return ("ref", self._keys.get(value.name, value.name))
        if isinstance(value, tuple):
            return tuple(self._argument(item) for item in value)
        return (type(value).__name__, str(value))

    def _number(self, key: object) -> int:
        return self._numbers.setdefault(key, len(self._numbers))
