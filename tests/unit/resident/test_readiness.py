"""The sandbox that is kept ready is a new one where the old one would not do."""

from pathlib import Path

import pytest

from grader.course import Course
from grader.errors import ImageMissing, InfrastructureError
from grader.resident.readiness import ReadySandbox
from grader.sandbox.base import Limits, Request
from grader.settings import Settings
from grader.text import same

ANYTHING = Request("run", ("-c", "pass"), (), Limits(memory_bytes=2**28, processes=8, cpus=1, scratch_bytes=2**20))


@pytest.fixture
def ready(tmp_path: Path) -> ReadySandbox:
    """Of a course without missions, so that there is nothing to rehearse."""
    return ReadySandbox("none", Settings(), Course(tmp_path))


def test_sandbox_stays_from_one_grading_to_the_next(ready: ReadySandbox) -> None:
    ready.open()
    first = ready.for_grading()
    ready.keep()
    assert ready.for_grading() is first
    ready.close()


def test_image_that_was_built_anew_is_used(ready: ReadySandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    images = iter(["old", "old", "new", "new"])
    monkeypatch.setattr(ready, "_image_now", lambda: next(images))
    ready.open()
    first = ready.for_grading()
    second = ready.for_grading()
    assert second is not first
    with pytest.raises(InfrastructureError):
        first.start(ANYTHING)
    ready.close()


def test_image_that_is_gone_is_told_to_who_asks(ready: ReadySandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> str:
        raise ImageMissing(same("no image"))

    ready.open()
    monkeypatch.setattr(ready, "_image_now", gone)
    with pytest.raises(ImageMissing):
        ready.for_grading()
    ready.close()


def test_stopped_sandbox_is_of_no_use_until_it_is_opened_again(ready: ReadySandbox) -> None:
    ready.stop()  # before there is one
    ready.open()
    ready.stop()
    with pytest.raises(InfrastructureError):
        ready.for_grading().start(ANYTHING)
    ready.close()
    ready.close()
    with ready.for_grading().start(ANYTHING) as process:
        assert process.wait(10) is not None
    ready.close()


def test_where_nothing_can_be_graded_it_is_not_ready(course: Course, tmp_path: Path) -> None:
    ready = ReadySandbox("none", Settings(cache_dir=tmp_path), course)  # where no data pack lies
    with pytest.raises(InfrastructureError, match="mnist"):
        ready.open()
