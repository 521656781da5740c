"""Folders with an entry per student."""

import os
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest

from grader.cohort import Found, Layout, find_submissions
from grader.entries import Student
from grader.errors import MissionNotFound, UsageError
from tests.unit.cohort.folders import MISSIONS, MONDAY, lay


def found(root: Path, mission: str | None = None, roster: dict[str, Student] | None = None) -> Found:
    return find_submissions(root, missions=MISSIONS, mission=mission, roster=roster)


def taken(result: Found, root: Path) -> list[tuple[str, str, str]]:
    return [(item.student.id, item.mission_id, item.path.relative_to(root).as_posix()) for item in result.submissions]


def skipped(result: Found, root: Path) -> list[str]:
    return [item.path.relative_to(root).as_posix() for item in result.skipped]


def test_entry_per_student_is_one_submission_each(tmp_path: Path) -> None:
    lay(tmp_path, "kim/solution.py", "lee.zip", "park.ipynb", "choi.py", "han.tar.gz", "서연.rar")
    result = found(tmp_path, "mission_cnn")
    assert result.layout is Layout.PLAIN
    assert taken(result, tmp_path) == [
        ("choi", "mission_cnn", "choi.py"),
        ("han", "mission_cnn", "han.tar.gz"),
        ("kim", "mission_cnn", "kim"),
        ("lee", "mission_cnn", "lee.zip"),
        ("park", "mission_cnn", "park.ipynb"),
        ("서연", "mission_cnn", "서연.rar"),
    ]
    assert all(item.student.enrolled and item.submitted == MONDAY for item in result.submissions)
    assert result.skipped == ()


def test_folder_per_student_and_mission_gives_each_mission(tmp_path: Path) -> None:
    lay(tmp_path, "kim/mission_cnn/solution.py", "kim/mission_rnn.ipynb", "lee/Mission_CNN (1).zip", "lee/notes.txt")
    result = found(tmp_path)
    assert taken(result, tmp_path) == [
        ("kim", "mission_cnn", "kim/mission_cnn"),
        ("kim", "mission_rnn", "kim/mission_rnn.ipynb"),
        ("lee", "mission_cnn", "lee/Mission_CNN (1).zip"),
    ]
    assert skipped(result, tmp_path) == ["lee/notes.txt"]
    assert taken(found(tmp_path, "mission_rnn"), tmp_path) == [("kim", "mission_rnn", "kim/mission_rnn.ipynb")]


def test_student_folder_with_solution_is_one_submission_even_beside_a_mission(tmp_path: Path) -> None:
    lay(tmp_path, "kim/solution.py", "kim/mission_rnn/x.py", "lee/mission_rnn/solution.py")
    result = found(tmp_path, "mission_cnn")
    assert taken(result, tmp_path) == [("kim", "mission_cnn", "kim")]


def test_student_folder_with_only_an_archive_gives_the_archive(tmp_path: Path) -> None:
    lay(tmp_path, "kim/work.zip", "kim/report.pdf", "lee/work.zip", "lee/main.py")
    result = found(tmp_path, "mission_cnn")
    assert taken(result, tmp_path) == [("kim", "mission_cnn", "kim/work.zip"), ("lee", "mission_cnn", "lee")]
    assert skipped(result, tmp_path) == ["kim/report.pdf"]


def test_models_inside_and_beside_are_handed_in_too(tmp_path: Path) -> None:
    lay(tmp_path, "kim/solution.py", "kim/net.pt2", "lee.py", "lee.pt2", "park/solution.py", "park/a.pt2")
    lay(tmp_path, "park/b.pt2", "han/mission_cnn.py", "han/mission_cnn.pt2", "alone.pt2", "go/a.pt2", "go/model.pt2")
    lay(tmp_path, "go/x.py")
    result = found(tmp_path, "mission_cnn")
    models = {
        item.student.id: item.model and item.model.relative_to(tmp_path).as_posix() for item in result.submissions
    }
    assert models == {
        "kim": "kim/net.pt2",
        "lee": "lee.pt2",
        "park": None,
        "han": "han/mission_cnn.pt2",
        "go": "go/model.pt2",
    }
    assert skipped(result, tmp_path) == ["alone.pt2", "park/a.pt2", "park/b.pt2"]


def test_date_of_a_folder_is_its_newest_file(tmp_path: Path) -> None:
    lay(tmp_path, "kim/solution.py")
    lay(tmp_path, "kim/pkg/net.py", changed=MONDAY + timedelta(hours=3))
    lay(tmp_path, "kim/.git/index", "kim/__pycache__/x.pyc", changed=MONDAY + timedelta(days=9))
    assert found(tmp_path, "mission_cnn").submissions[0].submitted == MONDAY + timedelta(hours=3)


def test_two_submissions_of_one_student_are_two_attempts_in_order_of_time(tmp_path: Path) -> None:
    lay(tmp_path, "kim/solution.py", changed=MONDAY + timedelta(hours=1))
    lay(tmp_path, "KIM.zip", changed=MONDAY)
    result = found(tmp_path, "mission_cnn")
    assert [item.path.name for item in result.submissions] == ["KIM.zip", "kim"]
    assert len({item.student.id for item in result.submissions}) == 1


ROSTER = {
    "20261234": Student(id="20261234", name="김민수", email="Kim@Example.ac.kr", login_id="KimMS"),
    "20265678": Student(id="20265678", name="이지우"),
}


@pytest.mark.parametrize(
    "name", ["20261234", "kim@example.AC.KR", "kimms", "20261234_김민수", "김민수 20261234", "kimms (2)", "20261234-v2"]
)
def test_name_that_means_one_student_of_the_roster_finds_them(tmp_path: Path, name: str) -> None:
    lay(tmp_path, f"{name}.zip")
    assert found(tmp_path, "mission_cnn", ROSTER).submissions[0].student is ROSTER["20261234"]


@pytest.mark.parametrize("name", ["20269999", "20261234_20265678", "김민수", "1234"])
def test_name_that_means_none_of_the_roster_is_a_stranger(tmp_path: Path, name: str) -> None:
    lay(tmp_path, f"{name}.zip")
    assert found(tmp_path, "mission_cnn", ROSTER).submissions[0].student == Student(id=name, enrolled=False)


def test_id_in_decomposed_hangul_finds_the_student(tmp_path: Path) -> None:
    roster = {"김민수": Student(id="김민수")}
    lay(tmp_path, unicodedata.normalize("NFD", "김민수.zip"))  # as macOS writes it
    assert found(tmp_path, "mission_cnn", roster).submissions[0].student is roster["김민수"]


def test_junk_and_lists_are_passed_over_in_silence(tmp_path: Path) -> None:
    lay(tmp_path, "kim.zip", ".DS_Store", "__MACOSX/._kim.zip", "Thumbs.db", "desktop.ini", "roster.csv", "._kim.zip")
    result = found(tmp_path, "mission_cnn")
    assert taken(result, tmp_path) == [("kim", "mission_cnn", "kim.zip")]
    assert result.skipped == ()


def test_hostile_entries_are_skipped_with_a_reason_and_nothing_is_followed(tmp_path: Path) -> None:
    outside = lay(tmp_path / "outside", "secret/solution.py") / "secret"
    root = lay(tmp_path / "in", "kim/solution.py", "a\u202eb.zip", "line\nbreak.zip", "empty/", "readme.txt")
    (root / "link").symlink_to(outside, target_is_directory=True)
    (root / "link.zip").symlink_to(outside / "solution.py")
    os.mkfifo(root / "pipe.zip")
    (root / "kim" / "inner").symlink_to(outside, target_is_directory=True)
    (root / os.fsdecode(b"\xff\xff.zip")).write_bytes(b"")
    result = found(root, "mission_cnn")
    assert taken(result, root) == [("kim", "mission_cnn", "kim")]
    assert len(result.skipped) == 9
    assert all(item.reason.en and item.reason.ko for item in result.skipped)
    assert all("\u202e" not in item.name and "\n" not in item.name for item in result.skipped)


def test_name_in_cp949_bytes_is_read_as_korean(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode("김민수.zip".encode("cp949"))).write_bytes(b"")
    item = found(tmp_path, "mission_cnn").submissions[0]
    assert (item.student.id, item.name) == ("김민수", "김민수.zip")


def test_submissions_that_name_no_mission_need_one(tmp_path: Path) -> None:
    lay(tmp_path, "kim.zip")
    with pytest.raises(UsageError, match="which mission"):
        found(tmp_path)
    only = find_submissions(tmp_path, missions=["mission_cnn"])
    assert only.submissions[0].mission_id == "mission_cnn"


def test_folder_per_mission_first_is_told_apart(tmp_path: Path) -> None:
    lay(tmp_path, "mission_cnn/kim/solution.py", "lee/mission_cnn/solution.py")
    result = found(tmp_path)
    assert taken(result, tmp_path) == [("lee", "mission_cnn", "lee/mission_cnn")]
    assert skipped(result, tmp_path) == ["mission_cnn"]


def test_wrong_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissionNotFound, match="mission_gan"):
        found(tmp_path, "mission_gan")
    with pytest.raises(UsageError, match="can't be read"):
        found(tmp_path / "none", "mission_cnn")
    with pytest.raises(UsageError, match="one submission"):
        found(lay(tmp_path, "solution.py"), "mission_cnn")


def test_students_in_great_number_are_listed_without_opening_a_file(tmp_path: Path) -> None:
    lay(tmp_path, *(f"student{number:05}.zip" for number in range(3000)))
    for path in tmp_path.iterdir():
        path.chmod(0)
    assert len(found(tmp_path, "mission_cnn").submissions) == 3000
