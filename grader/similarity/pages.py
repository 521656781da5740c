"""A comparison as pages: the ranked table, and for each pair both sources with what matches marked.

No script, no network. Everything that a student wrote, names of files included, is inert before it is escaped; names of
the pages are ours.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.reports.escape import inert
from grader.reports.standalone import render_page
from grader.similarity import words
from grader.similarity.results import ComparedWork, Lines, Pair, Similarity, SourceFile, Standing
from grader.text import Language, Text

INDEX = "index.html"
MAX_LINES = 2_000
"""Longest submission shown whole; of a longer one, the lines around matches, and of these no more than this."""
_AROUND = 3
_LINE_BYTES = 400
_NAME_BYTES = 200
_TINTS = 6
_TEMPLATES = Path(__file__).parent / "templates"
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Row:
    """One pair, as it is shown in the table."""

    first: str
    second: str
    first_in_second: str
    second_in_first: str
    weights: str
    regions: int
    page: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A region of one side, and the one of the other side that it is most like.

    Attributes:
        lines: where it is.
        anchor: its own name on the page, such as `A1`.
        target: that of the other one, such as `B3`.
        tint: which of six colours both have.
    """

    lines: Lines
    anchor: str
    target: str
    tint: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of source; a gap where `number` is None. `first` is its region's first line on the page."""

    number: int | None
    text: str = ""
    mark: Mark | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """One file of one side."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One submission of a pair."""

    name: str
    files: tuple[File, ...]
    shortened: bool
    arrow: str


def render_similarity(found: Similarity, language: Language) -> dict[str, str]:
    """The pages by their file name: `index.html` and one for each pair.

    Args:
        found: its names and sources are untrusted.
        language: which of each pair of sentences is shown.
    """
    works = {work.student_id: work for work in found.works}
    rows = [_row(pair, number, works, language) for number, pair in enumerate(found.pairs, start=1)]
    pages = {INDEX: _index(found, rows, language)}
    for row, pair in zip(rows, found.pairs, strict=True):
        pages[row.page] = _pair_page(row, pair, works, language)
    return pages


def shown_name(work: ComparedWork) -> str:
    """Name and id, inert."""
    student_id = inert(work.student_id, max_bytes=_NAME_BYTES)
    name = inert(work.name, max_bytes=_NAME_BYTES)
    return student_id if name in ("", student_id) else f"{name} ({student_id})"


def _row(pair: Pair, number: int, works: dict[str, ComparedWork], language: Language) -> Row:
    return Row(
        first=shown_name(works[pair.first]),
        second=shown_name(works[pair.second]),
        first_in_second=words.share(pair.first_in_second, language),
        second_in_first=words.share(pair.second_in_first, language),
        weights=words.weights(pair.weights, language),
        regions=len(pair.matches),
        page=f"pair-{number:04}.html",
    )


def _index(found: Similarity, rows: Sequence[Row], language: Language) -> str:
    return render_page(
        _TEMPLATES,
        "index.html.jinja",
        "similarity.css",
        title=f"{words.TITLE.in_language(language)} · {inert(found.mission_id)}",
        language=language,
        t=lambda text: text.in_language(language),
        words=words,
        mission=inert(found.mission_id),
        summary=words.summary(found),
        common=words.common(found),
        left_out=words.left_out(found) if found.left_out else None,
        rows=rows,
        others=[
            (shown_name(work), words.STANDING[work.standing])
            for work in found.works
            if work.standing is not Standing.COMPARED
        ],
        notes=[(shown_name(work), _inert_text(note)) for work in found.works for note in work.notes],
    )


def _pair_page(row: Row, pair: Pair, works: dict[str, ComparedWork], language: Language) -> str:
    first, second = _marks(pair)
    return render_page(
        _TEMPLATES,
        "pair.html.jinja",
        "similarity.css",
        title=f"{row.first} · {row.second}",
        language=language,
        t=lambda text: text.in_language(language),
        words=words,
        row=row,
        regions=[(words.lines(match.first, language), words.lines(match.second, language)) for match in pair.matches],
        sides=(_side(works[pair.first], first, "→"), _side(works[pair.second], second, "←")),
    )


def _marks(pair: Pair) -> tuple[list[Mark], list[Mark]]:
    """The regions of either side, numbered from top to bottom; a region may be most like one that has another twin."""
    first = sorted({match.first for match in pair.matches}, key=_place)
    second = sorted({match.second for match in pair.matches}, key=_place)
    links = [(first.index(match.first) + 1, second.index(match.second) + 1) for match in pair.matches]
    twin = dict(reversed(links))
    back = {other: one for one, other in reversed(links)}
    return (
        [Mark(one, f"A{at}", f"B{twin[at]}", at % _TINTS) for at, one in enumerate(first, start=1)],
        [Mark(one, f"B{at}", f"A{back[at]}", back[at] % _TINTS) for at, one in enumerate(second, start=1)],
    )


def _place(region: Lines) -> tuple[str, int, int]:
    return region.file, region.first, region.last


def _side(work: ComparedWork, marks: Sequence[Mark], arrow: str) -> Side:
    """One submission with its lines; the first line of each region links to its twin on the other side."""
    total = sum(len(_LINE_BREAK.findall(file.text)) + 1 for file in work.files)
    left, files = MAX_LINES, []
    for file in work.files:
        own = [mark for mark in marks if mark.lines.file == file.name]
        lines = _lines(file, own, whole=total <= MAX_LINES)[:left]
        left -= len(lines)
        if lines:
            files.append(File(inert(file.name, max_bytes=_NAME_BYTES), tuple(lines)))
    return Side(shown_name(work), tuple(files), shortened=total > MAX_LINES, arrow=arrow)


def _lines(file: SourceFile, marks: Sequence[Mark], *, whole: bool) -> list[Line]:
    texts = _LINE_BREAK.split(file.text)
    mark_of: dict[int, Mark] = {}
    for mark in marks:
        for number in range(mark.lines.first, min(mark.lines.last, len(texts)) + 1):
            mark_of.setdefault(number, mark)
    shown: list[Line] = []
    last = 0
    for number in range(1, len(texts) + 1) if whole else _near(mark_of, len(texts)):
        if number > last + 1:
            shown.append(Line(None))
        here = mark_of.get(number)
        text = inert(texts[number - 1], lines=True, max_bytes=_LINE_BYTES)
        shown.append(Line(number, text, here, first=here is not None and here is not mark_of.get(last)))
        last = number
    return shown


def _near(mark_of: Mapping[int, Mark], lines: int) -> list[int]:
    near = {number + step for number in mark_of for step in range(-_AROUND, _AROUND + 1)}
    return sorted(number for number in near if 1 <= number <= lines)


def _inert_text(text: Text) -> Text:
    return Text(inert(text.en), inert(text.ko))
