"""The index of a class as one page: every student beside every mission, who leads, and which criteria separate.

The table is whole without its script, which only sorts and filters what the page shows: it is given no data, so no name
can reach it as code. What a mission's statistics page draws is linked, not repeated, but for the spread of points.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from grader.entries import FLAG_WORDS, Flag, Mark
from grader.reports import figures
from grader.reports.escape import inert
from grader.reports.standalone import render_page
from grader.statistics import charts, words
from grader.statistics.bands import BANDS, score_bands
from grader.statistics.course import grading_of
from grader.statistics.leaders import leaders
from grader.statistics.pages import drawn, inert_names
from grader.statistics.results import CourseStatistics, CriterionStatistics, MissionStatistics
from grader.text import Language

Links = Mapping[tuple[str, str], str]
"""Where a report lies, relative to the page and of our own making, by ids of student and mission."""

STATISTICS_PAGE = "statistics.html"
"""Name of the page of statistics beside this one."""
SHADES = 5
NAME_BYTES = 80
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure.

    Attributes:
        text: points, or else why there are none.
        state: what became of it, beside points.
        shade: how strong its colour is, from 0; None for none.
        link: to the report; empty where there is none.
    """

    text: str
    state: str = ""
    shade: int | None = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One student.

    Attributes:
        remark: what is to be said of the student, not of one mission.
        cells: one per mission.
    """

    name: str
    remark: str
    id: str
    section: str
    total: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One line of a leaderboard; empty where a figure was not measured."""

    rank: int
    name: str
    link: str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One mission.

    Attributes:
        counts: what the table of missions says of it.
        heat: a row per criterion, headed by its name: all, part and none of its points, then each band of scores.
        bands: heading of each band, and how many students are in it.
        measured: the leaderboard goes by accuracy.
    """

    id: str
    title: str
    max_points: str
    counts: tuple[str, ...]
    points: Markup | None
    heat: tuple[tuple[str, tuple[Cell, ...]], ...]
    bands: tuple[tuple[str, str], ...]
    places: tuple[Place, ...]
    measured: bool


def render_index(
    stats: CourseStatistics, marks: Sequence[Mark], language: Language, *, links: Links, leaderboard: bool = True
) -> str:
    """A self-contained page that works from a file.

    Args:
        stats: of these marks.
        marks: one for each student and mission; names are made inert, then escaped.
        language: which of each pair of sentences is shown.
        links: reports that were written.
        leaderboard: names who is ahead.

    Returns:
        HTML whose content security policy allows nothing but its own style sheet and script, by hash.
    """
    by_mission: defaultdict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        by_mission[mark.mission_id].append(mark)
    lines = list(_lines([mission.mission_id for mission in stats.missions], marks, links, language))
    return render_page(
        _TEMPLATES,
        "index.html.jinja",
        "index.css",
        script="index.js",
        language=language,
        t=lambda text: text.in_language(language),
        words=words,
        statistics_page=STATISTICS_PAGE,
        missions=[
            _section(mission, by_mission[mission.mission_id], links, language, leaderboard=leaderboard)
            for mission in stats.missions
        ],
        lines=lines,
        with_ids=any(line.name != line.id for line in lines),
        with_sections=any(line.section for line in lines),
    )


def _lines(missions: Sequence[str], marks: Sequence[Mark], links: Links, language: Language) -> Iterator[Line]:
    """Students in the order of their marks."""
    by_student: defaultdict[str, dict[str, Mark]] = defaultdict(dict)
    for mark in marks:
        by_student[mark.student.id][mark.mission_id] = mark
    for found in by_student.values():
        student = next(iter(found.values())).student
        entered = [mark.points for mark in found.values() if mark.points is not None]
        yield Line(
            name=_name(student.name or student.id),
            remark="" if student.enrolled else FLAG_WORDS[Flag.UNKNOWN_STUDENT].in_language(language),
            id=_name(student.id),
            section=_name(student.section),
            total=words.number(sum(entered) if entered else None),
            cells=tuple(_mark(found.get(mission), links, language) for mission in missions),
        )


def _mark(mark: Mark | None, links: Links, language: Language) -> Cell:
    if mark is None:
        return Cell("–")
    grading = grading_of(mark)
    ends = [] if grading is None else [words.PASSED_IT if grading.passed else words.BELOW]
    flags = [FLAG_WORDS[flag] for flag in mark.flags if flag is not Flag.UNKNOWN_STUDENT]
    state = ", ".join(text.in_language(language) for text in (*ends, *flags))
    link = links.get((mark.student.id, mark.mission_id), "")
    if mark.points is None:
        return Cell(state or "–", link=link)
    return Cell(words.number(mark.points), state, _shade(mark.points, mark.max_points), link)


def _section(
    mission: MissionStatistics, marks: Sequence[Mark], links: Links, language: Language, *, leaderboard: bool
) -> Section:
    clean = inert_names(mission)
    bands = score_bands([grading for mark in marks if (grading := grading_of(mark)) is not None])
    edges = [number / BANDS for number in range(BANDS + 1)]
    return Section(
        id=clean.mission_id,
        title=clean.title.in_language(language),
        max_points=words.number(mission.max_points),
        counts=(
            *(f"{count:,}" for count in (mission.handed_in, mission.graded, mission.missing, mission.waiting)),
            *(words.number(value) for value in _middle(mission)),
            words.share(mission.pass_rate, language),
        ),
        points=drawn(charts.histogram_chart(clean, language)),
        heat=tuple(
            (shown.id, _heat(criterion, bands.shares[criterion.id], language))
            for criterion, shown in zip(mission.criteria, clean.criteria, strict=True)
        ),
        bands=tuple(
            (words.shares(low, high, language), f"{count:,}")
            for low, high, count in zip(edges, edges[1:], bands.counts, strict=False)
        ),
        places=tuple(_places(marks, links, language)) if leaderboard else (),
        measured=bool(mission.models),
    )


def _middle(mission: MissionStatistics) -> tuple[float | None, float | None]:
    return (mission.points.mean, mission.points.median) if mission.points else (None, None)


def _heat(criterion: CriterionStatistics, by_band: Sequence[float | None], language: Language) -> tuple[Cell, ...]:
    earned = (criterion.passed, criterion.partial, criterion.failed + criterion.skipped)
    return tuple(
        Cell(words.share(share, language), shade=None if share is None else _shade(share, 1))
        for share in (*earned, *by_band)
    )


def _places(marks: Sequence[Mark], links: Links, language: Language) -> Iterator[Place]:
    for leader in leaders(marks):
        student = leader.mark.student
        accuracy = () if leader.accuracy is None else (figures.percent(leader.accuracy, language),)
        yield Place(
            leader.rank,
            _name(student.name or student.id),
            links.get((student.id, leader.mark.mission_id), ""),
            (*accuracy, words.number(leader.points)),
        )


def _shade(value: float, most: float) -> int:
    return min(SHADES - 1, max(0, int(SHADES * value / most))) if most else 0


def _name(raw_text: str) -> str:
    return inert(raw_text, max_bytes=NAME_BYTES)
