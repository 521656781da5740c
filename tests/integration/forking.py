"""Starts `grade` as if all its imports took no time: imports once, then forks. So a hundred starts take seconds."""

import contextlib
import itertools
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.conftest import ROOT
from tests.integration.batches import Workplace

PRETENDED_SCORE = 73.0
_BLOCKED = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        code: exit code, or a signal's number with a minus.
        output: all it wrote.
    """

    pid: int
    code: int
    output: str
    seconds: float


class Forge:
    """A process with everything imported, whose forks become `grade`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        self._out, self._in = self._process.stdout, self._process.stdin
        assert self._out.readline() == "ready\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._in.close()
        self._process.wait()
        self._out.close()

    def run(
        self,
        place: Workplace,
        *arguments: str,
        after_s: float | None = None,
        number: signal.Signals = signal.SIGKILL,
        killed_at: int = 0,
        pretend: bool = False,
    ) -> Ended:
        """`grade` with these arguments, to its end.

        Args:
            after_s: it is sent the signal `number` after so many seconds; no signal but SIGKILL reaches it before it
                heeds them.
            killed_at: it is killed right before so many writes of its gradebook; 0 for never.
            pretend: gradings take no time and give the same report.
        """
        output = place.root / "output.txt"
        asked = {
            "arguments": arguments,
            "cwd": str(place.root),
            "environment": place.environment,
            "output": str(output),
            "killed_at": killed_at,
            "pretend": pretend,
        }
        self._in.write(json.dumps(asked) + "\n")
        self._in.flush()
        pid = int(self._out.readline())
        place.pids.append(pid)
        if after_s is not None and not select.select([self._out], [], [], after_s)[0]:
            # Not waited for yet by its parent, so the number is still its own.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        code, seconds = json.loads(self._out.readline())
        return Ended(pid, code, output.read_text(encoding="utf-8", errors="replace"), seconds)


def _become_grade(asked: dict[str, Any]) -> None:
    from grader.cli import main

    if asked["pretend"]:
        _pretend()
    if asked["killed_at"]:
        _die_at(asked["killed_at"])
    with Path(os.devnull).open("rb") as nothing, Path(asked["output"]).open("wb") as output:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["grade", *asked["arguments"]]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _unblock_signals_once_heeded()
    main()


def _unblock_signals_once_heeded() -> None:
    """When `grade` has said what it does on SIGTERM; on a busy machine that can be long after its first line."""
    original = signal.signal

    def heed(number: int, handler: Any) -> Any:
        before = original(number, handler)
        if number == signal.SIGTERM:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _BLOCKED)
        return before

    signal.signal = heed  # type: ignore[assignment]


def _pretend() -> None:
    from grader.batch import pool
    from grader.batch.order import Outcome
    from tests.unit.reports import samples

    report = samples.report(score=PRETENDED_SCORE)
    pool.__dict__["carry_out"] = lambda *arguments, **keywords: Outcome(report, b"model")


def _die_at(write_number: int) -> None:
    """Kills this process right before one of its statements, commits, or steps of keeping a file."""
    import sqlalchemy as sa

    writes = itertools.count(1)

    def count(*arguments: Any, **keywords: Any) -> None:
        if next(writes) == write_number:
            os.kill(os.getpid(), signal.SIGKILL)

    for event in ("before_cursor_execute", "commit"):
        sa.event.listen(sa.Engine, event, count)

    def counted(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            count()
            return original(*arguments, **keywords)

        return call

    os.fsync = counted(os.fsync)
    Path.replace = counted(Path.replace)  # type: ignore[method-assign]


def _serve() -> None:
    import time

    import alembic.command  # noqa: F401
    import psycopg  # noqa: F401

    import grader.batch
    import grader.cli.batch_progress
    import grader.cohort
    import grader.exports
    import grader.pipeline
    import grader.policies  # noqa: F401

    signal.pthread_sigmask(signal.SIG_BLOCK, _BLOCKED)
    print("ready", flush=True)
    # Unbuffered: a fork must not take along what was read ahead.
    stdin = Path("/dev/stdin").open("rb", buffering=0)  # noqa: SIM115
    while line := stdin.readline():
        asked = json.loads(line)
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _become_grade(asked)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), time.monotonic() - began]), flush=True)


if __name__ == "__main__":
    _serve()
