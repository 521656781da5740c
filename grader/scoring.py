"""From outcomes to a score. Pure: the same outcomes always give the same points."""

from collections.abc import Iterable, Mapping

from grader.hidden_tests import Outcome
from grader.results import CriterionResult, Status
from grader.spec import CriterionSpec, MissionSpec
from grader.text import Text


def settle(spec: MissionSpec, outcomes: Mapping[str, Outcome]) -> tuple[CriterionResult, ...]:
    """Every criterion with its points, in the order of the spec."""
    return tuple(_settle(criterion, outcomes[criterion.id]) for criterion in spec.criteria)


def skip_all(spec: MissionSpec, message: Text) -> tuple[CriterionResult, ...]:
    """Every criterion without points, for a submission of which nothing could be judged."""
    skipped = Outcome(Status.SKIPPED, 0.0, message=message)
    return tuple(_settle(criterion, skipped) for criterion in spec.criteria)


def total(criteria: Iterable[CriterionResult]) -> float:
    """The score, rounded to a hundredth of a point."""
    return round(sum(criterion.points for criterion in criteria), 2)


def passes(spec: MissionSpec, score: float) -> bool:
    """Whether the score reaches the pass mark."""
    return score >= spec.pass_mark


def _settle(criterion: CriterionSpec, outcome: Outcome) -> CriterionResult:
    earned_all = outcome.status is Status.PASSED
    return CriterionResult(
        id=criterion.id,
        title=criterion.title,
        status=outcome.status,
        points=round(criterion.points * outcome.credit, 2),
        max_points=criterion.points,
        expected=criterion.expected,
        measured=outcome.measured,
        message=outcome.message,
        hint=None if earned_all else criterion.hint,
        remarks=outcome.remarks,
        bonus=criterion.bonus,
    )
