"""Finding courses and missions."""

import shutil
from pathlib import Path

import pytest

from grader.course import Course, find_course
from grader.errors import CourseNotFound, MissionNotFound, SpecError


@pytest.fixture
def copy(course: Course, tmp_path: Path) -> Course:
    shutil.copytree(course.root / "missions" / "mission_cnn", tmp_path / "missions" / "mission_cnn")
    return Course(tmp_path)


def test_course_is_found_from_any_folder_inside(copy: Course) -> None:
    assert find_course(copy.root / "missions" / "mission_cnn") == copy


def test_course_of_the_installation_is_found_from_anywhere(course: Course, tmp_path: Path) -> None:
    assert find_course(tmp_path).root == course.root


def test_no_course_anywhere_is_told_how_to_name_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.course.__file__", str(tmp_path / "grader" / "course.py"))
    with pytest.raises(CourseNotFound) as caught:
        find_course(tmp_path)
    assert "GRADER_COURSE" in caught.value.in_language("ko")


@pytest.mark.parametrize("typed", ["mission_cn", "cnn", "mision_cnn"])
def test_misspelt_mission_is_answered_with_the_nearest(course: Course, typed: str) -> None:
    with pytest.raises(MissionNotFound) as caught:
        course.mission(typed)
    assert "mission_cnn" in caught.value.in_language("en")
    assert "mission_cnn" in caught.value.in_language("ko")


def test_unlike_name_is_answered_with_the_list(course: Course) -> None:
    with pytest.raises(MissionNotFound, match="no mission"):
        course.mission("???")


def test_criterion_without_a_test_is_a_spec_error(copy: Course) -> None:
    for file in (copy.root / "missions" / "mission_cnn" / "hidden_tests").glob("test_*.py"):
        file.write_text(file.read_text(encoding="utf-8").replace("def test_accuracy(", "def check_accuracy("))
    with pytest.raises(SpecError, match="accuracy"):
        copy.mission("mission_cnn")


def test_test_without_a_criterion_is_a_spec_error(copy: Course) -> None:
    folder = copy.root / "missions" / "mission_cnn" / "hidden_tests"
    (folder / "test_more.py").write_text("def test_something_else(): pass\n", encoding="utf-8")
    with pytest.raises(SpecError, match="something_else"):
        copy.mission("mission_cnn")


def test_folder_named_unlike_its_spec_is_a_spec_error(copy: Course) -> None:
    (copy.root / "missions" / "mission_cnn").rename(copy.root / "missions" / "mission_other")
    with pytest.raises(SpecError, match="mission_other"):
        copy.mission("mission_other")
