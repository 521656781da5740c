"""A gradebook: students, missions, submissions, runs with their criteria, claims of running batches."""

import sqlalchemy as sa
from alembic import op

from grader.store.tables import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "students",
        sa.Column("id", sa.String, primary_key=True),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("name", "email", "section", "canvas_id", "sis_id", "login_id", "moodle_id")
        ),
        sa.Column("enrolled", sa.Boolean, nullable=False),
    )
    op.create_table(
        "missions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("title_en", sa.String, nullable=False),
        sa.Column("title_ko", sa.String, nullable=False),
        sa.Column("points", sa.Float, nullable=False),
        sa.Column("pass_mark", sa.Float, nullable=False),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("student_id", sa.String, sa.ForeignKey("students.id"), nullable=False),
        sa.Column("mission_id", sa.String, sa.ForeignKey("missions.id"), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("submitted", Moment, nullable=False),
        sa.UniqueConstraint("student_id", "mission_id", "content", "mode"),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("submission_id", sa.Integer, sa.ForeignKey("submissions.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("current", sa.Boolean, nullable=False),
        sa.Column("created", Moment, nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("max_score", sa.Float, nullable=False),
        sa.Column("accuracy", sa.Float),
        sa.Column("parameters", sa.Integer),
        sa.Column("seconds", sa.Float),
        sa.Column("cpu_seconds", sa.Float),
        sa.Column("peak_memory_bytes", sa.Float),
        sa.Column("device", sa.String, nullable=False),
        sa.Column("report", sa.String(64), nullable=False),
        sa.Column("model", sa.String(64)),
    )
    op.create_index(
        "uq_runs_current",
        "runs",
        ["submission_id", "kind"],
        unique=True,
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )
    op.create_table(
        "criteria",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("criterion_id", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("points", sa.Float, nullable=False),
        sa.Column("max_points", sa.Float, nullable=False),
        sa.Column("bonus", sa.Boolean, nullable=False),
    )
    op.create_table(
        "claims",
        sa.Column("submission_id", sa.Integer, sa.ForeignKey("submissions.id"), primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("beat", sa.Float, nullable=False),
    )
    op.create_index("ix_claims_owner", "claims", ["owner"])
    op.create_table(
        "sources",
        sa.Column("path", sa.String(64), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    for name in ("sources", "claims", "criteria", "runs", "submissions", "missions", "students"):
        op.drop_table(name)
