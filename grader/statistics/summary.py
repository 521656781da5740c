"""Points and usage in a few figures."""

import math
from collections.abc import Sequence

import numpy as np

from grader.statistics.results import Bin, Distribution, Spread

BINS = 10


def distribution(points: Sequence[float], max_points: float) -> Distribution | None:
    """How points are spread; None where there are none.

    Args:
        points: finite, in any order.
        max_points: the histogram reaches at least that far, in ten bars of equal width.
    """
    if not points:
        return None
    values = np.sort(np.asarray(points, dtype=np.float64))
    lower, middle, upper = (float(value) for value in np.percentile(values, (25, 50, 75)))
    return Distribution(
        count=len(values),
        mean=float(np.clip(math.fsum(values) / len(values), values[0], values[-1])),
        sd=float(values.std(ddof=1)) if len(values) > 1 else None,
        minimum=float(values[0]),
        lower_quartile=lower,
        median=middle,
        upper_quartile=upper,
        maximum=float(values[-1]),
        bins=_bins(values, max_points),
    )


def spread(values: Sequence[float]) -> Spread | None:
    """Median, ninth decile and maximum; None where there are none."""
    if not values:
        return None
    median, p90 = (float(value) for value in np.percentile(np.asarray(values, dtype=np.float64), (50, 90)))
    return Spread(count=len(values), median=median, p90=p90, maximum=float(max(values)))


def _bins(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], max_points: float) -> tuple[Bin, ...]:
    low, high = min(0.0, float(values[0])), max(max_points, float(values[-1]))
    if high <= low:
        high = low + 1
    counts, edges = np.histogram(values, bins=BINS, range=(low, high))
    return tuple(
        Bin(low=float(edges[index]), high=float(edges[index + 1]), count=int(count))
        for index, count in enumerate(counts)
    )
