"""Missions on real data: references earn everything, starters and planted mistakes lose what they must."""

import tomllib
from pathlib import Path

import pytest

from grader.course import Course
from grader.pipeline import GradingRequest, grade_submission
from grader.progress import Silent
from grader.results import Report, Status, Verdict
from grader.settings import Settings
from tests.conftest import ROOT

MISSIONS = sorted(path.parent.name for path in (ROOT / "missions").glob("*/mission.toml"))
COUNTEREXAMPLES = sorted((ROOT / "missions").glob("*/counterexamples/*/expected.toml"))

pytestmark = [pytest.mark.mnist, pytest.mark.slow]


def grade(course: Course, mission_id: str, path: Path, sandbox: str) -> Report:
    request = GradingRequest(
        mission=course.mission(mission_id),
        path=path,
        sandbox=sandbox,  # type: ignore[arg-type]
        settings=Settings(),
    )
    return grade_submission(request, progress=Silent())


def lost(report: Report) -> set[str]:
    return {line.id for line in report.criteria if line.status is not Status.PASSED}


@pytest.mark.parametrize("mission_id", MISSIONS)
def test_reference_earns_full_marks_in_every_sandbox(course: Course, mission_id: str, any_sandbox: str) -> None:
    mission = course.mission(mission_id)
    report = grade(course, mission_id, mission.reference, any_sandbox)
    assert report.verdict is Verdict.GRADED, report.ending
    assert lost(report) == set(), report.ending
    assert (report.score, report.passed) == (mission.spec.points, True)


@pytest.mark.parametrize("mission_id", MISSIONS)
def test_starter_does_not_pass_and_is_told_to_write_it(course: Course, mission_id: str, bubblewrap: str) -> None:
    report = grade(course, mission_id, course.mission(mission_id).starter, bubblewrap)
    assert report.verdict is Verdict.GRADED
    assert report.score == 0
    assert report.ending is not None
    assert "NotImplementedError" in report.ending.message.en
    assert "starter code" in report.ending.advice.en


@pytest.mark.parametrize("mission_id", MISSIONS)
def test_mission_has_at_least_eight_counterexamples(course: Course, mission_id: str) -> None:
    assert len(course.mission(mission_id).counterexamples) >= 8


@pytest.mark.parametrize("expected", COUNTEREXAMPLES, ids=lambda path: f"{path.parts[-4]}-{path.parts[-2]}")
def test_counterexample_loses_exactly_what_it_names(course: Course, expected: Path, bubblewrap: str) -> None:
    planted = tomllib.loads(expected.read_text(encoding="utf-8"))
    report = grade(course, expected.parts[-4], expected.parent, bubblewrap)
    assert report.verdict is Verdict.GRADED, report.ending
    measured = {line.id: (line.status.value, line.measured and line.measured.en) for line in report.criteria}
    assert lost(report) == set(planted["fails"]), (measured, report.ending)
    assert report.reason == planted.get("reason")


def test_every_criterion_is_lost_by_some_counterexample(course: Course) -> None:
    planted: dict[str, set[str]] = {mission_id: set() for mission_id in MISSIONS}
    for path in COUNTEREXAMPLES:
        planted[path.parts[-4]] |= set(tomllib.loads(path.read_text(encoding="utf-8"))["fails"])
    for mission_id in MISSIONS:
        assert planted[mission_id] == {criterion.id for criterion in course.mission(mission_id).spec.criteria}
