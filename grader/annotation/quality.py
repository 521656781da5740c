"""Whether a comment says something: long enough in its language, no echo of the line, no copy, no filler."""

from collections.abc import Callable, Sequence
from enum import StrEnum

from grader.annotation.lines import CodeLine
from grader.annotation.words import own_words, weight, words

MIN_WEIGHT = 1.0
"""Two Korean syllables or one English word beyond what the line says itself."""
MIN_VARIETY = 0.5
"""Share of different words in a comment of four or more; a run of filler has fewer."""
COPY_LIKENESS = 0.8
"""Two comments are the same if they share this much of their own words (Jaccard)."""
LONG_COPY_LIKENESS = 0.4
LONG_WORDS = 8
"""Own words from which less is enough: long comments overlap only where one was pasted together from others."""
KIN_LIKENESS = 0.5
"""Two lines of code may be explained alike if they share this much of their words (Jaccard)."""


class Flaw(StrEnum):
    """Why a comment says nothing."""

    MISSING = "missing"
    THIN = "thin"
    ECHO = "echo"
    FILLER = "filler"
    COPY = "copy"
    GLOSSARY = "glossary"


def flaws(
    lines: Sequence[CodeLine], is_glossary: Callable[[CodeLine], bool] = lambda _: False
) -> tuple[Flaw | None, ...]:
    """For each line what is wrong with its comment; None where it says something.

    Of equal comments on unlike lines the first is kept.

    Args:
        lines: their comments are untrusted.
        is_glossary: whether a line's comment names the ideas of too many other lines.
    """
    found: list[Flaw | None] = []
    earlier: list[tuple[frozenset[str], frozenset[str]]] = []
    for line in lines:
        flaw = Flaw.GLOSSARY if line.comment and is_glossary(line) else _flaw_alone(line)
        if flaw is None:
            own, code = frozenset(own_words(line.comment, line.code)), frozenset(words(line.code.replace("_", " ")))
            if any(_is_copy(own, other) for other, like in earlier if _alike(code, like) < KIN_LIKENESS):
                flaw = Flaw.COPY
            earlier.append((own, code))
        found.append(flaw)
    return tuple(found)


def _is_copy(own: frozenset[str], other: frozenset[str]) -> bool:
    likeness = LONG_COPY_LIKENESS if min(len(own), len(other)) >= LONG_WORDS else COPY_LIKENESS
    return _alike(own, other) >= likeness


def _flaw_alone(line: CodeLine) -> Flaw | None:
    if not line.comment:
        return Flaw.MISSING
    said = words(line.comment)
    if len(said) >= 4 and len(set(said)) < MIN_VARIETY * len(said):
        return Flaw.FILLER
    own = own_words(line.comment, line.code)
    if weight(own) >= MIN_WEIGHT:
        return None
    return Flaw.ECHO if len(said) > 2 * len(own) else Flaw.THIN


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 1.0
