"""In-place operations become functional ones, exactly, or the program is refused.

`y = relu_(x)` is `y = relu(x)` with every later read of `x` meaning `y`. That holds as long as nobody later reads
another view of the memory of `x`. A place is where a value lies: the root it is a view of, then one step per view.
Outputs of one `chunk`, `split` or `unbind` are disjoint; any other two places of one root may overlap.
"""

from dataclasses import dataclass, field
from typing import Final

from grader.artifact.refusal import quote, refuse

Place = tuple[tuple[str, int | None], ...]

MAX_DEPTH: Final = 32
"""Deeper views count as their parent: coarser, hence still safe, and linear in memory."""
MAX_VIEWS: Final = 512
"""Names of one root that an in-place operation looks at: bounds the time that a hostile graph can take."""


def _may_overlap(one: Place, other: Place) -> bool:
    for (view, part), (other_view, other_part) in zip(one, other, strict=False):
        if view != other_view:
            return True
        if part != other_part:
            return False
    return True


@dataclass(slots=True)
class Aliases:
    """Which value each name of the archive stands for, while the graph is read from top to bottom."""

    _current: dict[str, str] = field(default_factory=dict)
    _places: dict[str, Place] = field(default_factory=dict)
    _by_root: dict[str, list[str]] = field(default_factory=dict)
    _stale: set[str] = field(default_factory=set)
    _frozen: set[str] = field(default_factory=set)

    def define(self, name: str, *, frozen: bool = False) -> None:
        """A new value in memory of its own; nothing may write to it if `frozen`."""
        self._enter(name, name, ((name, None),))
        if frozen:
            self._frozen.add(name)

    def define_view(self, name: str, base: str, step: str, part: int | None = None) -> None:
        """A new value that shares memory with `base`; `part` numbers the disjoint outputs of `step`."""
        place = self._places[base]
        self._enter(name, name, (*place, (step, part)) if len(place) < MAX_DEPTH else place)

    def define_same(self, name: str, base: str) -> None:
        """Another name for the value and the memory of `base`."""
        self._enter(name, self._current[base], self._places[base])
        if base in self._stale:
            self._stale.add(name)

    def define_copy(self, name: str, base: str) -> None:
        """Another name for the value of `base`, in memory of its own."""
        self._enter(name, self.read(base), ((name, None),))

    def __contains__(self, name: str) -> bool:
        return name in self._current

    def read(self, name: str) -> str:
        """The value that `name` stands for now.

        Raises:
            ArtifactRejected: its memory was written to under another name.
        """
        if name in self._stale:
            raise refuse("in_place_alias", name=quote(name))
        return self._current[name]

    def write(self, target: str, result: str) -> None:
        """`result` is the new value of the memory of `target`.

        Raises:
            ArtifactRejected: that memory is a weight's, or has more names than can be followed.
        """
        place, old = self._places[target], self._current[target]
        root = place[0][0]
        if root in self._frozen:
            raise refuse("stateful_model", name=quote(root))
        names = self._by_root[root]
        if len(names) > MAX_VIEWS:
            raise refuse("in_place_alias", name=quote(target))
        for name in names:
            if self._current[name] == old and self._places[name] == place:
                self._current[name] = result
            elif _may_overlap(self._places[name], place):
                self._stale.add(name)
        self._enter(result, result, place)

    def _enter(self, name: str, value: str, place: Place) -> None:
        self._current[name] = value
        self._places[name] = place
        self._by_root.setdefault(place[0][0], []).append(name)
