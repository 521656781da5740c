"""What is shown while a batch runs."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from grader.batch import Order
from grader.cli.batch_progress import LAST_SHOWN, Board, JsonBoard, LineBoard, LiveBoard, overall, watching_batch
from grader.course import Course
from grader.entries import Student
from grader.progress import Stage
from grader.results import LogPoint, Report, Verdict
from tests.unit.batch.kit import order
from tests.unit.reports import samples

EVIL = "\x1b]0;owned\x07\x1b[2J\u202ekim\r\n[bold]x[/bold] :smile:"
"""A name that would set a terminal's title, clear it, turn the text around, and write a line of its own."""
NOT_GRADED = samples.report(verdict=Verdict.NOT_GRADED, criteria=(), score=0, passed=False)


def an_order(course: Course, number: int = 1, student: str = "kim", name: str = "") -> Order:
    return order(course, Path("kim.py"), Student(id=student, name=name), number)


def tell(board: Board, one: Order, report: Report | None = None) -> None:
    """One grading from its beginning to its end."""
    board.began(one)
    board.stage(one, Stage.TRAIN)
    board.log(one, LogPoint(seconds=1.5, values={"epoch": 1, "train_loss": "nan", EVIL: EVIL}))
    board.budget(one, 10, 40)
    if report is not None:
        board.landed(one, report, 12.5)


def strictly(line: str) -> dict[str, Any]:
    def refuse(constant: str) -> float:
        raise AssertionError(f"{constant} is not JSON")

    found: dict[str, Any] = json.loads(line, parse_constant=refuse)
    return found


def test_json_lines_are_one_ascii_object_each(course: Course) -> None:
    stream = io.StringIO()
    board = JsonBoard(stream)
    board.planned(total=4, unchanged=1)
    tell(board, an_order(course), samples.report())
    tell(board, an_order(course, 2, EVIL, EVIL), NOT_GRADED)
    tell(board, an_order(course, 3, "김하나"), samples.report())
    board.left(an_order(course, 4))
    written = stream.getvalue()
    assert written.isascii()
    assert "\x1b" not in written
    assert written.endswith("\n")
    events = [strictly(line) for line in written.splitlines()]
    assert events[0] == {"event": "planned", "total": 4, "unchanged": 1}
    landed = [event for event in events if event["event"] == "landed"]
    assert [event["student"] for event in landed] == ["kim", EVIL, "김하나"]
    assert [(event["score"], event["verdict"]) for event in landed] == [
        (91.5, "graded"),
        (None, "not_graded"),
        (91.5, "graded"),
    ]
    assert [(event["done"], event["total"]) for event in landed] == [(1, 4), (2, 4), (3, 4)]
    assert events[-1]["event"] == "left"
    assert {event["event"] for event in events} == {"planned", "began", "stage", "log", "landed", "left"}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_lines_are_one_per_result_and_inert(course: Course, language: Any) -> None:
    lines: list[str] = []
    board = LineBoard(lines.append, language)
    board.planned(total=2, unchanged=0)
    tell(board, an_order(course, 1, "kim", "김하나"), samples.report())
    tell(board, an_order(course, 2, EVIL, EVIL), NOT_GRADED)
    assert len(lines) == 2
    assert "김하나" in lines[0]
    assert "91.5/100" in lines[0]
    assert not set("\x1b\x07\r\n\u202e") & set("".join(lines))
    assert ("미채점" if language == "ko" else "not graded") in lines[1]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_live_table_shows_running_and_finished_ones_inert(course: Course, language: Any) -> None:
    board = LiveBoard()
    board.planned(total=30, unchanged=0)
    for number in range(1, 9):
        tell(board, an_order(course, number, f"s{number}"), samples.report())
    tell(board, an_order(course, 20, EVIL, EVIL))
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=80, markup=True, emoji=True)
    console.print(board.render(language))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert not set("\x1b\x07\u202e") & set(shown)
    assert all(f"s{number}" in shown for number in range(4, 9))
    assert "s3" not in shown, "only the last few"
    assert "8 / 30" in shown
    assert "25%" in shown
    assert shown.count("✓ ") == LAST_SHOWN, "a long line of one student leaves the others' columns alone"
    assert max(map(len, shown.splitlines())) <= 80


def test_time_left_follows_the_pace_so_far(course: Course) -> None:
    now = [100.0]
    board = Board(clock=lambda: now[0])
    board.planned(total=10, unchanged=5)
    assert board.seconds_left is None
    now[0] = 110.0
    tell(board, an_order(course), samples.report())
    assert board.seconds_left == pytest.approx(90)
    assert overall(board, "en").startswith("1 / 10, about")
    now[0] = 112.0
    tell(board, an_order(course, 2), samples.report())
    assert board.seconds_left == pytest.approx(48)
    for number in range(3, 10):
        board.left(an_order(course, number))
    assert board.seconds_left == pytest.approx(6)
    tell(board, an_order(course, 10), NOT_GRADED)
    assert board.seconds_left == 0
    assert overall(board, "en") == "10 / 10, 1 not graded"
    assert overall(board, "ko") == "10 / 10, 미채점 1"


def test_audits_are_added_to_what_is_to_do(course: Course) -> None:
    board = Board(clock=lambda: 0.0)
    board.planned(total=2, unchanged=1)
    board.planned(total=3, unchanged=0)
    assert (board.total, board.unchanged) == (5, 1)


def test_what_is_told_after_the_end_of_a_grading_is_ignored(course: Course) -> None:
    board = LiveBoard()
    one = an_order(course)
    tell(board, one, samples.report())
    board.stage(one, Stage.TESTS)
    board.log(one, LogPoint(seconds=1, values={}))
    board.budget(one, 1, 0)
    assert board.running == {}


def test_choice_of_a_board_by_itself_depends_on_the_terminal() -> None:
    for terminal, kind in ((True, LiveBoard), (False, LineBoard)):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=80, _environ={"TERM": "xterm"})
        with watching_batch(console, "en", "auto") as watch:
            assert type(watch) is kind


def test_quiet_writes_nothing(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(file=io.StringIO(), width=80)
    with watching_batch(console, "en", "quiet") as watch:
        watch.planned(total=1, unchanged=0)
        watch.began(an_order(course))
        watch.landed(an_order(course), samples.report(), 1.0)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == ""
    assert capsys.readouterr() == ("", "")
