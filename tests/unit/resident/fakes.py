"""A resident grader that listens, whose gradings are a fake's."""

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from grader.pipeline import GradingRequest
from grader.progress import Progress, Stage
from grader.resident import server
from grader.resident.occupation import alone_at
from grader.resident.server import Resident, serve
from grader.results import LogPoint, Report
from tests.conformance.running import becomes_true
from tests.unit.reports import samples
from tests.unit.resident.kit import Ready, resident


@dataclass
class Pipeline:
    """What the fake gives, and what it was asked."""

    report: Report = field(default_factory=samples.report)
    meanwhile: Callable[[], None] = lambda: None
    requests: list[GradingRequest] = field(default_factory=list)

    def grade_submission(self, request: GradingRequest, *, progress: Progress, sandbox: Any) -> Report:
        self.requests.append(request)
        progress.stage(Stage.TRAIN)
        progress.log(LogPoint(seconds=1.0, values={"epoch": 1, "loss": "nan"}))
        progress.log(LogPoint(seconds=1.0, values={"long": "x" * 70_000}))
        progress.budget(10.0, 40.0)
        self.meanwhile()
        return self.report


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    fake = Pipeline()
    monkeypatch.setattr(server, "grade_submission", fake.grade_submission)
    return fake


@dataclass
class Listening:
    """A resident grader, and where it listens."""

    place: Path
    resident: Resident
    ready: Ready
    thread: threading.Thread


def is_answered(place: Path) -> bool:
    """Whether somebody listens."""
    with socket.socket(socket.AF_UNIX) as asker, contextlib.suppress(OSError):
        asker.connect(str(place))
        return True
    return False


@pytest.fixture
def listening(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    """It serves until the end of the test, or until it is outdated."""
    monkeypatch.setattr(server, "TICK_S", 0.02)
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        place, ready = Path(folder, "resident", "a.sock"), Ready()
        one = resident(ready)

        def run() -> None:
            with alone_at(place):
                serve(place, one, idle_s=600.0)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert becomes_true(lambda: is_answered(place))
        yield Listening(place, one, ready, thread)
        one.outdated = True
        thread.join(10)
        assert not thread.is_alive()
        assert not place.exists()
