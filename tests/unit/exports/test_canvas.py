"""Canvas' gradebook import."""

from dataclasses import replace

import pytest

from grader.entries import Student
from grader.errors import UsageError
from grader.exports import Assignment
from tests.unit.exports import cohort
from tests.unit.exports.rendering import exported, table, written


def marked(*students: Student) -> list[object]:
    return [cohort.mark(student, cohort.grading(), 91.5) for student in students]


def test_header_and_points_possible_are_in_canvas_form() -> None:
    lines = written("canvas").splitlines()
    assert lines[0].startswith("Student,ID,SIS User ID,SIS Login ID,Section,")
    assert lines[1] == "    Points Possible,,,,,100,50"


def test_known_assignment_is_named_by_title_and_number() -> None:
    text = written("canvas", assignments={"mission_cnn": Assignment(title="CNN", id="4711")}, language="ko")
    assert text.splitlines()[0].endswith(",CNN (4711),한 줄씩 읽는 RNN")


def test_student_without_points_has_an_empty_cell() -> None:
    rows = {row["Student"]: row for row in table(written("canvas"))}
    assert rows["박지훈"]["Build your own CNN for handwritten digits"] == ""
    assert rows["박지훈"]["Read digits row by row"] == "0"


def test_stranger_is_left_out_with_a_warning() -> None:
    text, warnings = exported("canvas")
    assert "final_FINAL" not in text
    assert [str(warning) for warning in warnings] == ["final_FINAL(2) is not on the roster and was left out."]


def test_student_whom_canvas_finds_by_name_only_is_written_with_a_warning() -> None:
    text, warnings = exported("canvas", marks=marked(Student(id="1", name="Ann")))
    assert len(table(text)) == 2
    assert [str(warning) for warning in warnings] == [
        "1 (Ann) has no Canvas ID, SIS ID or login: Canvas will look for the name."
    ]


@pytest.mark.parametrize("names", [("Ann", "Ann"), ("", ""), ("=Ann", "-Ann")], ids=["shared", "empty", "altered"])
def test_student_whom_canvas_could_take_for_another_is_left_out(names: tuple[str, str]) -> None:
    students = [Student(id=str(index), name=name) for index, name in enumerate(names)]
    text, warnings = exported("canvas", marks=marked(*students))
    assert len(table(text)) == 1
    assert all(str(warning).endswith("left out.") for warning in warnings)
    assert len(warnings) == 2


def test_canvas_id_that_is_no_number_is_not_written() -> None:
    rows = table(written("canvas", marks=marked(replace(cohort.MINJUN, canvas_id="=1"))))
    assert rows[1]["ID"] == ""
    assert rows[1]["SIS User ID"] == "S20240001"


def test_student_called_points_possible_does_not_change_an_assignment() -> None:
    rows = table(written("canvas", marks=marked(replace(cohort.MINJUN, name="Points Possible"))))
    assert [("Points Possible" in row["Student"]) for row in rows] == [True, False]


def test_missions_that_share_a_column_are_refused() -> None:
    same = Assignment(title="Homework")
    with pytest.raises(UsageError, match="share the Canvas column Homework"):
        written("canvas", assignments={"mission_cnn": same, "mission_rnn": same})


def test_assignment_number_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="not the number"):
        written("canvas", assignments={"mission_cnn": Assignment(id="4711)=x(1")})
