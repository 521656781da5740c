"""Run commands, each when the machine is at rest and in turns with others, and what they took."""

import compileall
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
QUIET_SHARE = 0.05
PATIENCE_S = 10
SAMPLE_S = 0.02


@dataclass(frozen=True, slots=True)
class Took:
    """What one command took.

    Attributes:
        wall_s: from its start to its end.
        cpu_s: of it and the processes that it waited for; not of containers, which the engine starts.
        peak_bytes: the most memory that it held itself, but for what came in the last `SAMPLE_S`.
        output: what it printed on standard output.
        answer_s: from its start to the first of that; all of `wall_s` where it printed nothing.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    output: str
    answer_s: float


def took(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None, may_fail: bool = True
) -> Took:
    """Runs `command` to its end; fails where it fails.

    Args:
        environment: instead of this process' own with the course.
        may_fail: 1 is how graders say that somebody did not pass; otherwise only 0 is an answer.
    """
    began = time.monotonic()
    env = environment or command_environment()
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,  # a pipe that is read second would fill
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True, env=env) as process,
    ):
        assert process.stdout is not None
        with sampled(partial(_peak_bytes, process.pid), SAMPLE_S) as peaks:
            first = process.stdout.read(1)
            answer_s = time.monotonic() - began
            output = first + process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read()
    if process.returncode not in ((0, 1) if may_fail else (0,)):
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said[-2000:]}")
    wall_s = time.monotonic() - began
    return Took(wall_s, used.ru_utime + used.ru_stime, max(peaks, default=0), output, answer_s)


def _peak_bytes(pid: int) -> int | None:
    """The most that a process has held so far, by the kernel's own record; None where it has ended.

    The figure that `wait4` gives begins with what its parent held.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


@contextmanager
def sampled(look: Callable[[], T | None], every_s: float) -> Iterator[list[T]]:
    """What `look` finds, time after time in a thread of its own, while the block runs; None is left out."""
    found: list[T] = []
    over = threading.Event()

    def sample() -> None:
        while not over.wait(every_s):
            value = look()
            if value is not None:
                found.append(value)

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    try:
        yield found
    finally:
        over.set()
        sampler.join()


def grade(*arguments: str, folder: Path, environment: Mapping[str, str] | None = None) -> Took:
    """One call of the command line."""
    command = [sys.executable, "-c", "from grader.cli import main; main()", *arguments]
    return took(command, folder=folder, environment=environment)


def alternately(contenders: Mapping[str, Callable[[], T]], rounds: int, *, warm_up: bool) -> dict[str, list[T]]:
    """What each gave in each round. Every other round goes backwards, so that none always comes after the same one.

    Args:
        contenders: each measures itself; the machine is at rest when it begins.
        warm_up: a round before, not counted, brings what all read from the disk into memory.
    """
    found: dict[str, list[T]] = {name: [] for name in contenders}
    for turn in range(-1 if warm_up else 0, rounds):
        for name in contenders if turn % 2 == 0 else reversed(list(contenders)):
            noise_share()
            measured = contenders[name]()
            if turn >= 0:
                found[name].append(measured)
    return found


def busy_s() -> float:
    """Seconds that all cores together were busy since the machine started; containers count like everything else."""
    times = psutil.cpu_times()
    return sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq"))


def noise_share() -> float:
    """Of one core, what the machine does while nothing is measured; waits a little for it to come to rest."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        busy, began = busy_s(), time.monotonic()
        time.sleep(1)
        share = (busy_s() - busy) / (time.monotonic() - began)
        if share <= QUIET_SHARE or time.monotonic() > deadline:
            return share


def machine() -> str:
    """What the figures were measured on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy"))
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({_processor()}), {system}, {packages}"


def _processor() -> str:
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8") if sys.platform == "linux" else ""
    found = re.search(r"^model name\s*: (.+)$", facts, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or "unknown"


def command_environment() -> dict[str, str]:
    """This process' own, with the course."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "GRADER_COURSE": str(ROOT), "LANG": "C.UTF-8"}


def compile_package() -> None:
    """Leaves the grader as pip leaves what it installs: a sandbox can't keep what Python compiles in it."""
    compileall.compile_dir(ROOT / "grader", quiet=1)
