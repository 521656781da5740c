"""What is shown while a batch runs: a live table, plain lines, JSON lines, or nothing."""

import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from rich.cells import set_cell_size
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text as Line

from grader.cli.options import ProgressChoice
from grader.cli.progress import STAGES, logged
from grader.progress import Stage
from grader.reports import figures
from grader.reports.escape import inert
from grader.results import LogPoint, Report, Verdict
from grader.text import Language, Text

if TYPE_CHECKING:
    from grader.batch import Order, Watch

LAST_SHOWN = 5
"""Results under the running ones."""
_NAME_WIDTH = 20


@dataclass(slots=True)
class _Running:
    """One grading under way."""

    order: "Order"
    began: float
    stage: Stage = Stage.COLLECT
    point: LogPoint | None = None
    share: float | None = None


@dataclass(slots=True)
class Board:
    """How far a batch is. Told by its workers, one at a time; read by the thread that draws.

    Attributes:
        clock: monotonic seconds.
    """

    clock: Callable[[], float] = time.monotonic
    total: int = 0
    unchanged: int = 0
    done: int = 0
    not_graded: int = 0
    left_to_others: int = 0
    began_at: float = 0.0
    running: dict[int, _Running] = field(default_factory=dict)
    last: deque[tuple["Order", Report, float]] = field(default_factory=lambda: deque(maxlen=LAST_SHOWN))

    def planned(self, *, total: int, unchanged: int) -> None:
        """See `Watch`."""
        self.total += total
        self.unchanged += unchanged
        self.began_at = self.began_at or self.clock()

    def began(self, order: "Order") -> None:
        """See `Watch`."""
        self.running[order.number] = _Running(order, self.clock())

    def stage(self, order: "Order", stage: Stage) -> None:
        """See `Watch`."""
        if (running := self.running.get(order.number)) is not None:
            running.stage = stage

    def log(self, order: "Order", point: LogPoint) -> None:
        """See `Watch`."""
        if (running := self.running.get(order.number)) is not None:
            running.point = point

    def budget(self, order: "Order", used_s: float, budget_s: float) -> None:
        """See `Watch`."""
        if (running := self.running.get(order.number)) is not None:
            running.share = used_s / budget_s if budget_s else None

    def landed(self, order: "Order", report: Report, seconds: float) -> None:
        """See `Watch`."""
        self.running.pop(order.number, None)
        self.done += 1
        self.not_graded += report.verdict is Verdict.NOT_GRADED
        self.last.append((order, report, seconds))

    def left(self, order: "Order") -> None:
        """See `Watch`."""
        self.running.pop(order.number, None)
        self.left_to_others += 1

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before the first result."""
        remaining = self.total - self.done - self.left_to_others
        if not self.done:
            return None
        return (self.clock() - self.began_at) / self.done * remaining


class LiveBoard(Board):
    """Draws itself as a table."""

    def render(self, language: Language) -> RenderableType:
        """The block as it stands."""
        # What a student logs is of any length: its column takes what the others leave, and is cut.
        table = Table.grid(padding=(0, 1), expand=True)
        for width in (2, _NAME_WIDTH, 18, None, 12):
            table.add_column(width=width, ratio=None if width else 1, no_wrap=True, overflow="ellipsis")
        for order, report, seconds in list(self.last):
            table.add_row(*_result_row(order, report, seconds, language))
        for running in list(self.running.values()):
            table.add_row(*_running_row(running, self.clock(), language))
        return Group(table, self._overall(language))

    def _overall(self, language: Language) -> RenderableType:
        row = Table.grid(padding=(0, 1))
        completed = self.done + self.left_to_others
        row.add_row(
            ProgressBar(total=max(1, self.total), completed=completed, width=24, complete_style="cyan"),
            Line(overall(self, language), style="dim"),
        )
        return row


def overall(board: Board, language: Language) -> str:
    """`12 / 200, about 14 min left`, and what went wrong."""
    parts = [f"{board.done + board.left_to_others} / {board.total}"]
    if (left_s := board.seconds_left) is not None and left_s > 0:
        left = figures.seconds(left_s, language)
        parts.append(f"약 {left} 남음" if language == "ko" else f"about {left} left")
    if board.not_graded:
        parts.append(f"미채점 {board.not_graded}" if language == "ko" else f"{board.not_graded} not graded")
    return ", ".join(parts)


class LineBoard(Board):
    """Writes a line per result: for log files."""

    def __init__(self, write: Callable[[str], None], language: Language) -> None:
        super().__init__()
        self._write = write
        self._language = language

    def landed(self, order: "Order", report: Report, seconds: float) -> None:
        """See `Watch`."""
        super().landed(order, report, seconds)
        mark, student, mission, score, took = (
            part.plain for part in _result_row(order, report, seconds, self._language)
        )
        shown = f"{mark} {set_cell_size(student, _NAME_WIDTH)} {mission:<26} {score:>8}  {took}"
        self._write(f"{shown.rstrip()}  ({overall(self, self._language)})")


class JsonBoard(Board):
    """Writes one JSON object per event, for programs; sentences in both languages stay out of it."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def planned(self, *, total: int, unchanged: int) -> None:
        """See `Watch`."""
        super().planned(total=total, unchanged=unchanged)
        self._say("planned", total=total, unchanged=unchanged)

    def began(self, order: "Order") -> None:
        """See `Watch`."""
        super().began(order)
        self._say("began", order)

    def stage(self, order: "Order", stage: Stage) -> None:
        """See `Watch`."""
        super().stage(order, stage)
        self._say("stage", order, stage=stage.value)

    def log(self, order: "Order", point: LogPoint) -> None:
        """See `Watch`."""
        super().log(order, point)
        self._say("log", order, seconds=round(point.seconds, 2), values=point.values)

    def landed(self, order: "Order", report: Report, seconds: float) -> None:
        """See `Watch`."""
        super().landed(order, report, seconds)
        self._say(
            "landed",
            order,
            verdict=report.verdict.value,
            reason=report.reason.value if report.reason else None,
            score=report.score if report.verdict is Verdict.GRADED else None,
            max_score=report.max_score,
            passed=report.passed,
            seconds=round(seconds, 2),
            done=self.done,
            total=self.total,
        )

    def left(self, order: "Order") -> None:
        """See `Watch`."""
        super().left(order)
        self._say("left", order)

    def _say(self, event: str, order: "Order | None" = None, **fields: Any) -> None:
        about = {} if order is None else {"student": order.student_id, "mission": order.mission.id, "kind": order.kind}
        # ASCII only: names are untrusted, and escapes of JSON can't steer a terminal.
        self._stream.write(json.dumps({"event": event, **about, **fields}, ensure_ascii=True) + "\n")
        self._stream.flush()


@contextmanager
def watching_batch(console: Console, language: Language, choice: ProgressChoice) -> "Iterator[Watch]":
    """What is told of a batch, where and how it was asked for; `auto` is live on a terminal, lines elsewhere."""
    if choice == "auto":
        choice = "live" if console.is_terminal and not console.is_dumb_terminal else "lines"
    if choice == "quiet":
        yield Board()
    elif choice == "json":
        yield JsonBoard(sys.stdout)
    elif choice == "lines":
        yield LineBoard(lambda line: console.print(Line(line), soft_wrap=True), language)
    else:
        board = LiveBoard()
        with Live(
            get_renderable=lambda: board.render(language),
            console=console,
            refresh_per_second=4,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        ):
            yield board


def _result_row(order: "Order", report: Report, seconds: float, language: Language) -> tuple[Line, ...]:
    score = f"{figures.points(report.score)}/{figures.points(report.max_score)}"
    mark = Line("✓", style="green") if report.passed else Line("·", style="yellow")
    if report.verdict is Verdict.NOT_GRADED:
        mark, score = Line("✗", style="bold red"), _NOT_GRADED.in_language(language)
    return (
        mark,
        Line(_name(order)),
        Line(order.mission.id),
        Line(score),
        Line(figures.seconds(seconds, language), style="dim"),
    )


_NOT_GRADED = Text("not graded", "미채점")


def _running_row(running: _Running, now: float, language: Language) -> tuple[Line, ...]:
    doing = STAGES[running.stage].in_language(language)
    if running.stage is Stage.TRAIN:
        share = f" {running.share:.0%}" if running.share is not None else ""
        doing = f"{doing}{share}" + (f" · {logged(running.point)}" if running.point is not None else "")
    return (
        Line("…", style="cyan"),
        Line(_name(running.order)),
        Line(running.order.mission.id),
        Line(doing),
        Line(figures.seconds(now - running.began, language), style="dim"),
    )


def _name(order: "Order") -> str:
    student = order.handed_in.student
    return inert(student.name or student.id, max_bytes=60, lines=False)
