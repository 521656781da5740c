"""What every rule looks at, and the words that rules share."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from grader.diagnosis.curves import Curves, Role, read_curves
from grader.results import Diagnosis
from grader.text import Text

if TYPE_CHECKING:  # whoever only renders curves need not load numpy
    from grader.evaluation import Evaluation
    from grader.evidence import Evidence

IMPROVED_LOSS = 0.97
"""A loss improves where its last quarter's mean is below this share of what it was a quarter before."""
IMPROVED_ACCURACY = 0.003
"""An accuracy improves where its last quarter's mean is this much above what it was a quarter before."""


@dataclass(frozen=True)
class Case:
    """One graded submission, as rules see it."""

    evidence: "Evidence"

    @cached_property
    def curves(self) -> Curves:
        """The student's log."""
        return read_curves(self.evidence.training.log)

    @property
    def evaluation(self) -> "Evaluation | None":
        """What was measured; None where the submission ended before."""
        return self.evidence.maybe_evaluation

    @property
    def below_bar(self) -> bool:
        """It was measured, and misses the mission's bar."""
        return self.evaluation is not None and self.evaluation.accuracy < self.evidence.spec.evaluation.bar

    @property
    def budget_share(self) -> float | None:
        """Share of the time budget that was used; None where that is not known."""
        training, limits = self.evidence.training, self.evidence.spec.limits
        on_cpu = training.cpu_s is not None and training.budget_s == limits.train_cpu_s
        used = training.cpu_s if on_cpu else training.seconds
        return None if used is None or not training.budget_s else used / training.budget_s

    @property
    def still_improving(self) -> bool:
        """The last quarter of the log is still better than the quarter before it; of four entries or more."""
        accuracy = self.curves.values(Role.VALID_ACCURACY) or self.curves.values(Role.TRAIN_ACCURACY)
        if len(accuracy) >= 4:
            before, last = _last_quarters(accuracy)
            return last - before >= IMPROVED_ACCURACY
        loss = self.curves.values(Role.TRAIN_LOSS)
        if len(loss) >= 4:
            before, last = _last_quarters(loss)
            return 0 < last < IMPROVED_LOSS * before
        return False


def diagnosis(rule: str, *, finding: Text, cause: Text, advice: Text) -> Diagnosis:
    """A diagnosis in the words of a rule."""
    return Diagnosis(rule=rule, finding=finding, cause=cause, advice=advice)


def percent(share: float) -> Text:
    """A share with one decimal, two where it is nearly all."""
    digits = 2 if share > 0.985 else 1
    return Text(f"{100 * share:.{digits}f} %", f"{100 * share:.{digits}f}%")


def _last_quarters(values: tuple[float, ...]) -> tuple[float, float]:
    """Means of the second to last quarter and of the last one."""
    size = len(values) // 4
    last, before = values[-size:], values[-2 * size : -size]
    return sum(before) / size, sum(last) / size
