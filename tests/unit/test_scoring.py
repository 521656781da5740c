"""From outcomes to points."""

from grader import scoring
from grader.hidden_tests import Outcome
from grader.results import Status
from grader.text import same
from tests.unit.specs import small_spec


def settled(training: Outcome, accuracy: Outcome) -> tuple[float, bool, list[str | None]]:
    spec = small_spec()
    criteria = scoring.settle(spec, {"accuracy": accuracy, "training": training})
    score = scoring.total(criteria)
    return score, scoring.passes(spec, score), [line.hint.en if line.hint else None for line in criteria]


PASSED = Outcome(Status.PASSED, 1.0)


def test_all_criteria_met_is_the_full_score_without_hints() -> None:
    assert settled(PASSED, PASSED) == (10.0, True, [None, None])


def test_partial_credit_counts_its_share_and_keeps_the_hint() -> None:
    assert settled(PASSED, Outcome(Status.PARTIAL, 0.333333)) == (4.67, False, [None, "try again"])


def test_score_at_the_pass_mark_passes() -> None:
    assert settled(PASSED, Outcome(Status.PARTIAL, 0.75))[:2] == (8.0, True)


def test_skipped_criteria_earn_nothing() -> None:
    criteria = scoring.skip_all(small_spec(), same("nothing to judge"))
    assert scoring.total(criteria) == 0
    assert {line.status for line in criteria} == {Status.SKIPPED}
