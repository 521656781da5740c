"""Remarks on single lines: some in the terminal, all on the page, none of a hidden criterion."""

import io

from rich.console import Console

from grader.hidden_tests import Outcome
from grader.reports.html import render_html
from grader.reports.terminal import MAX_LINE_REMARKS, render_terminal
from grader.reports.visibility import for_students
from grader.results import LineRemark, Report, Status
from grader.scoring import settle
from grader.text import Language, Text
from tests.unit.reports.samples import criterion, report
from tests.unit.specs import criterion as criterion_table
from tests.unit.specs import small_spec

REMARKS = tuple(
    LineRemark(file="solution.py", line=number, source=f"step_{number}()", message=Text("Why?", "왜 필요한가요?"))
    for number in range(1, MAX_LINE_REMARKS + 4)
)


def with_remarks(status: Status, remarks: tuple[LineRemark, ...] = REMARKS) -> Report:
    return report(criteria=(criterion("ideas", status, 5, 10, remarks=remarks),))


def in_terminal(shown: Report, language: Language = "en") -> str:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(render_terminal(shown, language))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_terminal_shows_the_first_remarks_and_says_where_the_rest_is() -> None:
    text = in_terminal(with_remarks(Status.PARTIAL))
    assert "solution.py:1 step_1()" in text
    assert f"step_{MAX_LINE_REMARKS}()" in text
    assert f"step_{MAX_LINE_REMARKS + 1}()" not in text
    assert "3 more in the HTML report" in text
    assert "나머지 3개" in in_terminal(with_remarks(Status.FAILED), "ko")


def test_terminal_is_silent_on_lines_of_a_criterion_that_was_met() -> None:
    assert "step_1()" not in in_terminal(with_remarks(Status.PASSED))


def test_page_shows_every_remark_and_escapes_its_source() -> None:
    hostile = LineRemark(file="solution.py", line=99, source="<script>\u202e", message=Text("Why?", "왜?"))
    page = render_html(with_remarks(Status.PARTIAL, (*REMARKS, hostile)), "ko")
    assert all(remark.source in page for remark in REMARKS)
    assert page.count("왜 필요한가요?") == len(REMARKS)
    assert "&lt;script&gt;\\u202e" in page
    assert "<script>" not in page


def test_hidden_criterion_keeps_its_remarks_to_itself() -> None:
    spec = small_spec(criteria=[criterion_table("ideas", 10, visible=False)])
    (shown,) = for_students(with_remarks(Status.PARTIAL), spec).criteria
    assert shown.remarks == ()


def test_scoring_carries_remarks() -> None:
    spec = small_spec(criteria=[criterion_table("ideas", 10)])
    (settled,) = settle(spec, {"ideas": Outcome(Status.FAILED, 0.0, remarks=REMARKS)})
    assert settled.remarks == REMARKS
