"""The student's log as learning curves. Everything in it is claimed by the student's code, none of it measured."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from grader.results import LogPoint
from grader.text import Text

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_VALID = frozenset({"val", "valid", "validation", "test", "dev", "eval"})
_TRAIN = frozenset({"train", "training", "tr"})
_UNITS: Mapping[str, Text] = {
    "epoch": Text("epoch", "에포크"),
    "step": Text("step", "스텝"),
    "iteration": Text("step", "스텝"),
    "round": Text("round", "라운드"),
}
_ENTRY = Text("entry", "기록")
MOST_PERCENT = 100.0
"""An accuracy above 1.5 and up to this one is taken for a percentage."""


class Role(StrEnum):
    """What a logged value is, as its name tells."""

    TRAIN_LOSS = "train_loss"
    VALID_LOSS = "valid_loss"
    TRAIN_ACCURACY = "train_accuracy"
    VALID_ACCURACY = "valid_accuracy"
    ACCURACY = "accuracy"
    """Of images that the name does not tell."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One logged value.

    Attributes:
        position: the epoch, or whatever else the log counts by.
        seconds: since `train` was entered, on the host's clock.
        value: finite; an accuracy is a share in [0, 1].
    """

    position: float
    seconds: float
    value: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Values of one role in the order they were logged.

    Attributes:
        samples: the finite ones.
        broke: where the first value was logged that is no finite number, and that value in words; None where all are.
    """

    samples: tuple[Sample, ...]
    broke: tuple[float, str] | None = None

    @property
    def values(self) -> tuple[float, ...]:
        """The values alone."""
        return tuple(sample.value for sample in self.samples)


@dataclass(frozen=True, slots=True)
class Curves:
    """All that a log tells.

    Attributes:
        unit: what positions count, such as epochs.
        by_role: only roles of which something was logged.
        entries: calls of `log`.
    """

    unit: Text
    by_role: Mapping[Role, Curve]
    entries: int

    def values(self, role: Role) -> tuple[float, ...]:
        """Finite values of that role; empty where there are none."""
        curve = self.by_role.get(role)
        return curve.values if curve else ()

    def at(self, position: float) -> Text:
        """That place in words, such as `epoch 7`."""
        return Text(f"{self.unit.en} {position:g}", f"{position:g}번째 {self.unit.ko}")


def read_curves(log: Sequence[LogPoint]) -> Curves:
    """The curves of a log.

    Args:
        log: as a student's code made it; names and values may be anything.
    """
    unit, positions = _positions(log)
    names: dict[Role, str] = {}
    for name in dict.fromkeys(name for point in log for name in point.values):
        role = role_of(name)
        if role is not None:
            names.setdefault(role, name)
    curves = {role: _curve(log, positions, name, role) for role, name in names.items()}
    known = {role: curve for role, curve in curves.items() if curve.samples or curve.broke}
    return Curves(unit=unit, by_role={role: known[role] for role in Role if role in known}, entries=len(log))


def role_of(name: str) -> Role | None:
    """What a value of that name is; None where the name does not tell.

    A `test_accuracy` is one of validation images: no student's code holds test images.
    """
    words = {word.lower() for word in _WORD.findall(name[:200])}
    valid, train = bool(words & _VALID), bool(words & _TRAIN)
    if "loss" in words:
        return Role.VALID_LOSS if valid else Role.TRAIN_LOSS
    if words & {"acc", "accuracy"}:
        return Role.VALID_ACCURACY if valid else Role.TRAIN_ACCURACY if train else Role.ACCURACY
    return None


def _positions(log: Sequence[LogPoint]) -> tuple[Text, list[float]]:
    """What the log counts by, and where each entry stands; its number where the log does not count, or goes back."""
    for name, unit in _UNITS.items():
        counted = [value for point in log if isinstance(value := point.values.get(name), float | int)]
        if len(counted) == len(log) > 0 and all(a < b for a, b in itertools.pairwise(counted)):
            return unit, [float(value) for value in counted]
    return _ENTRY, [float(number) for number in range(1, len(log) + 1)]


def _curve(log: Sequence[LogPoint], positions: Sequence[float], name: str, role: Role) -> Curve:
    samples: list[Sample] = []
    broke: tuple[float, str] | None = None
    for position, point in zip(positions, log, strict=True):
        value = point.values.get(name)
        if isinstance(value, str):
            broke = broke or (position, value)
        elif value is not None:
            samples.append(Sample(position=position, seconds=point.seconds, value=float(value)))
    if role in (Role.TRAIN_LOSS, Role.VALID_LOSS):
        return Curve(tuple(samples), broke)
    return Curve(_as_shares(samples), broke)


def _as_shares(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Accuracies in [0, 1]; those in percent are divided by 100, those beyond either are left out."""
    most = max((sample.value for sample in samples), default=0.0)
    scale = MOST_PERCENT if 1.5 < most <= MOST_PERCENT else 1.0
    shares = [Sample(sample.position, sample.seconds, sample.value / scale) for sample in samples]
    return tuple(sample for sample in shares if 0.0 <= sample.value <= 1.0 + 1e-6)
