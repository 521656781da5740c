"""Which grader made a container, cgroup or folder, and whether that grader is still there to remove it itself."""

import hashlib
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import psutil

from grader.sandbox.base import LABEL

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PID_NAMESPACE = Path("/proc/self/ns/pid")


class OwnerState(Enum):
    """What is known of the grader that made something."""

    ALIVE = "alive"
    DEAD = "dead"
    FOREIGN = "foreign"
    """It ran before the last boot, in another PID namespace or on another machine: nothing can be said."""


@dataclass(frozen=True, slots=True)
class Owner:
    """One grader process, told apart from a later one that was given the same PID by when it started.

    Attributes:
        place: boot and PID namespace, as a short hash: within it a PID means something.
        pid: process id.
        started: when it started; clock ticks since boot on Linux, where wall-clock times may jump.
    """

    place: str
    pid: int
    started: int

    @classmethod
    def of_this_process(cls) -> "Owner":
        """The grader that asks."""
        return cls(place=_place(), pid=os.getpid(), started=_start_of(os.getpid()) or 0)

    def __str__(self) -> str:
        return f"{self.place}-{self.pid}-{self.started}"

    def state(self) -> OwnerState:
        """Whether it still runs."""
        if self.place != _place():
            return OwnerState.FOREIGN
        return OwnerState.ALIVE if _start_of(self.pid) == self.started else OwnerState.DEAD


def parse_owner(text: str) -> Owner | None:
    """The owner that `str(owner)` wrote; None where it is something else."""
    parts = text.split("-")
    if len(parts) != 3 or not parts[1].isdecimal() or not parts[2].isdecimal():
        return None
    return Owner(place=parts[0], pid=int(parts[1]), started=int(parts[2]))


def owned_name(run_id: str) -> str:
    """A name for a folder or cgroup of one run, from which `owner_of_name` reads who made it."""
    return f"{LABEL}@{Owner.of_this_process()}@{run_id}"


@contextmanager
def owned_folder(purpose: str) -> Iterator[Path]:
    """A temporary folder, gone at the end, or by `grade doctor --clean` after a kill."""
    with tempfile.TemporaryDirectory(prefix=owned_name(f"{purpose}-"), ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def owner_of_name(name: str) -> Owner | None:
    """Who made a folder or cgroup; None where no grader did."""
    parts = name.split("@", 2)
    return parse_owner(parts[1]) if len(parts) == 3 and parts[0] == LABEL else None


def _place() -> str:
    if _BOOT_ID.exists():
        told = f"{_BOOT_ID.read_text()}{_PID_NAMESPACE.readlink()}"
    else:
        told = f"{platform.node()}{int(psutil.boot_time())}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _start_of(pid: int) -> int | None:
    """When a process started; None where there is none of that id, or only its remains."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self").exists():
        try:
            # The name, in parentheses, may hold spaces; fields count from after it: state is the first, start the 20th.
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else int(fields[19])
    try:
        return int(psutil.Process(pid).create_time())
    except psutil.Error:
        return None
