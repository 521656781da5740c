"""Missions on real data. `grade verify` grades them all; here are the rules that hold for this course."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import Course
from grader.pipeline import GradingRequest, grade_submission
from grader.progress import Silent
from grader.results import Report, Status, Verdict
from grader.settings import Settings
from grader.verification import gaps_in
from tests.conftest import ROOT

MISSIONS = sorted(path.parent.name for path in (ROOT / "missions").glob("*/mission.toml"))


def grade(course: Course, mission_id: str, path: Path, sandbox: str) -> Report:
    request = GradingRequest(
        mission=course.mission(mission_id),
        path=path,
        sandbox=sandbox,  # type: ignore[arg-type]
        settings=Settings(),
    )
    return grade_submission(request, progress=Silent())


@pytest.mark.mnist
@pytest.mark.slow
def test_reference_earns_full_marks_in_every_sandbox(course: Course, any_sandbox: str) -> None:
    mission = course.mission("mission_cnn")
    report = grade(course, mission.id, mission.reference, any_sandbox)
    assert report.verdict is Verdict.GRADED, report.ending
    assert [line.id for line in report.criteria if line.status is not Status.PASSED] == [], report.ending
    assert (report.score, report.passed) == (mission.spec.points, True)


@pytest.mark.mnist
@pytest.mark.parametrize(
    "mission_id",
    [mission_id for mission_id in MISSIONS if mission_id != "mission_transfer_annotated"],
)
def test_starter_earns_nothing_and_is_told_to_write_it(course: Course, mission_id: str, bubblewrap: str) -> None:
    report = grade(course, mission_id, course.mission(mission_id).starter, bubblewrap)
    assert report.verdict is Verdict.GRADED
    assert report.score == 0
    assert report.ending is not None
    assert "NotImplementedError" in report.ending.message.en
    assert "starter code" in report.ending.advice.en


@pytest.mark.parametrize("mission_id", MISSIONS)
def test_mission_has_at_least_eight_counterexamples_and_each_criterion_is_lost_by_one(
    course: Course, mission_id: str
) -> None:
    mission = course.mission(mission_id)
    assert len(mission.counterexamples) >= 8
    assert gaps_in(mission) == ()


@pytest.mark.parametrize("mission_id", MISSIONS)
def test_mission_is_described_in_both_languages(course: Course, mission_id: str) -> None:
    mission = course.mission(mission_id)
    english, korean = (mission.readme(language).read_text(encoding="utf-8") for language in ("en", "ko"))
    assert mission.id in english
    assert mission.id in korean
    for word in ("미션", "목표", "난이도", "제출 방법", "채점 기준"):
        assert word in korean
    assert mission.spec.difficulty in english.lower()


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_every_mission_is_sound_as_far_as_a_quick_look_tells(tmp_path: Path, bubblewrap: str) -> None:
    junit = tmp_path / "verify.xml"
    verified = subprocess.run(
        [
            str(Path(sys.executable).with_name("grade")),
            *("verify", "--quick", "--sandbox", bubblewrap, "--junit", str(junit), "--lang", "en"),
        ],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert junit.is_file()
