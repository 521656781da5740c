"""The read-only bundle that hidden tests see: everything validated, nothing that could run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.results import Ending, LogPoint, Reason
from grader.spec import MissionSpec

if TYPE_CHECKING:
    from grader.evaluation import Evaluation
    from grader.graph import GraphFacts
    from grader.static_checks import Finding


class EvidenceMissing(Exception):
    """The submission ended before this could be measured; the criterion that asked is skipped."""

    def __init__(self, ending: Ending | None) -> None:
        self.ending = ending
        super().__init__("not measured")


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
    """

    spec: MissionSpec
    files: tuple[str, ...]
    findings: "tuple[Finding, ...]"
    training: Training
    ending: Ending | None
    maybe_graph: "GraphFacts | None"
    maybe_evaluation: "Evaluation | None"

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
