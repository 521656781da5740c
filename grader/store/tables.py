"""The tables of a gradebook."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    types,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(types.TypeDecorator[datetime]):
    """A point in time with its zone; kept as UTC, also where the database knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


students = Table(
    "students",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("email", String, nullable=False),
    Column("section", String, nullable=False),
    Column("canvas_id", String, nullable=False),
    Column("sis_id", String, nullable=False),
    Column("login_id", String, nullable=False),
    Column("moodle_id", String, nullable=False),
    Column("enrolled", Boolean, nullable=False),
)

missions = Table(
    "missions",
    metadata,
    Column("id", String, primary_key=True),
    Column("title_en", String, nullable=False),
    Column("title_ko", String, nullable=False),
    Column("points", Float, nullable=False),
    Column("pass_mark", Float, nullable=False),
)

submissions = Table(
    "submissions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("student_id", String, ForeignKey("students.id"), nullable=False),
    Column("mission_id", String, ForeignKey("missions.id"), nullable=False),
    Column("content", String(64), nullable=False),
    Column("mode", String, nullable=False),
    Column("name", String, nullable=False),
    Column("submitted", Moment, nullable=False),
    UniqueConstraint("student_id", "mission_id", "content", "mode"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("submission_id", Integer, ForeignKey("submissions.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String(64), nullable=False),
    Column("current", Boolean, nullable=False),
    Column("created", Moment, nullable=False),
    Column("verdict", String, nullable=False),
    Column("reason", String),
    Column("passed", Boolean, nullable=False),
    Column("score", Float, nullable=False),
    Column("max_score", Float, nullable=False),
    Column("accuracy", Float),
    Column("parameters", Integer),
    Column("seconds", Float),
    Column("cpu_seconds", Float),
    Column("peak_memory_bytes", Float),
    Column("device", String, nullable=False),
    Column("report", String(64), nullable=False),
    Column("model", String(64)),
)
Index(
    "uq_runs_current",
    runs.c.submission_id,
    runs.c.kind,
    unique=True,
    sqlite_where=runs.c.current,
    postgresql_where=runs.c.current,
)
"""One result at a time counts for a submission: whoever lands a second one fails instead of counting twice."""

criteria = Table(
    "criteria",
    metadata,
    Column("run_id", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("criterion_id", String, nullable=False),
    Column("status", String, nullable=False),
    Column("points", Float, nullable=False),
    Column("max_points", Float, nullable=False),
    Column("bonus", Boolean, nullable=False),
)

claims = Table(
    "claims",
    metadata,
    Column("submission_id", Integer, ForeignKey("submissions.id"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("beat", Float, nullable=False),
    Index(None, "owner"),
)

sources = Table(
    "sources",
    metadata,
    Column("path", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("content", String(64), nullable=False),
)
"""What lay at a path when it was last read: while names, sizes and times are the same, it is not read again."""
