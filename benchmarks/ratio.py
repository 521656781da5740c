"""A ratio of two things that were measured in turns, with its spread; nothing here runs anything."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

_NUMBER = r"\d+\.?\d*"
_WRITTEN = re.compile(rf"({_NUMBER})(?: \(({_NUMBER}) to ({_NUMBER})\))?")


@dataclass(frozen=True, slots=True)
class Ratio:
    """What several rounds gave.

    Attributes:
        median: of the rounds' ratios.
        least, most: equal where there was one round.
    """

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, above: Sequence[float], below: Sequence[float] | float) -> "Ratio":
        """Round by round, so that what slows a whole round weighs on both sides.

        Args:
            below: measured in the same rounds, or one bar for all.
        """
        bars = [below] * len(above) if isinstance(below, int | float) else below
        ratios = [one / bar for one, bar in zip(above, bars, strict=True)]
        return cls(median(ratios), min(ratios), max(ratios))

    @classmethod
    def parse(cls, written: str) -> "Ratio | None":
        """What `str` wrote; None for anything else."""
        found = _WRITTEN.fullmatch(written)
        if found is None:
            return None
        middle = float(found[1])
        return cls(middle, float(found[2] or middle), float(found[3] or middle))

    @property
    def spread(self) -> float:
        """From the least to the most; 0 after one round."""
        return self.most - self.least

    def __str__(self) -> str:
        if self.least == self.most:
            return f"{self.median:#.3g}"
        return f"{self.median:#.3g} ({self.least:#.3g} to {self.most:#.3g})"


def in_words(seconds: Sequence[float]) -> str:
    """Median of several runs, with the least and the most."""
    unit, factor, digits = ("s", 1, 2) if median(seconds) >= 1 else ("ms", 1000, 0)
    middle, least, most = (f"{factor * value:.{digits}f}" for value in (median(seconds), min(seconds), max(seconds)))
    return f"{middle} {unit}" if least == most else f"{middle} {unit} ({least} to {most})"
