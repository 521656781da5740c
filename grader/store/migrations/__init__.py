"""How a gradebook made by an older grader becomes one of this grader's."""

from importlib import resources

import sqlalchemy as sa

from grader.errors import UsageError
from grader.store.tables import metadata
from grader.text import Text

HEAD = "0001"
"""The newest revision; a test holds it against the folder."""
_LOCK = 7_236_041_882
"""Two batches that find a new PostgreSQL database would otherwise both make its tables."""


_VERSION = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where alembic keeps the revision, in its own form."""


def bring_up_to_date(connection: sa.Connection) -> None:
    """Makes the tables, or changes them to this grader's form; nothing where they have it.

    Raises:
        UsageError: a newer grader made them.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = revision_of(connection)
    if found is None:
        _make_tables(connection)
    elif found != HEAD:
        migrate(connection)


def _make_tables(connection: sa.Connection) -> None:
    """What all revisions together make, as a test holds, at once."""
    metadata.create_all(connection, checkfirst=False)
    _VERSION.create(connection)
    connection.execute(_VERSION.insert().values(version_num=HEAD))


def migrate(connection: sa.Connection) -> None:
    """Takes the tables through all revisions that they lack.

    Raises:
        UsageError: a newer grader made them.
    """
    # Reading alembic's own modules takes a fifth of a second, which a gradebook in form or a new one need not pay.
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(resources.files("grader.store.migrations")))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise UsageError(
            Text("A newer grader made this gradebook.", "더 새로운 버전의 채점기가 만든 성적부입니다."),
            Text(
                "Update this one: pip install --upgrade deep-grader",
                "채점기를 업데이트하세요: pip install --upgrade deep-grader",
            ),
        ) from error


def revision_of(connection: sa.Connection) -> str | None:
    """The form that the tables have; None where there are none."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(sa.select(_VERSION.c.version_num)).scalar()
