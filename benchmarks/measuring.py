"""Run a command, and what it took."""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Took:
    """What one command took.

    Attributes:
        wall_s: from its start to its end.
        cpu_s: of it and the processes that it waited for; not of containers, which the engine starts.
        peak_bytes: the most memory that it, or one of those, held.
        output: what it printed on standard output.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    output: str


def took(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None, may_fail: bool = True
) -> Took:
    """Runs `command` to its end; fails where it fails.

    Args:
        environment: instead of this process' own with the course.
        may_fail: 1 is how graders say that somebody did not pass; otherwise only 0 is an answer.
    """
    began = time.monotonic()
    env = environment or _environment()
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,  # a pipe that is read second would fill
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True, env=env) as process,
    ):
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read()
    if process.returncode not in ((0, 1) if may_fail else (0,)):
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said[-2000:]}")
    return Took(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, output)


def grade(*arguments: str, folder: Path) -> Took:
    """One call of the command line."""
    return took([sys.executable, "-c", "from grader.cli import main; main()", *arguments], folder=folder)


def machine() -> str:
    """What the figures were measured on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy"))
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}, {packages}"


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "GRADER_COURSE": str(ROOT), "LANG": "C.UTF-8"}
