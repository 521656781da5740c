"""The statistics as one page: charts, each with its figures as a table, no script, no network."""

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from grader.reports import figures
from grader.reports import words as report_words
from grader.reports.escape import inert
from grader.reports.standalone import render_page
from grader.statistics import charts, words
from grader.statistics.results import CourseStatistics, CriterionStatistics, MissionStatistics
from grader.text import Language, Text

_TEMPLATES = Path(__file__).parent / "templates"
MODEL_GROUPS = 8
"""Rows of the table of models: groups of equal size, by number of parameters."""


@dataclass(frozen=True, slots=True)
class Cells:
    """A table as strings; the first column names the row."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One section of a mission: a chart, its figures, or both.

    Attributes:
        chart: SVG of our own making.
        remark: how to read it; None where that needs no words.
        folded: the table only repeats the chart.
    """

    title: Text
    chart: Markup | None
    table: Cells
    remark: Text | None = None
    folded: bool = False


def render_stats_html(stats: CourseStatistics, language: Language) -> str:
    """A self-contained page.

    Args:
        stats: its names are made inert, then escaped.
        language: which of each pair of sentences is shown.

    Returns:
        HTML whose content security policy allows nothing but its own style sheet, by hash.
    """
    return render_page(
        _TEMPLATES,
        "statistics.html.jinja",
        "statistics.css",
        language=language,
        t=lambda text: text.in_language(language),
        words=words,
        missions=[
            {
                "id": mission.mission_id,
                "title": mission.title.in_language(language),
                "counts": words.counts(mission, language),
                "parts": _parts(mission, language),
            }
            for mission in (inert_names(mission) for mission in stats.missions)
        ],
    )


def _parts(mission: MissionStatistics, language: Language) -> list[Part]:
    """The sections that have something to show."""
    pairs = any(pair.both for pair in mission.co_failures)
    spread, criteria, models = (
        drawn(draw(mission, language)) for draw in (charts.histogram_chart, charts.criteria_chart, charts.models_chart)
    )
    together = drawn(charts.co_failure_chart(mission, language)) if pairs else None
    parts = [
        Part(words.SPREAD, spread, _points(mission, language), folded=True),
        Part(words.CRITERIA, criteria, _criteria(mission, language), words.READING),
        Part(words.TOGETHER, together, _together(mission, language), words.CELLS, folded=True),
        Part(words.MODELS, models, _models(mission, language), folded=True),
        Part(words.USAGE, None, _usage(mission, language)),
        Part(words.ENDS, None, _ends(mission, language)),
    ]
    return [part for part in parts if part.table.rows]


def drawn(svg: str | None) -> Markup | None:
    """A chart of `charts`, for a template."""
    return None if svg is None else Markup(svg)  # noqa: S704 - made by `charts`, which escapes every word


def _headings(language: Language, *texts: Text) -> tuple[str, ...]:
    return tuple(text.in_language(language) for text in texts)


def _points(mission: MissionStatistics, language: Language) -> Cells:
    bins = mission.points.bins if mission.points else ()
    return Cells(
        _headings(language, words.POINTS, words.SUBMISSIONS),
        tuple((words.span(each.low, each.high), f"{each.count:,}") for each in bins),
    )


def _criteria(mission: MissionStatistics, language: Language) -> Cells:
    headings: tuple[Text, ...] = (
        *(words.CRITERION, words.COUNT, words.PASSED, words.PARTLY, words.FAILED, words.SKIPPED),
        *(words.DIFFICULTY, words.DISCRIMINATION, words.UPPER_LOWER, words.NOTE),
    )
    rows = [_criterion(criterion, language) for criterion in mission.criteria]
    shown = slice(None if any(row[-1] for row in rows) else -1)
    return Cells(_headings(language, *headings[shown]), tuple(row[shown] for row in rows))


def _criterion(criterion: CriterionStatistics, language: Language) -> tuple[str, ...]:
    shares = (criterion.passed, criterion.partial, criterion.failed, criterion.skipped)
    return (
        criterion.id + (f" ({words.BONUS.in_language(language)})" if criterion.bonus else ""),
        f"{criterion.count:,}",
        *(words.share(share, language) for share in shares),
        "–" if criterion.difficulty is None else f"{criterion.difficulty:.2f}",
        words.coefficient(criterion.discrimination),
        words.coefficient(criterion.upper_lower),
        criterion.note.in_language(language) if criterion.note else "",
    )


def _together(mission: MissionStatistics, language: Language) -> Cells:
    pairs = sorted(mission.co_failures, key=lambda pair: (-pair.both, -(pair.phi or 0.0), pair.first, pair.second))
    return Cells(
        _headings(language, words.PAIR, words.BOTH, words.JUDGED, words.PHI),
        tuple(
            (f"{pair.first} + {pair.second}", f"{pair.both:,}", f"{pair.judged:,}", words.coefficient(pair.phi))
            for pair in pairs
            if pair.both
        ),
    )


def _models(mission: MissionStatistics, language: Language) -> Cells:
    """Models by parameters in groups of equal size, with median and range of their accuracy."""
    size = max(1, -(-len(mission.models) // MODEL_GROUPS))
    groups = [mission.models[start : start + size] for start in range(0, len(mission.models), size)]
    rows = []
    for group in groups:
        accuracies = sorted(accuracy for _, accuracy in group)
        middle = (accuracies[(len(group) - 1) // 2] + accuracies[len(group) // 2]) / 2
        low, high = group[0][0], group[-1][0]
        rows.append(
            (
                f"{low:,}" if low == high else f"{low:,}–{high:,}",
                f"{len(group):,}",
                *(figures.percent(value, language) for value in (middle, accuracies[0], accuracies[-1])),
            )
        )
    accuracy = words.ACCURACY.in_language(language)
    ends = (f"{accuracy}: {text.in_language(language)}" for text in (words.MEDIAN, words.MINIMUM, words.MAXIMUM))
    return Cells((*_headings(language, words.PARAMETERS, words.COUNT), *ends), tuple(rows))


def _usage(mission: MissionStatistics, language: Language) -> Cells:
    return Cells(
        _headings(language, words.QUANTITY, words.COUNT, words.MEDIAN, words.P90, words.MAXIMUM),
        words.usage(mission, language),
    )


def _ends(mission: MissionStatistics, language: Language) -> Cells:
    return Cells(
        _headings(language, words.REASON, words.COUNT),
        tuple(
            (report_words.REASON[reason].in_language(language), f"{count:,}")
            for reason, count in mission.early_ends.items()
        ),
    )


def inert_names(mission: MissionStatistics) -> MissionStatistics:
    """Names come out of a store; nobody should have to trust where they came from before."""
    return mission.model_copy(
        update={
            "mission_id": inert(mission.mission_id),
            "title": Text(inert(mission.title.en), inert(mission.title.ko)),
            "criteria": tuple(one.model_copy(update={"id": inert(one.id)}) for one in mission.criteria),
            "co_failures": tuple(
                pair.model_copy(update={"first": inert(pair.first), "second": inert(pair.second)})
                for pair in mission.co_failures
            ),
        }
    )
