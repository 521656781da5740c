"""Hidden criteria stay anonymous in what students see."""

from grader.reports.json import render_json
from grader.reports.visibility import for_students
from grader.results import Status
from tests.unit.reports import samples
from tests.unit.specs import criterion, small_spec


def test_hidden_criterion_is_shown_by_number_only() -> None:
    spec = small_spec(criteria=[criterion("training", 2), criterion("secret_rule", 8, visible=False)])
    results = (
        samples.criterion("training", Status.PASSED, 2, 2),
        samples.criterion("secret_rule", Status.FAILED, 0, 8),
    )
    seen = for_students(samples.report(criteria=results), spec)
    assert [result.id for result in seen.criteria] == ["training", "hidden_1"]
    assert seen.criteria[1].points == 0
    assert seen.criteria[1].max_points == 8
    assert "secret_rule" not in render_json(seen, "en")
    assert seen.criteria[1].measured is None
    assert seen.criteria[1].message is None


def test_report_of_a_mission_without_hidden_criteria_is_the_same() -> None:
    report = samples.report()
    assert for_students(report, small_spec()) is report
