"""Mission specifications: what is accepted, and what a mistake in one is told."""

from pathlib import Path
from typing import Any

import pytest

from grader.errors import SpecError
from grader.spec import PartialCreditSpec, load_spec
from tests.unit.specs import criterion, document, small_spec


def test_partial_credit_rises_evenly_to_its_cap_and_jumps_at_the_bar() -> None:
    rule = PartialCreditSpec.model_validate({"from": 0.97, "full": 0.99, "cap": 0.7})
    assert rule.credit(0.97) == 0.0
    assert rule.credit(0.98) == pytest.approx(0.35)
    assert rule.credit(0.98999) == pytest.approx(0.7, abs=1e-3)
    assert rule.credit(0.99) == 1.0
    assert rule.credit(0.5) == 0.0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"criteria": [criterion("a", 5), criterion("a", 5)]}, "same id"),
        ({"criteria": [criterion("a", 5, depends_on=["b"]), criterion("b", 5)]}, "not listed before"),
        ({"points": 11}, "sum to 10 points"),
        ({"pass_mark": 10.5}, "above the largest score"),
        ({"surprise": 1}, "Extra inputs"),
        ({"id": "../escape"}, "pattern"),
        ({"data": None}, "come together"),
        ({"evaluation": None, "limits": None, "data": None, "entry": None, "probes": [{"id": "a"}]}, "come together"),
        ({"probes": [{"id": "a"}, {"id": "a"}]}, "two probes have the same id"),
        ({"entry": {"offers": ["labeled_set"]}}, "need a label_budget"),
        ({"label_budget": {"per_class": 1, "draws": [1], "supervised_accuracy": [0.5]}}, "no other training data"),
        ({"label_budget": {"per_class": 1, "draws": [1, 2], "supervised_accuracy": [0.5]}}, "one supervised_accuracy"),
    ],
)
def test_inconsistent_spec_is_refused_with_its_reason(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        small_spec(**changes)


def test_bonus_points_come_on_top() -> None:
    spec = small_spec(criteria=[criterion("a", 10), criterion("b", 3, bonus=True)])
    assert (spec.points, spec.criteria[1].bonus) == (10, True)


def test_mission_without_training_has_no_limits() -> None:
    spec = small_spec(data=None, entry=None, limits=None, evaluation=None)
    assert not spec.trains
    with pytest.raises(SpecError, match="trains no model"):
        _ = spec.limits


def test_spec_error_names_file_and_field(tmp_path: Path) -> None:
    file = tmp_path / "mission.toml"
    file.write_text("id = 'mission_x'\npoints = 'many'\n", encoding="utf-8")
    with pytest.raises(SpecError, match=r"mission\.toml: .*"):
        load_spec(file)


def test_spec_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mission.toml"
    file.write_text("id = ", encoding="utf-8")
    with pytest.raises(SpecError):
        load_spec(file)


def test_criterion_by_id_is_found_and_unknown_one_is_a_key_error() -> None:
    spec = small_spec()
    assert spec.criterion("accuracy").points == 8
    with pytest.raises(KeyError):
        spec.criterion("nothing")


def test_document_of_the_tests_is_a_valid_spec() -> None:
    assert small_spec().id == document()["id"]
