"""Programs started ahead: each serves one run, knows nothing of another, and is gone when nobody wants it."""

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import InfrastructureError
from grader.sandbox.base import LABEL, Availability, Request, Sandbox, SandboxProcess
from grader.sandbox.owner import Owner
from grader.sandbox.warm import WarmSandbox, _alive
from tests.conformance.running import Runner, becomes_true, finish, read_line
from tests.leftovers import cgroups_of, containers_of

pytestmark = pytest.mark.own_starts

WAITS = """
import os, pathlib, sys
left = sorted(path.name for path in pathlib.Path(".").iterdir())
print("ready", flush=True)
job = sys.stdin.read()
pathlib.Path("trace").write_text(job)
pathlib.Path("/dev/shm/trace-" + job).write_text(job)
print(job, left, [name for name in os.listdir("/dev/shm") if name != "trace-" + job], flush=True)
"""

JOB_AFTER_JOB = """
import sys
for number, job in enumerate(sys.stdin, 1):
    print(job.strip(), number, flush=True)
"""


class Kept(Sandbox):
    """Keeps the given sandbox open when the one around it is closed."""

    def __init__(self, inner: Sandbox) -> None:
        self._inner = inner
        self.name = inner.name

    def availability(self, *, gpu: int | None = None) -> Availability:
        return self._inner.availability(gpu=gpu)

    def start(self, request: Request) -> SandboxProcess:
        return self._inner.start(request)

    def sweep(self) -> list[str]:
        return self._inner.sweep()


@pytest.fixture
def warm(backend: Sandbox) -> Iterator[WarmSandbox]:
    with WarmSandbox(Kept(backend), spares=1) as sandbox:
        yield sandbox


def stocked(warm: WarmSandbox, code: str = WAITS) -> Request:
    """A request for which a spare is there."""
    request = Runner(warm).request(code)
    warm.stock(request)
    assert becomes_true(lambda: warm.ready(request) == 1)
    return request


def run(warm: WarmSandbox, request: Request, job: str) -> str:
    with warm.start(request) as process:
        assert read_line(process) == "ready"
        process.send(job.encode())
        return finish(process).stdout.strip()


def test_spare_serves_one_run_and_the_next_finds_no_trace_of_it(warm: WarmSandbox) -> None:
    request = stocked(warm)
    first = run(warm, request, "first")
    assert becomes_true(lambda: warm.ready(request) == 1)
    second = run(warm, request, "second")
    if warm.name == "none":  # a plain subprocess shares the machine's memory folder
        for trace in Path("/dev/shm").glob("trace-*"):
            trace.unlink()
        assert first.startswith("first [] ")
        assert second.startswith("second [] ")
    else:
        assert (first, second) == ("first [] []", "second [] []")


def test_spare_is_replaced_and_never_more_than_asked_for(warm: WarmSandbox) -> None:
    request = stocked(warm)
    for _ in range(3):
        warm.stock(request)
    assert becomes_true(lambda: warm.ready(request) == 1)
    run(warm, request, "one")
    assert becomes_true(lambda: warm.ready(request) == 1)


def test_program_that_is_handed_back_needs_no_other_in_its_place(warm: WarmSandbox) -> None:
    request = replace(Runner(warm).request(JOB_AFTER_JOB), reusable=True)
    warm.stock(request)
    assert becomes_true(lambda: warm.ready(request) == 1)
    answers = []
    for job in ("one", "two"):
        with warm.start(request) as process:
            process.send(f"{job}\n".encode(), last=False)
            answers.append(read_line(process))
            assert warm.ready(request) == 0
            assert not warm._starters
            assert process.hand_back(frozenset())
        assert warm.ready(request) == 1
    assert answers == ["one 1", "two 2"]


def test_program_that_was_handed_back_and_died_is_not_handed_out(warm: WarmSandbox) -> None:
    request = replace(Runner(warm).request(JOB_AFTER_JOB + "    break\n"), reusable=True)
    for job in ("one", "two"):
        with warm.start(request) as process:
            process.send(f"{job}\n".encode(), last=False)
            assert read_line(process) == f"{job} 1"
            assert process.wait(10) is not None
            assert process.hand_back(frozenset())


def test_spare_of_another_kind_is_not_handed_out(warm: WarmSandbox) -> None:
    stocked(warm)
    other = Runner(warm).request("print('other', flush=True)")
    with warm.start(other) as process:
        assert read_line(process) == "other"


def test_dead_spare_is_not_handed_out(warm: WarmSandbox) -> None:
    request = stocked(warm, "import time; print(time.time(), flush=True)")
    (shelf,) = warm._shelves.values()
    assert becomes_true(lambda: not any(_alive(spare.process) for spare in list(shelf.spares)))  # it ended by itself
    asked = time.time()
    with warm.start(request) as process:
        assert float(read_line(process)) > asked


def test_dead_spare_does_not_count_as_stock(backend: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.sandbox.warm.CHECK_S", 0.05)
    with WarmSandbox(Kept(backend), spares=1) as warm:
        request = stocked(warm, "import time; time.sleep(1)")
        assert becomes_true(lambda: warm.ready(request) == 0)
        warm.stock(request)
        assert becomes_true(lambda: warm.ready(request) == 1)


def test_idle_spare_is_dropped(backend: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.sandbox.warm.CHECK_S", 0.05)
    with WarmSandbox(Kept(backend), spares=1) as warm:
        request = stocked(warm)
        warm._idle_s = 0.0
        assert becomes_true(lambda: warm.ready(request) == 0)


def test_stop_ends_what_runs_and_starts_nothing_more(warm: WarmSandbox) -> None:
    request = Runner(warm).request("print('ready', flush=True)\nwhile True: pass")
    with warm.start(request) as process:
        assert read_line(process) == "ready"
        warm.stop()
        ended = process.wait(30)
    assert ended is not None
    assert ended.signal == 9
    with pytest.raises(InfrastructureError):
        warm.start(request)


def test_close_leaves_nothing(backend: Sandbox) -> None:
    warm = WarmSandbox(Kept(backend), spares=2)
    request = Runner(warm).request(WAITS)
    warm.stock(request)
    assert becomes_true(lambda: warm.ready(request) == 2)
    warm.close()
    assert not list(Path(tempfile.gettempdir()).glob(f"{LABEL}@{Owner.of_this_process()}@spare-*"))
    assert (containers_of(os.getpid()), cgroups_of(os.getpid())) == ([], [])
