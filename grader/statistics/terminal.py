"""The statistics in a terminal: eighty columns are enough, bars beside the figures they stand for."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from grader.reports import words as report_words
from grader.reports.escape import inert
from grader.statistics import words
from grader.statistics.results import CourseStatistics, MissionStatistics
from grader.text import Language, Text

BAR_WIDTH = 40
MAX_PAIRS = 5
"""Pairs of criteria shown, those that fail together most; the page has all."""
_EIGHTHS = " ▏▎▍▌▋▊▉"


def render_stats_terminal(stats: CourseStatistics, language: Language) -> RenderableType:
    """All missions, one below the other, as something rich can print.

    Args:
        stats: its names are made inert and never read as markup.
        language: which of each pair of sentences is shown.
    """
    if not stats.missions:
        return Line(words.NOTHING.in_language(language))
    return Group(*(part for mission in stats.missions for part in _mission(mission, language)))


def bar(share: float, width: int) -> str:
    """A bar of that share of `width`, in eighths of a column; never empty where the share is not."""
    eighths = max(round(share * width * 8), 1 if share > 0 else 0)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def _mission(mission: MissionStatistics, language: Language) -> Iterator[RenderableType]:
    title = Line.assemble((inert(mission.mission_id), "bold"), " · ", inert(mission.title.in_language(language)))
    yield title
    yield _counts(mission, language)
    if mission.points is None:
        yield Line(f"{words.NOT_GRADED_YET.in_language(language)}\n", style="dim")
        return
    yield _heading(words.SPREAD, language)
    yield _histogram(mission)
    if mission.criteria:
        yield _heading(words.CRITERIA, language)
        yield _criteria(mission, language)
    if any(pair.both for pair in mission.co_failures):
        yield _heading(words.TOGETHER, language)
        yield _together(mission, language)
    if usage := words.usage(mission, language):
        yield _heading(words.USAGE, language)
        yield _usage(usage, language)
    if mission.models:
        yield _heading(words.MODELS, language)
        yield Line(words.models(mission).in_language(language))
    if mission.early_ends:
        yield _heading(words.ENDS, language)
        for reason, count in mission.early_ends.items():
            yield Line(f"{count:>5,}  {report_words.REASON[reason].in_language(language)}")
    yield Line()


def _heading(text: Text, language: Language) -> Line:
    return Line(f"\n{text.in_language(language)}", style="bold")


def _counts(mission: MissionStatistics, language: Language) -> Table:
    """Headings and figures, three to a line."""
    table = Table.grid(padding=(0, 1))
    pairs = words.counts(mission, language)
    for _ in range(3):
        table.add_column(style="dim")
        table.add_column(justify="right", min_width=7)
    for start in range(0, len(pairs), 3):
        table.add_row(*(cell for pair in pairs[start : start + 3] for cell in pair))
    return table


def _histogram(mission: MissionStatistics) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right")
    table.add_column(width=BAR_WIDTH)
    table.add_column(justify="right")
    bins = mission.points.bins if mission.points else ()
    top = max((each.count for each in bins), default=0) or 1
    for each in bins:
        table.add_row(
            words.span(each.low, each.high), Line(bar(each.count / top, BAR_WIDTH), style="blue"), f"{each.count:,}"
        )
    return table


def _criteria(mission: MissionStatistics, language: Language) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(words.CRITERION.in_language(language), overflow="ellipsis", no_wrap=True, max_width=18)
    table.add_column(words.DIFFICULTY.in_language(language), min_width=10)
    for heading in (words.PASSED, words.PARTLY, words.FAILED, words.SKIPPED):
        table.add_column(heading.in_language(language), justify="right")
    table.add_column(words.DISCRIMINATION.in_language(language), justify="right")
    for criterion in mission.criteria:
        difficulty = criterion.difficulty
        shown = "–" if difficulty is None else f"{difficulty:.2f} {bar(difficulty, 5)}"
        table.add_row(
            Line(inert(criterion.id)),
            Line(shown),
            words.share(criterion.passed, language),
            words.share(criterion.partial, language),
            words.share(criterion.failed, language),
            words.share(criterion.skipped, language),
            words.coefficient(criterion.discrimination),
        )
    return table


def _together(mission: MissionStatistics, language: Language) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(overflow="ellipsis", no_wrap=True)
    pairs = sorted(mission.co_failures, key=lambda pair: (-pair.both, -(pair.phi or 0.0), pair.first, pair.second))
    for pair in [pair for pair in pairs if pair.both][:MAX_PAIRS]:
        figures = f"{pair.both:,} / {pair.judged:,}"
        phi = f"{words.PHI.in_language(language)} {words.coefficient(pair.phi)}"
        table.add_row(Line(f"{inert(pair.first)} + {inert(pair.second)}"), figures, phi)
    return table


def _usage(rows: tuple[tuple[str, str, str, str, str], ...], language: Language) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(words.QUANTITY.in_language(language))
    for heading in (words.COUNT, words.MEDIAN, words.P90, words.MAXIMUM):
        table.add_column(heading.in_language(language), justify="right")
    for row in rows:
        table.add_row(*row)
    return table
