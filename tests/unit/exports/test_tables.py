"""The gradebook as CSV."""

from grader.exports.cells import BYTE_ORDER_MARK
from tests.unit.exports import cohort
from tests.unit.exports.rendering import table, written


def test_each_student_has_one_row_with_the_points_of_each_mission() -> None:
    rows = {row["student_id"]: row for row in table(written("csv"))}
    assert len(rows) == 6
    assert rows["20240001"]["name"] == "김민준"
    assert (rows["20240001"]["mission_cnn"], rows["20240001"]["mission_rnn"]) == ("91.5", "45")
    assert (rows["20240004"]["mission_cnn"], rows["20240004"]["mission_rnn"]) == ("", "0")


def test_long_table_has_one_row_per_mark() -> None:
    rows = table(written("csv-long"))
    assert [(row["student_id"], row["mission_id"]) for row in rows] == [
        (mark.student.id, mark.mission_id) for mark in cohort.MARKS
    ]
    late = rows[1]
    assert (late["score"], late["penalty"], late["points"], late["days_late"]) == ("92", "10", "82", "2")
    assert (late["attempts"], late["flags"], late["accuracy"]) == ("3", "late", "0.987")


def test_name_with_commas_and_quotes_comes_back() -> None:
    assert table(written("csv"))[2]["name"] == cohort.ANN.name


def test_byte_order_mark_is_written_only_when_asked_for() -> None:
    assert written("csv", bom=True) == BYTE_ORDER_MARK + written("csv")
    assert not written("csv-long").startswith(BYTE_ORDER_MARK)


def test_negative_points_of_ours_stay_a_number() -> None:
    rows = table(written("csv", marks=[cohort.mark(cohort.BOB, cohort.grading(), -2.5)]))
    assert rows[0]["mission_cnn"] == "-2.5"
