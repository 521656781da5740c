"""Charts of a mission as inline SVG: points, criteria, accuracy over parameters, what fails together.

Colours hold on a light and on a dark page, and carry nothing that position or words do not say. Each chart has the
table beside it, on the page, as its text alternative.
"""

from collections.abc import Callable, Sequence
from typing import Any
from unicodedata import east_asian_width

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from grader.reports import figures
from grader.statistics import words
from grader.statistics.results import CoFailure, CriterionStatistics, MissionStatistics
from grader.statistics.svg import INK, Drawing
from grader.text import Language, Text

Chart = Callable[[MissionStatistics, Language], str | None]

WIDTH = 640
MAX_DOTS = 1_000
"""Most models drawn; of more, every n-th by number of parameters."""
MAX_CRITERIA = 20
"""Most criteria in the chart of what fails together."""
_BLUE, _GREEN, _AMBER, _RED, _GREY = "#3b82f6", "#2f9e57", "#d19a1d", "#dc5047", "#8a929b"
_SMALL, _NORMAL = 10, 11


def histogram_chart(mission: MissionStatistics, language: Language) -> str | None:
    """How many earned how many points; None where nobody did."""
    if mission.points is None:
        return None
    drawing = Drawing(f"points {mission.mission_id}", WIDTH, 220)
    axes = _axes(drawing, left=56, bottom=44, top=14)
    bins = mission.points.bins
    axes.bar(
        [(each.low + each.high) / 2 for each in bins],
        [each.count for each in bins],
        width=[0.94 * (each.high - each.low) for each in bins],
        color=_BLUE,
    )
    top = max(each.count for each in bins)
    for each in bins:
        if each.count:
            axes.text((each.low + each.high) / 2, each.count + top * 0.02, str(each.count), **_text("center"))
    axes.set_xlim(bins[0].low, bins[-1].high)
    axes.set_ylim(0, top * 1.15)
    axes.set_xticks([bins[0].low, *(each.high for each in bins)])
    axes.set_xticklabels([words.number(edge) for edge in (bins[0].low, *(each.high for each in bins))])
    axes.set_yticks([])
    if mission.pass_mark is not None and bins[0].low <= mission.pass_mark <= bins[-1].high:
        axes.axvline(mission.pass_mark, color=INK, linestyle="--", linewidth=1)
        label = f"{words.PASS_MARK.in_language(language)} {words.number(mission.pass_mark)}"
        place: dict[str, Any] = {
            "xy": (mission.pass_mark, top * 1.15),
            "xytext": (-4, -2),
            "textcoords": "offset points",
        }
        axes.annotate(drawing.word(label), **place, **_text("right", va="top"))
    _labels(drawing, axes, words.POINTS, words.SUBMISSIONS, language)
    return drawing.svg(
        words.SPREAD.in_language(language),
        "; ".join(f"{words.span(each.low, each.high)}: {each.count}" for each in bins),
    )


def criteria_chart(mission: MissionStatistics, language: Language) -> str | None:
    """For each criterion the shares met, partly met, not met and not judged, end to end; None without criteria."""
    if not mission.criteria:
        return None
    rows = mission.criteria
    left = _room([criterion.id for criterion in rows])
    drawing = Drawing(f"criteria {mission.mission_id}", WIDTH, 52 + 26 * len(rows))
    axes = _axes(drawing, left=left, bottom=30, top=22)
    for row, criterion in enumerate(rows):
        start = 0.0
        for share, color in zip(_shares(criterion), (_GREEN, _AMBER, _RED, _GREY), strict=True):
            axes.barh(row, share, left=start, height=0.66, color=color, edgecolor="none")
            start += share
        axes.text(-0.015, row, drawing.word(_short(criterion.id)), **_text("right", va="center"))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_yticks([])
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.set_xticklabels([drawing.word(words.share(edge, language)) for edge in (0, 0.25, 0.5, 0.75, 1)])
    _legend(drawing, axes, language)
    return drawing.svg(
        words.CRITERIA.in_language(language),
        "; ".join(_described(criterion, language) for criterion in rows),
    )


def models_chart(mission: MissionStatistics, language: Language) -> str | None:
    """Accuracy over parameters, one dot per model; None where no model was measured."""
    if not mission.models:
        return None
    step = -(-len(mission.models) // MAX_DOTS)
    drawn = mission.models[::step]
    drawing = Drawing(f"models {mission.mission_id}", WIDTH, 260)
    axes = _axes(drawing, left=64, bottom=44, top=12)
    counts, accuracies = [max(1, count) for count, _ in drawn], [100 * accuracy for _, accuracy in drawn]
    axes.scatter(counts, accuracies, s=22, color=_BLUE, alpha=0.7, linewidths=0)
    axes.set_xscale("log")
    low, high = min(accuracies), max(accuracies)
    room = max(0.5, 0.08 * (high - low))
    axes.set_ylim(low - room, high + room)
    axes.set_xlim(min(counts) / 1.5, max(counts) * 1.5)
    axes.minorticks_off()
    edges = [10**power for power in range(12) if min(counts) <= 1.5 * 10**power <= 2.25 * max(counts)] or [counts[0]]
    axes.set_xticks(edges)
    axes.set_xticklabels([f"{edge:,}" for edge in edges])
    ticks = [low + (high - low) * part / 4 for part in range(5)] if high > low else [low]
    axes.set_yticks(ticks)
    axes.set_yticklabels([drawing.word(figures.percent(tick / 100, language)) for tick in ticks])
    _labels(drawing, axes, words.PARAMETERS, None, language)
    return drawing.svg(words.MODELS.in_language(language), words.models(mission).in_language(language))


def co_failure_chart(mission: MissionStatistics, language: Language) -> str | None:
    """For each two criteria in how many submissions neither was met, the colour the stronger the larger phi is."""
    ids = [criterion.id for criterion in mission.criteria][:MAX_CRITERIA]
    if len(ids) < 2:
        return None
    left, size = _room(ids), len(ids)
    side = min(44.0, (WIDTH - left - 16) / (size - 1))
    drawing = Drawing(f"together {mission.mission_id}", WIDTH, 30 + 28 * size)
    axes = _axes(drawing, left=left, bottom=26, top=4, right=WIDTH - left - side * (size - 1))
    place = {criterion: index for index, criterion in enumerate(ids)}
    for pair in mission.co_failures:
        if pair.first in place and pair.second in place:
            _cell(drawing, axes, place[pair.first], place[pair.second], pair)
    for row, criterion in enumerate(ids):
        label = drawing.word(f"{_short(criterion)} ({row + 1})")
        axes.text(-0.12, row + 0.5, label, **_text("right", va="center"))
    for column in range(size - 1):
        axes.text(column + 0.5, size + 0.12, drawing.word(f"({column + 1})"), **_text("center", va="top"))
    axes.set_xlim(0, size - 1)
    axes.set_ylim(size, 0)
    axes.set_axis_off()
    return drawing.svg(words.TOGETHER.in_language(language), words.CELLS.in_language(language))


def _cell(drawing: Drawing, axes: Axes, column: int, row: int, pair: CoFailure) -> None:
    strength = abs(pair.phi or 0.0)
    color = _BLUE if (pair.phi or 0.0) >= 0 else _AMBER
    axes.add_patch(
        Rectangle((column + 0.03, row + 0.03), 0.94, 0.94, color=color, alpha=0.08 + 0.5 * strength, linewidth=0)
    )
    sign = "−" if pair.phi is not None and pair.phi < -0.005 else ""
    phi = "" if pair.phi is None else f" ({sign}{abs(pair.phi):.1f})".replace("0.", ".")
    axes.text(column + 0.5, row + 0.5, drawing.word(f"{pair.both}{phi}"), **_text("center", va="center"))


def _axes(drawing: Drawing, *, left: float, bottom: float, top: float, right: float = 16) -> Axes:
    width, height = (72 * inches for inches in drawing.figure.get_size_inches())
    axes = drawing.figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
    )
    axes.patch.set_visible(False)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(INK)
        spine.set_alpha(0.4)
    axes.tick_params(colors=INK, labelsize=_SMALL, length=3)
    return axes


def _text(align: str, va: str = "baseline") -> dict[str, Any]:
    return {"ha": align, "va": va, "color": INK, "fontsize": _SMALL}


def _labels(drawing: Drawing, axes: Axes, below: Text, beside: Text | None, language: Language) -> None:
    axes.set_xlabel(drawing.word(below.in_language(language)), color=INK, fontsize=_NORMAL)
    if beside is not None:
        axes.set_ylabel(drawing.word(beside.in_language(language)), color=INK, fontsize=_NORMAL)


def _legend(drawing: Drawing, axes: Axes, language: Language) -> None:
    for index, (text, color) in enumerate(
        ((words.PASSED, _GREEN), (words.PARTLY, _AMBER), (words.FAILED, _RED), (words.SKIPPED, _GREY))
    ):
        place: dict[str, Any] = {"xy": (0.25 * index, 1), "xycoords": "axes fraction", "textcoords": "offset points"}
        axes.annotate("■", xytext=(0, 6), color=color, fontsize=_SMALL, **place)
        axes.annotate(drawing.word(text.in_language(language)), xytext=(13, 6), color=INK, fontsize=_SMALL, **place)


def _shares(criterion: CriterionStatistics) -> tuple[float, float, float, float]:
    return criterion.passed, criterion.partial, criterion.failed, criterion.skipped


def _described(criterion: CriterionStatistics, language: Language) -> str:
    names = (words.PASSED, words.PARTLY, words.FAILED, words.SKIPPED)
    parts = [
        f"{name.in_language(language)} {words.share(share, language)}"
        for name, share in zip(names, _shares(criterion), strict=True)
        if share
    ]
    return f"{criterion.id}: {', '.join(parts)}"


def _room(ids: Sequence[str]) -> float:
    """Pixels that the longest name takes at the small size, and some air."""
    widest = max(sum(10.5 if east_asian_width(letter) in "WF" else 6.2 for letter in _short(each)) for each in ids)
    return 44 + widest


def _short(criterion: str) -> str:
    return criterion if len(criterion) <= 24 else criterion[:23] + "…"
