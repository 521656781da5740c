"""What of a report a student may see before the due date."""

from grader.results import CriterionResult, Report, Status
from grader.spec import MissionSpec
from grader.text import Text, same


def for_students(report: Report, spec: MissionSpec) -> Report:
    """The report with criteria that the spec hides shown by number only: points and outcome, no name, bar or hint.

    Args:
        report: a grading of that mission.
        spec: says which criteria are visible.
    """
    hidden = [criterion.id for criterion in spec.criteria if not criterion.visible]
    if not hidden:
        return report
    criteria = tuple(
        _anonymous(result, hidden.index(result.id) + 1) if result.id in hidden else result for result in report.criteria
    )
    return report.model_copy(update={"criteria": criteria})


def hidden_title(number: int) -> Text:
    """The name under which the `number`-th hidden criterion appears."""
    return Text(f"Hidden criterion {number}", f"비공개 평가 기준 {number}")


def _anonymous(result: CriterionResult, number: int) -> CriterionResult:
    hint = Text(
        "This criterion is revealed after the due date. Read the brief again with care.",
        "이 기준은 마감 후에 공개됩니다. 미션 설명을 다시 꼼꼼히 읽어 보세요.",
    )
    return result.model_copy(
        update={
            "id": f"hidden_{number}",
            "title": hidden_title(number),
            "expected": same("–"),
            "measured": None,
            "message": None,
            "remarks": (),
            "hint": None if result.status is Status.PASSED else hint,
        }
    )
