"""What was said once is not said again."""

from grader.reports.rubric import told_once
from grader.results import Status
from grader.text import same
from tests.unit.reports import samples


def test_reason_of_criteria_skipped_in_a_row_is_kept_by_the_last() -> None:
    def skipped(name: str, reason: str) -> object:
        return samples.criterion(name, Status.SKIPPED, 0, 1, message=same(reason), hint=None)

    criteria = tuple(skipped(name, reason) for name, reason in (("a", "x"), ("b", "x"), ("c", "y"), ("d", "y")))
    told = told_once(samples.report(criteria=criteria))
    assert [str(criterion.message) for criterion in told] == ["None", "x", "None", "y"]


def test_message_of_the_ending_is_not_repeated() -> None:
    ending = samples.ending()
    criteria = (samples.criterion("training", Status.FAILED, 0, 1, message=ending.message),)
    assert told_once(samples.failed_report(ending=ending, criteria=criteria))[0].message is None


def test_other_messages_stay() -> None:
    report = samples.report()
    assert told_once(report) == report.criteria
