"""Pictures made of characters: a score bar, a sparkline, a small confusion matrix. Each fits into 80 columns."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text as Line

from grader.diagnosis.curves import Curves, Role
from grader.reports import words
from grader.results import Metrics, Report
from grader.text import Language, Text

BAR_WIDTH = 40
SPARK_WIDTH = 24
_LEVELS = "▁▂▃▄▅▆▇█"
MOST_CLASSES = 10
CONFUSED_BELOW = 0.9
"""A class below this accuracy makes the confusion matrix worth its lines."""
_CURVES = (
    (Role.TRAIN_LOSS, Text("loss", "손실")),
    (Role.VALID_LOSS, Text("validation loss", "검증 손실")),
    (Role.VALID_ACCURACY, Text("validation accuracy", "검증 정확도")),
)


def score_bar(report: Report, color: str) -> Line:
    """Points earned as a line, with a mark where the mission is passed."""
    most = report.max_score or 1.0
    filled = _place(report.score / most)
    mark = min(BAR_WIDTH - 1, _place(report.mission.pass_mark / most))
    bar = Line()
    for column in range(BAR_WIDTH):
        style = color if column < filled else "dim"
        bar.append("┃" if column == mark else "━" if column < filled else "─", style=style)
    return bar


def sparkline(values: Sequence[float]) -> str:
    """The values as a row of blocks, lowest to highest; the last of each of at most 24 equal parts."""
    count = min(SPARK_WIDTH, len(values))
    shown = [values[(number + 1) * len(values) // count - 1] for number in range(count)]
    low = min(shown, default=0.0)
    span = max(shown, default=0.0) - low
    return "".join(_LEVELS[round(7 * _share(value, low, span))] for value in shown)


def curve_facts(curves: Curves, language: Language) -> str:
    """The logged curves with their first and last values; empty where there are none of two values or more."""
    facts = []
    for role, name in _CURVES:
        values = curves.values(role)
        if len(values) < 2:
            continue
        first, last = (_value(role, value) for value in (values[0], values[-1]))
        ends = f"{first}에서 {last}" if language == "ko" else f"{first} to {last}"
        facts.append(f"{name.in_language(language)} {sparkline(values)} {ends}")
    return "\n".join(facts)


def confusion_table(metrics: Metrics, language: Language) -> Table | None:
    """Counts with true classes as rows; None where every class is told apart well, or there are too many."""
    counts = metrics.confusion
    weak = any(share < CONFUSED_BELOW for share in metrics.per_class_accuracy)
    if not counts or len(counts) > MOST_CLASSES or not weak:
        return None
    caption = words.CONFUSION.in_language(language)
    table = Table.grid(padding=(0, 1, 0, 0))
    table.title, table.title_style, table.title_justify = caption, "dim", "left"
    for _ in range(len(counts) + 1):
        table.add_column(justify="right", width=5, no_wrap=True)
    table.add_row("", *(Line(str(label), style="dim") for label in range(len(counts))))
    for label, row in enumerate(counts):
        cells = [_cell(count, right=label == guess, total=sum(row)) for guess, count in enumerate(row)]
        table.add_row(Line(str(label), style="dim"), *cells)
    return table


def _cell(count: int, *, right: bool, total: int) -> Line:
    if not count:
        return Line("·", style="dim")
    often = count >= 0.05 * max(1, total)
    return Line(str(count), style="green" if right else "bold red" if often else "")


def _place(share: float) -> int:
    return round(BAR_WIDTH * min(1.0, max(0.0, share)))


def _share(value: float, low: float, span: float) -> float:
    """Where the value lies between the lowest and the highest, in [0, 1]; halfway where all are the same."""
    if span <= 0:
        return 0.5
    return min(1.0, max(0.0, (value / 2 - low / 2) / (span / 2)))


def _value(role: Role, value: float) -> str:
    return f"{100 * value:.1f}%" if role is Role.VALID_ACCURACY else f"{value:.3g}"
