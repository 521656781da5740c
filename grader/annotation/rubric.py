"""The ideas that key lines must be explained by, and which of them a comment holds.

An idea is a few groups of words; a comment holds it if each group is met by one of its alternatives. An alternative is
a Korean stem, found anywhere with spaces left out (endings melt into it, and spacing varies), or the beginning of
English words; an English word of four letters or fewer must stand alone (`mode` is not in `model`).
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from grader.annotation.lines import CodeLine
from grader.annotation.words import is_korean, normalise, repeats_code
from grader.text import Text

HALF = 0.5
"""Credit for half of an idea or more, where the comment doesn't fit another line better."""
SHORT_WORD = 4
"""Letters up to which an English alternative must be a whole word, but for its ending."""
MAX_FOREIGN_IDEAS = 10
"""A comment that holds more ideas of other lines is a glossary. The richest honest comment measured held fewer:
docs/annotation.md."""


@dataclass(frozen=True, slots=True)
class Idea:
    """What to understand about some lines.

    Attributes:
        id: its name.
        lines: the statements it belongs to, as Python writes them; `function: statement` for one function only.
        groups: each a list of alternatives.
        question: what to ask a student who missed it; gives nothing away.
    """

    id: str
    lines: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    question: Text

    def belongs_to(self, line: CodeLine) -> bool:
        """Whether the line is one of its own."""
        return line.code in self.lines or f"{line.function}: {line.code}" in self.lines

    def share(self, comment: str) -> float:
        """Share of the groups that the comment meets, 0 to 1."""
        text = _searched(comment)
        return sum(_sought(group).is_in(text) for group in self.groups) / len(self.groups)

    def is_in(self, comment: str) -> bool:
        """Whether the comment holds all of it."""
        text = _searched(comment)
        return all(_sought(group).is_in(text) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Settled:
    """What one key line earned: credit 0 to 1."""

    line: CodeLine
    idea: Idea
    credit: float


@dataclass(frozen=True, slots=True)
class Rubric:
    """All ideas of a mission."""

    ideas: tuple[Idea, ...]

    def settle(self, lines: Sequence[CodeLine]) -> tuple[Settled, ...]:
        """Every key line with what its comment earned.

        A comment that holds a whole idea of another line and only part of its own is on the wrong line; a glossary
        earns nothing.
        """
        return tuple(
            Settled(line, idea, self._credit(line, idea))
            for line in lines
            for idea in self.ideas
            if idea.belongs_to(line)
        )

    def is_glossary(self, line: CodeLine) -> bool:
        """Whether the line's comment names the ideas of many others."""
        return self.foreign_ideas(line) > MAX_FOREIGN_IDEAS

    def foreign_ideas(self, line: CodeLine) -> int:
        """How many ideas of other lines its comment holds."""
        return sum(idea.is_in(line.comment) for idea in self.ideas if not idea.belongs_to(line))

    def _credit(self, line: CodeLine, idea: Idea) -> float:
        share = idea.share(line.comment)
        if share < HALF or self.is_glossary(line) or repeats_code(line.comment, line.code):
            return 0.0
        if share == 1:
            return 1.0
        return 0.0 if self.foreign_ideas(line) else HALF


@lru_cache(maxsize=4)
def parse_rubric(document: str, lines: tuple[CodeLine, ...]) -> Rubric:
    """The rubric in a TOML document.

    Args:
        document: tables named for ideas with `lines`, `groups`, `question` (en and ko); trusted.
        lines: of the original code; each line the rubric names must be there.

    Raises:
        ValueError: it names a line that the code doesn't have.
    """
    raw: Mapping[str, Mapping[str, Any]] = tomllib.loads(document)
    ideas = tuple(
        Idea(
            id=name,
            lines=tuple(table["lines"]),
            groups=tuple(tuple(group) for group in table["groups"]),
            question=Text(table["question"]["en"], table["question"]["ko"]),
        )
        for name, table in raw.items()
    )
    known = {line.code for line in lines} | {f"{line.function}: {line.code}" for line in lines}
    unknown = [line for idea in ideas for line in idea.lines if line not in known]
    if unknown:
        raise ValueError(f"the rubric names lines that the code doesn't have: {unknown}")
    return Rubric(ideas)


@dataclass(frozen=True, slots=True)
class _Searched:
    """One comment, ready to be searched.

    Attributes:
        squeezed: without spaces, in single letters.
    """

    text: str
    squeezed: str


@lru_cache(maxsize=1024)
def _searched(comment: str) -> _Searched:
    text = normalise(comment)
    return _Searched(text, _squeezed(text))


@dataclass(frozen=True, slots=True)
class _Sought:
    """One group, ready to search with."""

    stems: tuple[str, ...]
    english: re.Pattern[str] | None

    def is_in(self, comment: _Searched) -> bool:
        squeezed = comment.squeezed
        for stem in self.stems:
            if stem in squeezed:
                return True
        return self.english is not None and self.english.search(comment.text) is not None


@cache
def _sought(group: tuple[str, ...]) -> _Sought:
    korean = [one for one in group if any(map(is_korean, one))]
    english = [_beginning(one) for one in group if one not in korean]
    pattern = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(english)})") if english else None
    return _Sought(tuple(map(_squeezed, korean)), pattern)


def _squeezed(text: str) -> str:
    """Without spaces, and in single letters: the stem 자르 is in 자름, 자른 and 자릅니다."""
    return unicodedata.normalize("NFD", text.replace(" ", ""))


def _beginning(words: str) -> str:
    ending = "(?:s|es|d|ed|ing)?(?![a-z0-9])" if len(words) <= SHORT_WORD and words.isalpha() else ""
    return re.escape(words) + ending
