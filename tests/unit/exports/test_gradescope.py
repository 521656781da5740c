"""Gradescope's `results.json`."""

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from grader.exports.gradescope import Visibility, write_gradescope
from grader.results import Report, Status
from grader.text import Language
from tests.unit.reports import samples

SCHEMA = json.loads((Path(__file__).parent / "gradescope.schema.json").read_text(encoding="utf-8"))


def results(report: Report, language: Language = "en", **changes: Any) -> dict[str, Any]:
    stream = io.StringIO()
    write_gradescope(stream, report, language, **changes)
    document: dict[str, Any] = json.loads(stream.getvalue())
    return document


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("make", [samples.report, samples.failed_report])
@pytest.mark.parametrize("changes", [{}, {"leaderboard": True, "visibility": Visibility.AFTER_PUBLISHED}])
def test_result_fits_the_documented_form(make: Any, language: Language, changes: dict[str, Any]) -> None:
    jsonschema.validate(results(make(), language, **changes), SCHEMA)


def test_each_criterion_is_a_test_with_its_points() -> None:
    document = results(samples.report())
    assert document["score"] == 91.5
    assert [(each["number"], each["score"], each["max_score"], each["status"]) for each in document["tests"]] == [
        ("1", 60, 60, "passed"),
        ("2", 31.5, 35, "failed"),
        ("3", 0, 5, "failed"),
    ]
    assert "→" not in document["tests"][1]["output"]
    assert "99.3 %" in document["tests"][1]["output"]


def test_bonus_is_tagged() -> None:
    bonus = samples.criterion("speed", Status.PASSED, 5, 5, bonus=True)
    assert results(samples.report(criteria=(bonus,)))["tests"][0]["tags"] == ["passed", "bonus"]


def test_criterion_can_wait_for_the_due_date() -> None:
    tests = results(samples.report(), after_due_date={"accuracy"})["tests"]
    assert [each["visibility"] for each in tests] == ["visible", "after_due_date", "visible"]


def test_leaderboard_is_shown_only_when_asked_for() -> None:
    assert "leaderboard" not in results(samples.report())
    assert "leaderboard" not in results(samples.failed_report(), leaderboard=True)
    assert results(samples.report(), leaderboard=True)["leaderboard"] == [
        {"name": "Accuracy", "value": 0.987, "order": "desc"},
        {"name": "Parameters", "value": 23_354, "order": "asc"},
    ]


def test_printed_output_of_the_autograder_is_hidden_by_default() -> None:
    assert results(samples.report())["stdout_visibility"] == "hidden"


def test_early_end_says_why_and_what_to_do() -> None:
    output = results(samples.failed_report())["output"]
    assert "RuntimeError: mat1 and mat2" in output
    assert "Print x.shape" in output
