"""The read-only bundle that hidden tests see: everything validated, nothing that could run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy.typing as npt

from grader.results import Ending, LogPoint, Reason
from grader.spec import MissionSpec
from grader.text import Text

if TYPE_CHECKING:
    from grader.evaluation import Evaluation
    from grader.graph import GraphFacts
    from grader.static_checks import Finding

Value = TypeVar("Value")


class EvidenceMissing(Exception):
    """The submission ended before this could be measured; the criterion that asked is skipped."""

    def __init__(self, ending: Ending | None) -> None:
        self.ending = ending
        super().__init__("not measured")


class ProbeFailed(Exception):
    """The student's functions did not give what was asked; the criterion that wanted it fails with this message."""

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(message.en)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one probe gave. Student-authored: of bounded size, but of any content.

    Attributes:
        inputs: what was sent in, as the host made it.
        kept: what belongs to it and stayed on this side, such as labels.
        arrays: plain numbers, by name.
        values: JSON, by name.
    """

    inputs: Mapping[str, Any]
    kept: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]]
    values: Mapping[str, Any]

    def array(self, name: str, *, dtype: str | None = None, shape: tuple[int | None, ...] | None = None) -> Any:
        """The array of that name.

        Args:
            dtype: what it must have, such as `uint8`; None for any.
            shape: what it must have; None for a size stands for any size.

        Raises:
            ProbeFailed: there is none, or of another dtype or shape.
        """
        array = self.arrays.get(name)
        if array is None:
            raise ProbeFailed(Text(f"There is no result {name!r}.", f"결과 {name!r}이(가) 없습니다."))
        if dtype is not None and array.dtype.name != dtype:
            raise ProbeFailed(
                Text(
                    f"{name} has dtype {array.dtype.name}, expected {dtype}.",
                    f"{name}의 자료형이 {array.dtype.name}입니다. {dtype}이어야 합니다.",
                )
            )
        if shape is not None and not _fits(array.shape, shape):
            wanted = "(" + ", ".join("N" if size is None else str(size) for size in shape) + ")"
            raise ProbeFailed(
                Text(
                    f"{name} has shape {array.shape}, expected {wanted}.",
                    f"{name}의 모양이 {array.shape}입니다. {wanted}이어야 합니다.",
                )
            )
        return array

    def value(self, name: str, kind: type[Value]) -> Value:
        """The JSON value of that name and type; a whole number is taken for a float.

        Raises:
            ProbeFailed: there is none, or of another type.
        """
        value = self.values.get(name)
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise ProbeFailed(
                Text(
                    f"{name} is {type(value).__name__}, expected {kind.__name__}.",
                    f"{name}의 자료형이 {type(value).__name__}입니다. {kind.__name__}이어야 합니다.",
                )
            )
        return value


def _fits(found: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(found) == len(wanted) and all(size in (None, given) for given, size in zip(found, wanted, strict=True))


@dataclass(frozen=True, slots=True)
class Training:
    """How `train` went, as the host saw it.

    Attributes:
        completed: `train` returned within its limits and its model was exported; true for a model handed in ready.
        reproduced: the grader trained it; false for a model handed in ready.
        seconds, cpu_s: wall-clock and CPU seconds of `train`; None where not trained here.
        budget_s: the budget that counted.
        log: the student's log.
    """

    completed: bool
    reproduced: bool
    seconds: float | None
    cpu_s: float | None
    budget_s: float | None
    log: tuple[LogPoint, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What hidden tests judge.

    `graph` and `evaluation` raise `EvidenceMissing` where the submission ended before they were measured.

    Attributes:
        files: names of the submission's files.
        sources: text of its Python files, by name; undecodable bytes replaced.
        starter_sources: the same of the mission's starter code.
        supervised_accuracy: baseline of the labels drawn; None without a label budget.
        probes: what each probe gave, or why it gave nothing.
        controls: what each control training was measured to, or why it was not.
    """

    spec: MissionSpec
    files: tuple[str, ...]
    findings: "tuple[Finding, ...]"
    training: Training
    ending: Ending | None
    maybe_graph: "GraphFacts | None"
    maybe_evaluation: "Evaluation | None"
    sources: Mapping[str, str] = field(default_factory=dict)
    starter_sources: Mapping[str, str] = field(default_factory=dict)
    supervised_accuracy: float | None = None
    probes: Mapping[str, ProbeResult | Ending] = field(default_factory=dict)
    controls: "Mapping[str, Evaluation | Ending]" = field(default_factory=dict)

    @property
    def graph(self) -> "GraphFacts":
        """Facts about the graph that was executed."""
        if self.maybe_graph is None:
            raise EvidenceMissing(self.ending)
        return self.maybe_graph

    @property
    def evaluation(self) -> "Evaluation":
        """What was measured on hidden images."""
        if self.maybe_evaluation is None:
            raise EvidenceMissing(self.ending)
        return self.maybe_evaluation

    def ended_with(self, *reasons: Reason) -> bool:
        """Whether the submission ended early for one of these reasons."""
        return self.ending is not None and self.ending.reason in reasons

    def probe(self, probe_id: str) -> ProbeResult:
        """What the probe gave.

        Raises:
            ProbeFailed: the student's functions failed in it; the message says how.
            KeyError: the mission has no such probe.
        """
        result = self.probes[probe_id]
        if isinstance(result, Ending):
            raise ProbeFailed(result.message)
        return result

    def control(self, control_id: str) -> "Evaluation":
        """What the model of that control training was measured to.

        Raises:
            EvidenceMissing: the submission ended before there was one.
            ProbeFailed: the control training failed; the message says how.
        """
        if self.maybe_evaluation is None:
            raise EvidenceMissing(self.ending)
        result = self.controls[control_id]
        if isinstance(result, Ending):
            raise ProbeFailed(result.message)
        return result
