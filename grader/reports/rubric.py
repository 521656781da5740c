"""The rubric as it is read from top to bottom: what was said once is not said again."""

import itertools

from grader.results import CriterionResult, Report, Status


def told_once(report: Report) -> tuple[CriterionResult, ...]:
    """The report's criteria without messages that repeat what ended the run.

    Of criteria skipped one after another for the same reason only the last keeps it.
    """
    following = itertools.chain(report.criteria[1:], [None])
    return tuple(
        criterion.model_copy(update={"message": None}) if _repeats(criterion, after, report) else criterion
        for criterion, after in zip(report.criteria, following, strict=False)
    )


def _repeats(criterion: CriterionResult, after: CriterionResult | None, report: Report) -> bool:
    if report.ending is not None and criterion.message == report.ending.message:
        return True
    if after is None or criterion.status is not Status.SKIPPED or after.status is not Status.SKIPPED:
        return False
    return criterion.message == after.message
