"""Moodle's offline grading worksheet."""

from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser

import pytest

from grader.errors import UsageError
from grader.exports import FeedbackForm
from grader.exports.moodle import COLUMNS
from grader.text import Language
from tests.unit.exports import cohort
from tests.unit.exports.rendering import exported, table, written


class Tags(HTMLParser):
    """Tags, which must nest, and attributes of a comment."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: set[str] = set()
        self.attributes: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes += [name for name, _ in attrs]
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def rows(**changes: object) -> dict[str, dict[str, str]]:
    return {row["Identifier"]: row for row in table(written("moodle", **{"marks": cohort.CNN_MARKS, **changes}))}


def test_columns_are_moodles() -> None:
    assert tuple(table(written("moodle", marks=cohort.CNN_MARKS))[0]) == COLUMNS


def test_participant_gets_the_points_after_policies_and_words_for_the_difference() -> None:
    late = rows()["Participant 12"]
    assert late["Grade"] == "82"
    assert late["Status"] == "Submitted for grading - Graded - 2 days late"
    assert "Handed in 2 days late: 10 points off, which leaves 82." in late["Feedback comments"]


def test_grade_that_there_is_not_stays_empty() -> None:
    found = rows()
    assert found["Participant 13"]["Grade"] == found["Participant 14"]["Grade"] == ""
    assert found["Participant 13"]["Status"] == "No submission"
    assert found["Participant 13"]["Feedback comments"] == ""


def test_dates_name_their_zone() -> None:
    row = rows()["Participant 11"]
    for column in ("Last modified (submission)", "Last modified (grade)"):
        assert datetime.fromisoformat(row[column]).tzinfo is not None


def test_points_beyond_the_maximum_are_cut_with_a_warning() -> None:
    text, warnings = exported("moodle", marks=cohort.CNN_MARKS)
    assert {row["Identifier"]: row for row in table(text)}["Participant 15"]["Grade"] == "100"
    assert "20240005 has 105 points; Moodle takes 100 at most, so 100 were written." in [str(each) for each in warnings]


@pytest.mark.parametrize("number", ["", "12x", "=1", "１２"])
def test_student_without_a_participant_number_is_left_out_with_a_warning(number: str) -> None:
    student = replace(cohort.MINJUN, moodle_id=number)
    text, warnings = exported("moodle", marks=[cohort.mark(student, cohort.grading(), 91.5)])
    assert table(text) == []
    assert [str(warning) for warning in warnings] == ["20240001 has no Moodle participant number and was left out."]


def test_marks_of_two_missions_are_refused() -> None:
    with pytest.raises(UsageError, match="one mission"):
        written("moodle")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_html_comment_has_plain_tags_only(language: Language) -> None:
    for row in rows(language=language).values():
        tags = Tags(row["Feedback comments"])
        assert tags.found <= {"p", "strong", "ul", "li", "br"}
        assert (tags.open, tags.attributes) == ([], [])


def test_text_comment_has_a_line_per_criterion_and_its_hint() -> None:
    lines = rows(feedback=FeedbackForm.TEXT)["Participant 11"]["Feedback comments"].split("\n")
    assert lines[0] == "Passed: 91.5 / 100 points (pass mark 90)"
    assert sum(line.startswith(("✓", "◐", "✗")) for line in lines) == 3
    assert sum(line.startswith("    → Two or three convolutions") for line in lines) == 2


def test_machine_failure_tells_the_student_that_it_costs_nothing_and_no_more() -> None:
    comment = rows()["Participant 14"]["Feedback comments"]
    assert "costs no points" in comment
    assert "Docker" not in comment


def test_korean_comment_is_in_korean() -> None:
    comment = rows(language="ko")["Participant 12"]["Feedback comments"]
    assert "2일 늦게 제출하여 10점이 감점되었고, 반영되는 점수는 82점입니다." in comment
    assert "late" not in comment
