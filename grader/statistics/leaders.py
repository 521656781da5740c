"""Who is ahead in a mission."""

from collections.abc import Iterable
from dataclasses import dataclass

from grader.entries import Flag, Mark
from grader.statistics.course import grading_of

PLACES = 10


@dataclass(frozen=True, slots=True)
class Leader:
    """One place of a leaderboard.

    Attributes:
        rank: from 1; equals share one.
        points: as entered.
        accuracy: share of hidden images; None in a mission that measures none.
    """

    rank: int
    mark: Mark
    points: float
    accuracy: float | None


def leaders(marks: Iterable[Mark]) -> tuple[Leader, ...]:
    """The first ten by accuracy, then by points; by points alone where no model was measured.

    Left out is a model that training anew did not bear out and, where models were measured, work without one.

    Args:
        marks: of one mission, in any order.
    """
    judged = [
        (grading.accuracy, mark.points, mark)
        for mark in marks
        if mark.points is not None
        and (grading := grading_of(mark)) is not None
        and Flag.AUDIT_MISMATCH not in mark.flags
    ]
    measured = [one for one in judged if one[0] is not None]
    chosen = sorted(measured or judged, key=lambda one: (-(one[0] or 0.0), -one[1], one[2].student.id))
    places: list[Leader] = []
    for accuracy, points, mark in chosen[:PLACES]:
        equal = bool(places) and (places[-1].accuracy, places[-1].points) == (accuracy, points)
        places.append(Leader(places[-1].rank if equal else len(places) + 1, mark, points, accuracy))
    return tuple(places)
