"""Item analysis of a rubric: how hard each criterion is, whether it tells strong from weak work, what fails together.

Classical test theory: the corrected item-total correlation (Henrysson 1963), the upper-lower index of the outer 27 %
(Kelley 1939), and the phi coefficient.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.entries import CriterionScore
from grader.results import Status
from grader.statistics import words
from grader.statistics.results import CoFailure, CriterionStatistics
from grader.text import Text

MIN_GRADINGS = 10
"""Below this, a correlation says more about chance than about a criterion."""
OUTER = 0.27
"""Share of gradings at either end that the upper-lower index compares (Kelley 1939)."""
_STATUSES = (Status.PASSED, Status.PARTIAL, Status.FAILED, Status.SKIPPED)
_ABSENT = -1

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Gradings x criteria.

    Attributes:
        ids: of the criteria, in the order of the rubric.
        points: float64 (gradings, criteria); 0 where a grading has no such criterion.
        status: int8 (gradings, criteria), index into passed, partial, failed, skipped; -1 where it has none.
        max_points, bonus: per criterion, of the last grading that has it.
    """

    ids: tuple[str, ...]
    points: Floats
    status: NDArray[np.int8]
    max_points: dict[str, float]
    bonus: dict[str, bool]


def table(gradings: Sequence[Sequence[CriterionScore]]) -> Table:
    """The gradings as a table; of criteria that one lists twice, the last counts."""
    first: dict[str, CriterionScore] = {}
    for criteria in sorted(gradings, key=lambda criteria: (-len(criteria), [one.id for one in criteria])):
        for one in criteria:
            first.setdefault(one.id, one)
    columns = {criterion: column for column, criterion in enumerate(first)}
    points = np.zeros((len(gradings), len(columns)))
    status = np.full((len(gradings), len(columns)), _ABSENT, dtype=np.int8)
    codes = {one: code for code, one in enumerate(_STATUSES)}
    for row, criteria in enumerate(gradings):
        for one in criteria:
            column = columns[one.id]
            points[row, column] = one.points
            status[row, column] = codes[one.status]
    most = {criterion: one.max_points for criterion, one in first.items()}
    return Table(tuple(columns), points, status, most, {criterion: one.bonus for criterion, one in first.items()})


def criterion_statistics(gradings: Table) -> tuple[CriterionStatistics, ...]:
    """Every criterion of the rubric, over the gradings that have it."""
    regular = np.array([not gradings.bonus[criterion] for criterion in gradings.ids], dtype=bool)
    totals = gradings.points[:, regular].sum(axis=1) if len(gradings.ids) else np.zeros(len(gradings.points))
    return tuple(
        _criterion(gradings, column, np.round(totals - regular[column] * gradings.points[:, column], 9))
        for column in range(len(gradings.ids))
    )


def co_failures(gradings: Table) -> tuple[CoFailure, ...]:
    """Every two criteria: how often both were judged and not met in full, and how that goes together."""
    judged = np.isin(gradings.status, (0, 1, 2)).astype(np.float64)
    failed = np.isin(gradings.status, (1, 2)).astype(np.float64)
    number, both, rows = judged.T @ judged, failed.T @ failed, failed.T @ judged
    found = []
    for one in range(len(gradings.ids)):
        for other in range(one + 1, len(gradings.ids)):
            count = int(number[one, other])
            found.append(
                CoFailure(
                    first=gradings.ids[one],
                    second=gradings.ids[other],
                    judged=count,
                    both=int(both[one, other]),
                    phi=phi(count, int(both[one, other]), int(rows[one, other]), int(rows[other, one])),
                )
            )
    return tuple(found)


def phi(count: int, both: int, first: int, second: int) -> float | None:
    """The phi coefficient of two outcomes.

    Args:
        count: gradings.
        both, first, second: in how many both, the first and the second happened.

    Returns:
        In [-1, 1]; None for fewer than ten gradings, or where one of them happened always or never.
    """
    spread = first * (count - first) * second * (count - second)
    if count < MIN_GRADINGS or not spread:
        return None
    return float(np.clip((count * both - first * second) / spread**0.5, -1, 1))


def correlation(one: Floats, other: Floats) -> float | None:
    """Pearson's r in [-1, 1]; None where either does not vary."""
    if not len(one) or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.clip(one @ other / scale, -1, 1)) if scale else None


def upper_lower(shares: Floats, totals: Floats) -> float | None:
    """Mean share among the best 27 % by total less that among the weakest; gradings of equal total count in part.

    Args:
        shares: float64 (n,), of the criterion's points, in [0, 1].
        totals: float64 (n,), what the gradings are ordered by.

    Returns:
        In [-1, 1]; None where all totals are equal.
    """
    if not len(totals) or np.ptp(totals) == 0:
        return None
    size = max(1, round(OUTER * len(totals)))
    return float(_outer_mean(shares, -totals, size) - _outer_mean(shares, totals, size))


def _criterion(gradings: Table, column: int, rest: Floats) -> CriterionStatistics:
    criterion = gradings.ids[column]
    present = gradings.status[:, column] != _ABSENT
    status, most = gradings.status[present, column], gradings.max_points[criterion]
    points, rest = gradings.points[present, column], rest[present]
    shares = points / most if most else np.zeros(len(points))
    enough = len(points) >= MIN_GRADINGS
    discrimination = correlation(points, rest) if enough else None
    passed, partial, failed, skipped = (float((status == code).mean()) for code in range(len(_STATUSES)))
    return CriterionStatistics(
        id=criterion,
        max_points=most,
        bonus=gradings.bonus[criterion],
        count=len(points),
        passed=passed,
        partial=partial,
        failed=failed,
        skipped=skipped,
        difficulty=float(np.clip(shares.mean(), 0, 1)) if most else None,
        discrimination=discrimination,
        upper_lower=upper_lower(np.clip(shares, 0, 1), rest + points) if enough and most else None,
        note=_note(points, discrimination),
    )


def _note(points: Floats, discrimination: float | None) -> Text | None:
    if discrimination is not None:
        return None
    if len(points) < MIN_GRADINGS:
        return words.few_gradings(MIN_GRADINGS)
    return words.ALL_EQUAL if np.ptp(points) == 0 else words.REST_EQUAL


def _outer_mean(shares: Floats, keys: Floats, size: int) -> float:
    """Mean share of the `size` gradings with the smallest keys; those at the border share the places left."""
    border = np.partition(keys, size - 1)[size - 1]
    inside, at_border = keys < border, keys == border
    left = size - int(inside.sum())
    return float((shares[inside].sum() + left * shares[at_border].mean()) / size)
