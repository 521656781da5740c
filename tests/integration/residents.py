"""Starts `grade warm`, and `grade submit` beside it, in processes of their own."""

import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.conftest import ROOT

WAIT_S = 120
READY = "in other terminals"
GRADE = (sys.executable, "-c", "from grader.cli import main; main()")


@dataclass
class Talking:
    """A command that runs, and what it says on its error stream."""

    process: "subprocess.Popen[str]"
    said: list[str] = field(default_factory=list)
    _lines: "queue.Queue[str | None]" = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for line in stream:
                self._lines.put(line)
        self._lines.put(None)

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_for(self, words: str) -> None:
        """Returns when it has said so."""
        while (line := self._lines.get(timeout=WAIT_S)) is not None:
            self.said.append(line)
            if words in line:
                return
        raise AssertionError(f"it ended without having said {words!r}: {''.join(self.said)}")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """Its exit code, once it has ended; all that it said is then in `said`."""
        code = self.process.wait(WAIT_S)
        while (line := self._lines.get(timeout=WAIT_S)) is not None:
            self.said.append(line)
        return code

    def below(self) -> list[psutil.Process]:
        """The processes that it started."""
        return psutil.Process(self.pid).children(recursive=True)


@dataclass
class Place:
    """Where commands run: a folder of their own, and a runtime folder whose name is short enough for a socket."""

    folder: Path
    runtime: Path
    course: Path = ROOT
    package: Path = ROOT

    def environment(self) -> dict[str, str]:
        own = {
            "LANG": "C.UTF-8",
            "COLUMNS": "300",
            "TMPDIR": str(self.temporary),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "PYTHONPATH": str(self.package),
            "GRADER_COURSE": str(self.course),
        }
        return {**os.environ, **own}

    @property
    def temporary(self) -> Path:
        folder = self.folder / "temporary"
        folder.mkdir(exist_ok=True)
        return folder

    def sockets(self) -> list[Path]:
        """What is left in the runtime folder."""
        return [path for path in self.runtime.rglob("*") if not path.is_dir()]

    def start(self, *arguments: str) -> Talking:
        return Talking(
            subprocess.Popen(
                [*GRADE, *arguments],
                cwd=self.folder,
                env=self.environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*GRADE, *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_S,
        )

    @contextmanager
    def warm(self, sandbox: str, *more: str) -> Iterator[Talking]:
        """A resident grader that is ready; told to end at the end."""
        resident = self.start("warm", "--sandbox", sandbox, *more)
        try:
            resident.wait_for(READY)
            yield resident
        finally:
            if resident.process.poll() is None:
                resident.signal(signal.SIGTERM)
                resident.end()


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    runtime = Path(tempfile.mkdtemp(prefix="run-", dir="/tmp"))
    try:
        yield Place(folder, runtime)
    finally:
        shutil.rmtree(runtime)
