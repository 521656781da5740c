"""Which ratios moved since the last record, by more than runs of one state differ."""

from collections.abc import Mapping, Sequence

from benchmarks.page import Row
from benchmarks.ratio import Ratio


def moved(before: Mapping[str, str], now: Sequence[Row]) -> list[str]:
    """A line for each ratio whose median moved by more than the larger of its two spreads.

    Single runs on both sides have no spread, so nothing is said of them.

    Args:
        before: what was found, by what was measured.
    """
    lines = []
    for row in now:
        old, new = Ratio.parse(before.get(row.what, "")), Ratio.parse(row.found)
        if old is None or new is None:
            continue
        spread = max(old.spread, new.spread)
        if 0 < spread < abs(new.median - old.median):
            lines.append(f"{row.what}: {new}, was {old}")
    return lines
