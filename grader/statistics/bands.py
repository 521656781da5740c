"""What separates strong from weak work: each criterion's share of points, by how good the whole submission is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.entries import Grading
from grader.statistics.items import table

BANDS = 5
"""Bands of equal width from 0 to the mission's points; the last one holds those with bonus points too."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Gradings by score, before policies.

    Attributes:
        counts: how many are in each band, the lowest first.
        shares: by criterion, the mean share of its points in each band, in [0, 1]; None where nobody has it.
    """

    counts: tuple[int, ...]
    shares: dict[str, tuple[float | None, ...]]


def score_bands(gradings: Sequence[Grading]) -> Bands:
    """The gradings of one mission in bands; one without points to be had is in the lowest."""
    found = table([grading.criteria for grading in gradings])
    scores = np.array([BANDS * one.score / one.max_score if one.max_score else 0.0 for one in gradings])
    band = np.clip(scores.astype(int), 0, BANDS - 1)
    present = found.status >= 0
    return Bands(
        counts=tuple(int((band == number).sum()) for number in range(BANDS)),
        shares={
            criterion: tuple(
                _mean_share(found.points[(band == number) & present[:, column], column], found.max_points[criterion])
                for number in range(BANDS)
            )
            for column, criterion in enumerate(found.ids)
        },
    )


def _mean_share(points: np.ndarray[tuple[int, ...], np.dtype[np.float64]], most: float) -> float | None:
    return float(np.clip(points.mean() / most, 0, 1)) if len(points) and most else None
