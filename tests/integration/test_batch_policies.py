"""The course's own rules, from `course.toml` to the marks: audits of models handed in ready, due dates that move."""

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.integration.batches import Workplace
from tests.integration.submissions import MODEL, QUICK, write

pytestmark = pytest.mark.mnist

UNTRAINED = MODEL + "\n\ndef train():\n    torch.manual_seed(1)\n    return Net()\n"
AUDIT_ALL = '[audit]\nshare = 1.0\nseed = "of this test"\ntolerance = 0.02\n'


@pytest.fixture
def workplace(tmp_path: Path, bubblewrap: str) -> Workplace:
    """A course with rules of its own and the project's missions."""
    course = tmp_path / "course"
    course.mkdir()
    for name in ("missions", "starter_code", "reference_solutions"):
        (course / name).symlink_to(ROOT / name)

    class OwnCourse(Workplace):
        @property
        def environment(self) -> dict[str, str]:
            return {**super().environment, "GRADER_COURSE": str(course)}

    return OwnCourse(tmp_path / "work")


def test_model_that_its_code_does_not_reproduce_is_flagged_and_an_honest_one_is_not(
    workplace: Workplace, tmp_path: Path
) -> None:
    course, submissions = tmp_path / "course", workplace.root / "submissions"
    (course / "course.toml").write_text(AUDIT_ALL)
    honest = write(submissions / "honest", QUICK)
    trained = workplace.grade("train", "mission_cnn", str(honest), "--out", str(honest / "model.pt2"))
    assert trained.returncode == 0, trained.stderr
    bought = write(submissions / "bought", UNTRAINED)
    shutil.copyfile(honest / "model.pt2", bought / "model.pt2")

    ended = workplace.grade("batch", "submissions", "-m", "mission_cnn", "--progress", "json")
    assert ended.returncode == 0, ended.stderr
    kinds = [event["kind"] for event in map(json.loads, ended.stdout.splitlines()) if event["event"] == "landed"]
    assert sorted(kinds) == ["audit", "audit", "grading", "grading"]
    attempts = {attempt.student_id: attempt for attempt in workplace.attempts()}
    assert attempts["honest"].audit is not None
    assert attempts["honest"].grading is not None
    assert attempts["honest"].audit.accuracy == pytest.approx(attempts["honest"].grading.accuracy, abs=0.02)
    listed = workplace.grade("gradebook").stdout.splitlines()
    assert [line for line in listed if "audit failed" in line and line.startswith("bought")]
    assert not [line for line in listed if "audit" in line and line.startswith("honest")]

    again = workplace.grade("batch", "submissions", "-m", "mission_cnn", "--progress", "json")
    assert "landed" not in again.stdout


def test_due_date_that_moves_changes_marks_and_grades_nothing_again(workplace: Workplace, tmp_path: Path) -> None:
    rules = tmp_path / "course" / "course.toml"
    solution = ROOT / "reference_solutions" / "mission_transfer_annotated" / "solution.py"
    write(workplace.root / "submissions" / "kim", solution.read_text(encoding="utf-8"))
    assert workplace.grade("batch", "submissions", "-m", "mission_transfer_annotated").returncode == 0
    line = workplace.grade("gradebook").stdout.splitlines()[1]
    assert "100/100" in line

    rules.write_text('time_zone = "Asia/Seoul"\ndue = 2000-01-01\n[late]\nper_day = "1%"\ncap = "30%"\n')
    line = workplace.grade("gradebook").stdout.splitlines()[1]
    assert "70/100" in line
    assert "late" in line
    assert (
        "landed"
        not in workplace.grade("batch", "submissions", "-m", "mission_transfer_annotated", "--progress", "json").stdout
    )
