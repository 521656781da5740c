"""Rows of the page out of seconds that were measured in turns."""

from collections.abc import Sequence

from benchmarks.page import Row
from benchmarks.ratio import Ratio, in_words


def against_bar(what: str, seconds: Sequence[float], bar_s: float) -> Row:
    """How long something takes, of what it may take."""
    return Row(what, str(Ratio.of(seconds, bar_s)), "below 1", in_words(seconds))


def beside(what: str, seconds: Sequence[float], others: Sequence[float], wanted: str) -> Row:
    """How long something takes, of what something else took in the same rounds."""
    return Row(what, str(Ratio.of(seconds, others)), wanted, f"{in_words(seconds)} : {in_words(others)}")
