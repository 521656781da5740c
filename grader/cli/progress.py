"""What is shown while a submission is graded: one live block on a terminal, sparse plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text as Line

from grader.progress import Progress, Stage
from grader.reports import figures
from grader.reports.escape import inert
from grader.results import LogPoint
from grader.text import Language, Text

STAGES = {
    Stage.COLLECT: Text("Collecting the submission", "제출물 수집"),
    Stage.START: Text("Starting the sandbox", "샌드박스 시작"),
    Stage.TRAIN: Text("Training", "학습"),
    Stage.EXPORT: Text("Exporting the model", "모델 내보내기"),
    Stage.EVALUATE: Text("Measuring on hidden images", "비공개 이미지로 측정"),
    Stage.PROBE: Text("Trying your functions", "작성한 함수 확인"),
    Stage.TESTS: Text("Settling the rubric", "평가 기준 판정"),
}
QUIET_S = 15.0
"""Seconds between two plain lines of one stage: a log file of a four-minute training stays readable."""
MAX_VALUES = 4
"""Logged values shown at a time."""
_FIRST = ("epoch", "loss", "acc")


def logged(point: LogPoint) -> str:
    """The values most worth a glance, epoch, loss and accuracy first; names and words are a student's, so inert."""

    def rank(name: str) -> int:
        return next((place for place, part in enumerate(_FIRST) if part in name), len(_FIRST))

    names = sorted(point.values, key=rank)[:MAX_VALUES]
    pairs = (f"{inert(name, max_bytes=24)} {inert(figures.number(point.values[name]), max_bytes=16)}" for name in names)
    return " · ".join(pairs)


def time_left(used_s: float, budget_s: float, language: Language) -> str:
    """How much of the budget is used and left."""
    used, budget, left = (figures.seconds(value, language) for value in (used_s, budget_s, max(0.0, budget_s - used_s)))
    return f"{used} / {budget}, {left} 남음" if language == "ko" else f"{used} of {budget}, {left} left"


class LiveProgress:
    """Redraws a block of lines in place.

    Args:
        language: of the stages' names.
        clock: monotonic seconds.
    """

    def __init__(self, language: Language, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._language = language
        self._clock = clock
        self._done: list[tuple[Stage, float]] = []
        self._stage: tuple[Stage, float] | None = None
        self._point: LogPoint | None = None
        self._budget: tuple[float, float] | None = None
        self._spinner = Spinner("dots", style="cyan")

    def stage(self, stage: Stage) -> None:
        """See `Progress`."""
        if self._stage is not None and self._stage[0] is stage:
            return
        now = self._clock()
        if self._stage is not None:
            self._done.append((self._stage[0], now - self._stage[1]))
        self._stage = (stage, now)
        if stage is Stage.TRAIN:
            self._point, self._budget = None, None

    def log(self, point: LogPoint) -> None:
        """See `Progress`."""
        self._point = point

    def budget(self, used_s: float, budget_s: float) -> None:
        """See `Progress`."""
        self._budget = (used_s, budget_s)

    def render(self) -> RenderableType:
        """The block as it stands; called from the thread that draws."""
        done, current = tuple(self._done), self._stage
        lines: list[RenderableType] = [
            Line.assemble(("✓ ", "green"), self._name(stage), (f"  {figures.seconds(took, self._language)}", "dim"))
            for stage, took in done[-len(Stage) :]
        ]
        if current is not None:
            self._spinner.update(text=Line(self._name(current[0]), style="bold"))
            lines.append(self._spinner)
            if current[0] is Stage.TRAIN:
                lines += self._training()
        return Group(*lines)

    def _training(self) -> list[RenderableType]:
        lines: list[RenderableType] = []
        if self._point is not None:
            lines.append(Line(f"  {logged(self._point)}", no_wrap=True, overflow="ellipsis"))
        if self._budget is not None:
            used_s, budget_s = self._budget
            row = Table.grid(padding=(0, 1))
            bar = ProgressBar(total=budget_s, completed=min(used_s, budget_s), width=24, complete_style="cyan")
            row.add_row("", bar, Line(time_left(used_s, budget_s, self._language), style="dim"))
            lines.append(row)
        return lines

    def _name(self, stage: Stage) -> str:
        return STAGES[stage].in_language(self._language)


class PlainProgress:
    """A line per stage, and while training one every `QUIET_S` seconds at most; no control codes.

    Args:
        write: prints one line.
        language: of the stages' names.
        clock: monotonic seconds.
    """

    def __init__(
        self, write: Callable[[str], None], language: Language, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write
        self._language = language
        self._clock = clock
        self._written = clock()
        self._stage: Stage | None = None
        self._budget = ""
        self._values = ""

    def stage(self, stage: Stage) -> None:
        """See `Progress`."""
        if stage is self._stage:
            return
        self._stage = stage
        self._written = self._clock()
        self._write(f"{STAGES[stage].in_language(self._language)} …")

    def log(self, point: LogPoint) -> None:
        """See `Progress`."""
        self._values = logged(point)
        self._line()

    def budget(self, used_s: float, budget_s: float) -> None:
        """See `Progress`."""
        self._budget = time_left(used_s, budget_s, self._language)
        self._line()

    def _line(self) -> None:
        now = self._clock()
        if now - self._written < QUIET_S:
            return
        self._written = now
        self._write(
            "  " + "  ".join(part for part in (self._values, f"({self._budget})" if self._budget else "") if part)
        )


@contextmanager
def watching(console: Console, language: Language) -> Iterator[Progress]:
    """Progress on that console: live on a terminal, plain elsewhere; the block is gone at the end."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield PlainProgress(lambda line: console.print(Line(line), soft_wrap=True), language)
        return
    progress = LiveProgress(language)
    with Live(
        get_renderable=progress.render,
        console=console,
        refresh_per_second=8,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield progress
