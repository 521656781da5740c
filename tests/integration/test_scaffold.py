"""A new mission is sound from its first minute."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import Course
from grader.errors import DestinationExists, UsageError
from grader.scaffold import scaffold
from grader.verification import gaps_in


def test_new_mission_is_consistent(tmp_path: Path) -> None:
    scaffold(tmp_path, "mission_fashion")
    mission = Course(tmp_path).mission("mission_fashion")
    assert (mission.spec.title.en, gaps_in(mission)) == ("Fashion", ())
    assert all(mission.readme(language).is_file() for language in ("en", "ko"))


def test_existing_mission_is_left_alone(tmp_path: Path) -> None:
    scaffold(tmp_path, "mission_fashion")
    with pytest.raises(DestinationExists):
        scaffold(tmp_path, "mission_fashion")


@pytest.mark.parametrize("name", ["fashion", "mission_", "mission_A", "mission_../x", "mission_x/y", "mission_é"])
def test_name_that_is_none_for_a_mission_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        scaffold(tmp_path, name)
    assert not any(tmp_path.iterdir())


@pytest.mark.mnist
@pytest.mark.slow
def test_new_mission_verifies_from_the_command_line(tmp_path: Path, bubblewrap: str) -> None:
    def grade(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(Path(sys.executable).with_name("grade")), *arguments, "--lang", "en"],
            cwd=tmp_path,
            env={**os.environ, "GRADER_COURSE": str(tmp_path), "COLUMNS": "80"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert grade("new", "mission_first", "--course", str(tmp_path)).returncode == 0
    verified = grade("verify", "mission_first", "--sandbox", bubblewrap, "--fresh", "--junit", "out/junit.xml")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "All 5 cases came out as planned." in verified.stdout
    assert max(len(line) for line in verified.stdout.splitlines()) <= 80
    assert (tmp_path / "out" / "junit.xml").is_file()
