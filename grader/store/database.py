"""Connections to a gradebook's database: SQLite by default, PostgreSQL by URL; what they raise, translated."""

import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import event

from grader.errors import DiskFull, StoreUnavailable, UsageError
from grader.text import Text, same

Result = TypeVar("Result")

# A signal while a connection is closed is logged with a traceback, which would be printed where nobody handles it.
logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())

BUSY_S = 60.0
"""How long a writer waits for another one."""
RETRY_S = 120.0
"""How long a database that went away is waited for: a restart of PostgreSQL takes seconds."""
_PAUSE_S = 0.5
_GONE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError, sqlite3.OperationalError)
"""The last comes as it is from the preparation of a new connection."""


def connect(url: str) -> sa.Engine:
    """An engine for the database; nothing is opened yet.

    Args:
        url: `sqlite:///PATH` or `postgresql://…`.

    Raises:
        UsageError: it is no such URL, or the driver is not installed.
    """
    try:
        parsed = sa.engine.make_url(url)
    except sa.exc.ArgumentError as error:
        raise _bad_url(url) from error
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.get_backend_name() != "postgresql":
        raise _bad_url(parsed.render_as_string(hide_password=True))
    try:
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args={"connect_timeout": 10}
        )
    except ImportError as error:
        raise UsageError(
            Text("The driver for PostgreSQL is not installed.", "PostgreSQL 드라이버가 설치되어 있지 않습니다."),
            same('pip install "deep-grader[postgres]"'),
        ) from error


def patiently(
    engine: sa.Engine,
    work: Callable[[sa.Connection], Result],
    *,
    patience_s: float | None = None,
    reads_only: bool = False,
) -> Result:
    """Does `work` in one transaction; where the database goes away, waits and does it again from its beginning.

    A commit whose answer was lost may have taken place: `work` must find the same done and leave it so.

    Args:
        reads_only: it changes nothing, and need not wait for those who do.

    Raises:
        StoreUnavailable: it did not come back within `patience_s`, by default `RETRY_S`.
        DiskFull: the database has no room.
    """
    deadline = time.monotonic() + (RETRY_S if patience_s is None else patience_s)
    while True:
        try:
            with engine.connect().execution_options(reads_only=reads_only) as connection, connection.begin():
                return work(connection)
        except _GONE as error:
            if _is_full(error):
                raise _full() from error
            if not _is_gone(error) or time.monotonic() > deadline:
                raise _unavailable(engine, error) from error
            time.sleep(_PAUSE_S)


def _sqlite(url: sa.URL) -> sa.Engine:
    if not url.database:
        raise _bad_url(str(url))
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_S})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: object) -> None:
        # Transactions begin where this module says so, not where the driver guesses.
        connection.isolation_level = None
        # Asked for first: the change takes the whole file, and does not wait for others that have it.
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            connection.execute("PRAGMA journal_mode = WAL")
        for pragma in ("synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A transaction that reads first and then writes can't wait for another writer: it would fail at once.
        writes = not connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _cause(error: Exception) -> BaseException:
    """What the driver raised."""
    return error.orig or error if isinstance(error, sa.exc.DBAPIError) else error


def _is_full(error: Exception) -> bool:
    text = str(_cause(error)).lower()
    return "disk is full" in text or "no space left" in text or "disk full" in text


def _is_gone(error: Exception) -> bool:
    """Whether waiting may help."""
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        return "locked" in str(cause)
    return True


def _bad_url(url: str) -> UsageError:
    return UsageError(
        Text(f"{url} is no database that the grader knows.", f"{url}은(는) 채점기가 지원하는 데이터베이스가 아닙니다."),
        Text(
            "Write sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME.",
            "sqlite:///경로 또는 postgresql://사용자:비밀번호@호스트/이름 형식으로 쓰세요.",
        ),
    )


def _full() -> DiskFull:
    return DiskFull(
        Text("The disk with the gradebook is full.", "성적부가 있는 디스크에 남은 공간이 없습니다."),
        Text("Free some space, then start the same batch again.", "공간을 확보한 뒤 같은 명령을 다시 실행하세요."),
    )


def _unavailable(engine: sa.Engine, error: Exception) -> StoreUnavailable:
    shown = engine.url.render_as_string(hide_password=True)
    said = str(_cause(error)).strip()
    reason = said.splitlines()[0][:200] if said else type(_cause(error)).__name__
    return StoreUnavailable(
        Text(
            f"The gradebook's database {shown} can't be used: {reason}.",
            f"성적부 데이터베이스 {shown}을(를) 쓸 수 없습니다: {reason}.",
        ),
        Text(
            "Nothing that was stored is lost. Start it, then run the same command again.",
            "저장된 결과는 그대로 있습니다. 데이터베이스를 다시 켠 뒤 같은 명령을 실행하세요.",
        ),
    )
