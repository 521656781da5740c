"""Who is grading what: a claim keeps two batches from grading the same submission, until its owner is gone."""

import time
import uuid
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from grader.sandbox.owner import Owner, OwnerState, parse_owner
from grader.store.tables import claims, runs

STALE_S = 90.0
"""A claim on another machine that has not been renewed for so long is nobody's; clocks may differ by less."""


class RunKind(StrEnum):
    """What a run is for."""

    GRADING = "grading"
    AUDIT = "audit"
    """A model that was handed in ready, trained anew."""


class Claimed(StrEnum):
    """What came of asking for a submission."""

    MINE = "mine"
    BUSY = "busy"
    """Another batch is grading it."""
    DONE = "done"
    """Another batch has graded it since it was planned."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """One batch.

    Attributes:
        name: tells its process, and the batch within it.
    """

    name: str

    @classmethod
    def new(cls) -> "Claimant":
        """A batch of this process."""
        return cls(f"{Owner.of_this_process()}/{uuid.uuid4().hex[:8]}")


def claim(connection: sa.Connection, submission_id: int, kind: RunKind, key: str, claimant: Claimant) -> Claimed:
    """Takes a submission, unless it is graded already or a living batch has it."""
    row: dict[str, object] = {
        "submission_id": submission_id,
        "kind": kind.value,
        "owner": claimant.name,
        "beat": time.time(),
    }
    if not _insert(connection, row) and not _take_over(connection, row):
        return Claimed.BUSY
    done = sa.select(runs.c.id).where(
        runs.c.submission_id == submission_id, runs.c.kind == kind.value, runs.c.key == key, runs.c.current
    )
    if connection.execute(done).first() is None:
        return Claimed.MINE
    release(connection, submission_id, kind, claimant)
    return Claimed.DONE


def holds(connection: sa.Connection, submission_id: int, kind: RunKind, claimant: Claimant) -> bool:
    """Whether the claim is still this batch's; locked until the transaction ends."""
    mine = sa.update(claims).where(_of(submission_id, kind), claims.c.owner == claimant.name)
    return connection.execute(mine.values(beat=time.time())).rowcount == 1


def release(connection: sa.Connection, submission_id: int, kind: RunKind, claimant: Claimant) -> None:
    """Gives a submission back."""
    connection.execute(sa.delete(claims).where(_of(submission_id, kind), claims.c.owner == claimant.name))


def release_all(connection: sa.Connection, claimant: Claimant) -> None:
    """Gives back whatever this batch still has."""
    connection.execute(sa.delete(claims).where(claims.c.owner == claimant.name))


def renew(connection: sa.Connection, claimant: Claimant) -> None:
    """Says that this batch lives."""
    connection.execute(sa.update(claims).where(claims.c.owner == claimant.name).values(beat=time.time()))


def _insert(connection: sa.Connection, row: dict[str, object]) -> bool:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(claims).values(row).on_conflict_do_nothing()
    return connection.execute(statement).rowcount == 1


def _take_over(connection: sa.Connection, row: dict[str, object]) -> bool:
    """Takes a claim whose owner is gone; only one of those who see that succeeds."""
    same = _of(row["submission_id"], row["kind"])
    held = connection.execute(sa.select(claims.c.owner, claims.c.beat).where(same)).first()
    if held is None:  # given back since
        return _insert(connection, row)
    if held.owner == row["owner"]:
        return True
    if not _abandoned(held.owner, held.beat):
        return False
    taken = sa.update(claims).where(same, claims.c.owner == held.owner, claims.c.beat == held.beat)
    return connection.execute(taken.values(owner=row["owner"], beat=row["beat"])).rowcount == 1


def _abandoned(owner: str, beat: float) -> bool:
    process = parse_owner(owner.partition("/")[0])
    state = process.state() if process is not None else OwnerState.FOREIGN
    if state is OwnerState.FOREIGN:
        return time.time() - beat > STALE_S
    return state is OwnerState.DEAD


def _of(submission_id: object, kind: object) -> sa.ColumnElement[bool]:
    return sa.and_(claims.c.submission_id == submission_id, claims.c.kind == kind)
