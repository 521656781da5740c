"""From rows to values: the whole gradebook in a few statements."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from grader.entries import Attempt, CriterionScore, Gradebook, Grading, Student
from grader.results import MissionInfo, Mode, Reason, Status, Verdict
from grader.store.claims import RunKind
from grader.store.tables import criteria, missions, runs, students, submissions
from grader.text import Text

_AT_A_TIME = 1_000


def read_gradebook(connection: sa.Connection) -> Gradebook:
    """Students, missions and attempts with the results that count."""
    with _collector_paused():
        return _read(connection)


def _rows(connection: sa.Connection, statement: sa.Select[Any]) -> Iterator[Any]:
    """A statement's rows, some at a time: all of them would take more memory than what is made of them."""
    for part in connection.execute(statement).partitions(_AT_A_TIME):
        yield from part


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Nothing made here is garbage: looking for some, again and again, takes a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(connection: sa.Connection) -> Gradebook:
    gradings = _gradings(connection)
    c = submissions.c
    found = sa.select(c.id, c.student_id, c.mission_id, c.name, c.content, c.submitted, c.mode)
    return Gradebook(
        missions={row.id: _mission(row) for row in connection.execute(sa.select(missions).order_by(missions.c.id))},
        students={
            row[0]: Student(**row._mapping) for row in _rows(connection, sa.select(students).order_by(students.c.id))
        },
        attempts=tuple(
            Attempt(
                submission_id=row.id,
                student_id=row.student_id,
                mission_id=row.mission_id,
                name=row.name,
                content=row.content,
                submitted=row.submitted,
                mode=Mode(row.mode),
                grading=gradings.get((row.id, RunKind.GRADING.value)),
                audit=gradings.get((row.id, RunKind.AUDIT.value)),
            )
            for row in _rows(connection, found.order_by(c.submitted, c.id))
        ),
    )


def _gradings(connection: sa.Connection) -> dict[tuple[int, str], Grading]:
    """The results that count, by submission and kind."""
    lines = _criteria(connection)
    rows = _rows(connection, sa.select(runs).where(runs.c.current))
    return {(row.submission_id, row.kind): _grading(row, lines.pop(row.id, ())) for row in rows}


def _criteria(connection: sa.Connection) -> dict[int, tuple[CriterionScore, ...]]:
    c = criteria.c
    found = (
        sa.select(c.run_id, c.criterion_id, c.status, c.points, c.max_points, c.bonus)
        .join(runs, runs.c.id == c.run_id)
        .where(runs.c.current)
        .order_by(c.run_id, c.position)
    )
    # Most lines are those of many students: each is made once.
    score = cache(_score)
    return {
        run_id: tuple(score(*row[1:]) for row in rows)
        for run_id, rows in groupby(_rows(connection, found), key=itemgetter(0))
    }


def _score(name: str, status: str, points: float, max_points: float, bonus: bool) -> CriterionScore:
    return CriterionScore(id=name, status=Status(status), points=points, max_points=max_points, bonus=bonus)


def _grading(row: Any, lines: tuple[CriterionScore, ...]) -> Grading:
    return Grading(
        key=row.key,
        created=row.created,
        verdict=Verdict(row.verdict),
        reason=Reason(row.reason) if row.reason else None,
        passed=row.passed,
        score=row.score,
        max_score=row.max_score,
        criteria=lines,
        report_sha256=row.report,
        accuracy=row.accuracy,
        parameters=row.parameters,
        seconds=row.seconds,
        cpu_seconds=row.cpu_seconds,
        peak_memory_bytes=int(row.peak_memory_bytes) if row.peak_memory_bytes is not None else None,
        device=row.device,
    )


def _mission(row: Any) -> MissionInfo:
    return MissionInfo(id=row.id, title=Text(row.title_en, row.title_ko), points=row.points, pass_mark=row.pass_mark)
