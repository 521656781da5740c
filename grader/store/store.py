"""The gradebook in its database, and the reports and models beside it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.dialects import postgresql, sqlite

from grader.entries import Gradebook, Student
from grader.results import MissionInfo, Mode, Report, Verdict
from grader.store import claims as claiming
from grader.store.blobs import Blobs
from grader.store.claims import Claimant, Claimed, RunKind
from grader.store.database import connect, patiently
from grader.store.migrations import bring_up_to_date
from grader.store.reading import read_gradebook
from grader.store.tables import criteria, missions, runs, sources, students, submissions

DATABASE_FILE = "gradebook.db"
BLOBS_FOLDER = "artifacts"
_CHUNK = 500
"""Rows per statement: SQLite takes at most 32,766 values in one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubmission:
    """What was found of one student's for one mission.

    Attributes:
        content: SHA-256 of what was handed in.
    """

    student_id: str
    mission_id: str
    content: str
    mode: Mode
    name: str
    submitted: datetime


class Store:
    """One gradebook. Threads and processes may share it.

    Args:
        engine: the database.
        folder: where reports and models are kept.
    """

    def __init__(self, engine: sa.Engine, folder: Path) -> None:
        self._engine = engine
        self.folder = folder
        self.blobs = Blobs(folder / BLOBS_FOLDER)
        try:
            patiently(engine, bring_up_to_date)
        except BaseException:
            engine.dispose()
            raise

    def close(self) -> None:
        """Gives the connections back. Idempotent."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def sweep(self) -> None:
        """Removes files that a killed batch had begun to write; no result is among them."""
        self.blobs.sweep()

    def enter_students(self, found: Iterable[Student]) -> None:
        """Adds students, or brings them up to date: one without a roster knows less than one with it."""
        names = [column.name for column in students.columns]
        rows = [{name: getattr(student, name) for name in names} for student in found]

        def told(new: Any) -> dict[str, Any]:
            learned = [name for name in names if name not in ("id", "enrolled")]
            kept = {name: sa.case((new[name] == "", students.c[name]), else_=new[name]) for name in learned}
            return {**kept, "enrolled": new.enrolled}

        patiently(self._engine, lambda connection: _enter(connection, students, rows, key=("id",), told=told))

    def enter_missions(self, found: Iterable[MissionInfo]) -> None:
        """Adds missions, or brings their titles and points up to date."""
        rows = [
            {
                "id": mission.id,
                "title_en": mission.title.en,
                "title_ko": mission.title.ko,
                "points": mission.points,
                "pass_mark": mission.pass_mark,
            }
            for mission in found
        ]

        patiently(self._engine, lambda connection: _enter(connection, missions, rows, key=("id",), told=dict))

    def enter_submissions(self, found: Sequence[NewSubmission]) -> list[int]:
        """Adds what is new, and gives the numbers of all in their order.

        The same content again is the same submission: the earlier of the times counts.
        """
        in_time = sorted(found, key=lambda new: new.submitted, reverse=True)
        earliest = {_identity(new): new for new in in_time}.values()

        def work(connection: sa.Connection) -> list[int]:
            known = _submission_numbers(connection, {new.mission_id for new in found})
            other = [new for new in earliest if known.get(_identity(new), (0, None))[1] != new.submitted]
            if other:
                rows = [_submission_row(new) for new in other]
                key = ("student_id", "mission_id", "content", "mode")
                _enter(connection, submissions, rows, key=key, told=_earlier)
                known = _submission_numbers(connection, {new.mission_id for new in found})
            return [known[_identity(new)][0] for new in found]

        return patiently(self._engine, work)

    def keys(self, kind: RunKind) -> dict[int, str]:
        """The key of the result that counts, by submission, where there is one."""
        found = sa.select(runs.c.submission_id, runs.c.key).where(runs.c.kind == kind.value, runs.c.current)
        return patiently(
            self._engine,
            lambda connection: {row.submission_id: row.key for row in connection.execute(found)},
            reads_only=True,
        )

    def claim(self, submission_id: int, kind: RunKind, key: str, claimant: Claimant) -> Claimed:
        """Asks for a submission to grade."""
        return patiently(
            self._engine, lambda connection: claiming.claim(connection, submission_id, kind, key, claimant)
        )

    def release(self, submission_id: int, kind: RunKind, claimant: Claimant) -> None:
        """Gives a submission back ungraded."""
        patiently(self._engine, lambda connection: claiming.release(connection, submission_id, kind, claimant))

    def release_all(self, claimant: Claimant) -> None:
        """Gives back whatever the batch still has."""
        patiently(self._engine, lambda connection: claiming.release_all(connection, claimant), patience_s=2)

    def renew(self, claimant: Claimant) -> None:
        """Says that the batch lives."""
        patiently(self._engine, lambda connection: claiming.renew(connection, claimant), patience_s=0)

    def land(
        self,
        submission_id: int,
        kind: RunKind,
        key: str,
        report: Report,
        claimant: Claimant,
        *,
        model: bytes | None = None,
    ) -> bool:
        """Keeps a result and gives the submission back, in one step; False where the claim was lost meanwhile.

        A submission that the machine failed at keeps the result it had, if it had one.

        Args:
            model: the exported model that counted; None keeps none.
        """
        report_sha256 = self.blobs.put(report.model_dump_json().encode())
        model_sha256 = self.blobs.put(model) if model is not None else None
        counts = report.verdict is Verdict.GRADED
        row = _run_row(report) | {
            "submission_id": submission_id,
            "kind": kind.value,
            "key": key,
            "current": counts,
            "report": report_sha256,
            "model": model_sha256,
        }

        def work(connection: sa.Connection) -> bool:
            if not claiming.holds(connection, submission_id, kind, claimant):
                return _landed(connection, submission_id, kind, key, report_sha256)
            if counts:
                connection.execute(_no_longer_current().where(*_of(submission_id, kind)))
            run_id = connection.execute(sa.insert(runs).values(row).returning(runs.c.id)).scalar_one()
            lines = [
                {
                    "run_id": run_id,
                    "position": position,
                    "criterion_id": line.id,
                    "status": line.status.value,
                    "points": line.points,
                    "max_points": line.max_points,
                    "bonus": line.bonus,
                }
                for position, line in enumerate(report.criteria)
            ]
            if lines:
                connection.execute(sa.insert(criteria), lines)
            claiming.release(connection, submission_id, kind, claimant)
            return True

        return patiently(self._engine, work)

    def forget_results(self, submission_ids: Iterable[int], kind: RunKind = RunKind.GRADING) -> None:
        """Lets no result count any more, so that the next batch grades anew; nothing is deleted."""
        numbers = sorted(submission_ids)

        def work(connection: sa.Connection) -> None:
            for chunk in _chunks(numbers):
                connection.execute(
                    _no_longer_current().where(runs.c.submission_id.in_(chunk), runs.c.kind == kind.value)
                )

        patiently(self._engine, work)

    def contents(self) -> dict[str, tuple[str, str]]:
        """What lay at paths, by the path's hash: fingerprint and content's hash."""
        found = sa.select(sources.c.path, sources.c.fingerprint, sources.c.content)
        return patiently(
            self._engine,
            lambda connection: {path: (one, two) for path, one, two in connection.execute(found)},
            reads_only=True,
        )

    def remember_contents(self, found: Mapping[str, tuple[str, str]]) -> None:
        """Notes what lies at paths now."""
        rows = [{"path": path, "fingerprint": one, "content": two} for path, (one, two) in found.items()]

        patiently(self._engine, lambda connection: _enter(connection, sources, rows, key=("path",), told=dict))

    def gradebook(self) -> Gradebook:
        """Everything at one moment, without the reports."""
        return patiently(self._engine, read_gradebook, reads_only=True)

    def report(self, sha256: str) -> Report | None:
        """A report; None where its file is gone, damaged or of a form that this grader does not know."""
        content = self.blobs.get(sha256)
        try:
            return None if content is None else Report.model_validate_json(content)
        except ValidationError:
            return None

    def model_of(self, submission_id: int) -> Path | None:
        """The file with the model of the result that counts; None where none was kept."""
        found = sa.select(runs.c.model).where(*_of(submission_id, RunKind.GRADING), runs.c.current)
        sha256 = patiently(self._engine, lambda connection: connection.execute(found).scalar(), reads_only=True)
        path = self.blobs.path(sha256) if sha256 else None
        return path if path is not None and path.is_file() else None


def open_store(folder: Path, *, database: str | None = None) -> Store:
    """The gradebook in `folder`; made where there is none.

    Args:
        folder: for reports and models, and for the database where none is named.
        database: URL of another one, such as `postgresql://…`.

    Raises:
        UsageError: the URL can't be used, or a newer grader made the gradebook.
        StoreUnavailable: the database does not answer.
    """
    return Store(connect(database or f"sqlite:///{folder / DATABASE_FILE}"), folder)


def _enter(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    told: Callable[[Any], Mapping[str, Any]],
) -> None:
    """Adds rows, or brings up to date those whose key is there already.

    The statement is put together once and carried out for each row: one with the values of all takes six times as long.

    Args:
        told: what those become, by column; called with the columns of the new row.
    """
    insert: Any = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    if rows:
        connection.execute(insert.on_conflict_do_update(index_elements=key, set_=told(insert.excluded)), rows)


def _earlier(new: Any) -> dict[str, Any]:
    kept = submissions.c.submitted
    return {"submitted": sa.case((new.submitted < kept, new.submitted), else_=kept)}


def _chunks(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK))


def _identity(new: NewSubmission) -> tuple[str, str, str, str]:
    return new.student_id, new.mission_id, new.content, new.mode.value


def _submission_row(new: NewSubmission) -> dict[str, Any]:
    return {
        "student_id": new.student_id,
        "mission_id": new.mission_id,
        "content": new.content,
        "mode": new.mode.value,
        "name": new.name,
        "submitted": new.submitted,
    }


def _submission_numbers(
    connection: sa.Connection, mission_ids: set[str]
) -> dict[tuple[str, str, str, str], tuple[int, datetime | None]]:
    """Number and time of every submission to the missions, by identity."""
    c = submissions.c
    found = sa.select(c.student_id, c.mission_id, c.content, c.mode, c.id, c.submitted)
    rows = connection.execute(found.where(c.mission_id.in_(sorted(mission_ids))))
    return {(row[0], row[1], row[2], row[3]): (row[4], row[5]) for row in rows}


def _of(submission_id: int, kind: RunKind) -> tuple[sa.ColumnElement[bool], ...]:
    return runs.c.submission_id == submission_id, runs.c.kind == kind.value


def _no_longer_current() -> sa.Update:
    return sa.update(runs).where(runs.c.current).values(current=False)


def _landed(connection: sa.Connection, submission_id: int, kind: RunKind, key: str, report: str) -> bool:
    """Whether this very result is there: its commit went through, and only the answer was lost."""
    found = sa.select(runs.c.id).where(*_of(submission_id, kind), runs.c.key == key, runs.c.report == report)
    return connection.execute(found).first() is not None


def _run_row(report: Report) -> dict[str, Any]:
    run, metrics = report.run, report.metrics
    return {
        "created": report.created,
        "verdict": report.verdict.value,
        "reason": report.reason.value if report.reason else None,
        "passed": report.passed,
        "score": report.score,
        "max_score": report.max_score,
        "accuracy": metrics.accuracy if metrics else None,
        "parameters": metrics.model.parameters if metrics and metrics.model else None,
        "seconds": run.seconds if run else None,
        "cpu_seconds": run.cpu_seconds if run else None,
        "peak_memory_bytes": run.peak_memory_bytes if run else None,
        "device": run.device if run else "",
    }
