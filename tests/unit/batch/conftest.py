"""A gradebook and a small course, for tests of what works off a batch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.batch import plan
from grader.course import Course
from grader.store import Store, open_store
from tests.unit.batch.kit import small_course


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "gradebook") as opened:
        yield opened


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setattr(plan, "grader_hash", lambda: b"grader")
    return small_course(tmp_path / "course")
