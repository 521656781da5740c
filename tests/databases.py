"""A new gradebook per test, in each database that the grader knows."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from tests.conftest import need

POSTGRES = os.environ.get("GRADER_TEST_POSTGRES", "")
"""URL of a database in which tests may make schemas; `scripts/start_postgres.sh` starts one and prints it."""
KINDS = ("sqlite", "postgres")


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database, which is gone afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'gradebook.db'}"
        return
    need("postgres", ok=bool(POSTGRES), reason="GRADER_TEST_POSTGRES names no database")
    schema = f"test_{uuid.uuid4().hex}"
    engine = sa.create_engine(sa.engine.make_url(POSTGRES).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(sa.text(f"create schema {schema}"))
    try:
        url = sa.engine.make_url(POSTGRES).update_query_dict({"options": f"-csearch_path={schema}"})
        yield url.render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text(f"drop schema {schema} cascade"))
        engine.dispose()
