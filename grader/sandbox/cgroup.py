"""Control groups, in both layouts Linux has: the kernel's own count of what a run uses, and its hard limits.

Files are read directly: one reading takes well under a millisecond, an engine's own statistics take one to two seconds.
"""

import contextlib
import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.sandbox.base import LABEL, Limits, Usage

_V1_CONTROLLERS = ("memory", "pids", "cpuacct")
_REMOVAL_S = 5.0


class Cgroup(ABC):
    """The control group of one run."""

    @abstractmethod
    def folders(self) -> tuple[Path, ...]:
        """Where it lies: one folder per controller (version 1) or one at all (version 2)."""

    @abstractmethod
    def limit(self, limits: Limits, *, spare_processes: int) -> None:
        """Sets the kernel's limits; `spare_processes` are the backend's own inside."""

    @abstractmethod
    def usage(self) -> Usage:
        """Figures as of now, over everything that ever was inside; all None once the kernel has removed it."""

    @abstractmethod
    def memory_kills(self) -> int:
        """How many processes the kernel has killed inside for memory."""

    @abstractmethod
    def process_refusals(self) -> int:
        """How many times a process or thread was refused inside."""

    def members(self) -> list[int]:
        """Every process inside now, by its id in the grader's PID namespace."""
        return _processes_in(self.folders()[0])

    def add(self, pid: int) -> None:
        """Moves a process, and with it what it will start, inside."""
        for folder in self.folders():
            (folder / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Kills what is inside and removes the group. Idempotent."""
        for folder in self.folders():
            _remove(folder)


@dataclass(frozen=True, slots=True)
class CgroupV1(Cgroup):
    """One folder per controller."""

    memory: Path
    pids: Path
    cpuacct: Path

    def folders(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys((self.memory, self.pids, self.cpuacct)))

    def limit(self, limits: Limits, *, spare_processes: int) -> None:
        (self.memory / "memory.limit_in_bytes").write_text(str(limits.memory_bytes))
        swap = self.memory / "memory.memsw.limit_in_bytes"
        if swap.exists():
            swap.write_text(str(limits.memory_bytes))
        (self.pids / "pids.max").write_text(str(limits.processes + spare_processes))

    def usage(self) -> Usage:
        nanoseconds = _number(self.cpuacct / "cpuacct.usage")
        return Usage(
            cpu_s=None if nanoseconds is None else nanoseconds / 1e9,
            memory_peak_bytes=_number(self.memory / "memory.max_usage_in_bytes"),
            processes=_number(self.pids / "pids.current"),
        )

    def memory_kills(self) -> int:
        return _field(self.memory / "memory.oom_control", "oom_kill")

    def process_refusals(self) -> int:
        return _field(self.pids / "pids.events", "max")


@dataclass(frozen=True, slots=True)
class CgroupV2(Cgroup):
    """One folder for all controllers."""

    folder: Path

    def folders(self) -> tuple[Path, ...]:
        return (self.folder,)

    def limit(self, limits: Limits, *, spare_processes: int) -> None:
        (self.folder / "memory.max").write_text(str(limits.memory_bytes))
        swap = self.folder / "memory.swap.max"
        if swap.exists():
            swap.write_text("0")
        (self.folder / "pids.max").write_text(str(limits.processes + spare_processes))

    def usage(self) -> Usage:
        microseconds = _field(self.folder / "cpu.stat", "usage_usec", missing=-1)
        peak = _number(self.folder / "memory.peak")  # since Linux 5.19
        return Usage(
            cpu_s=None if microseconds < 0 else microseconds / 1e6,
            memory_peak_bytes=_number(self.folder / "memory.current") if peak is None else peak,
            processes=_number(self.folder / "pids.current"),
        )

    def memory_kills(self) -> int:
        return _field(self.folder / "memory.events", "oom_kill")

    def process_refusals(self) -> int:
        return _field(self.folder / "pids.events", "max")


@dataclass(frozen=True, slots=True)
class CgroupHierarchy:
    """Where the kernel shows its control groups, and where in them a process is.

    Attributes:
        mounts: folder of each version 1 controller, and under the empty name that of version 2.
    """

    mounts: dict[str, Path]

    @classmethod
    def of_this_machine(cls, mountinfo: Path = Path("/proc/self/mountinfo")) -> "CgroupHierarchy":
        """What this machine has; without mounts where it has no control groups at all."""
        mounts: dict[str, Path] = {}
        with contextlib.suppress(OSError):
            for line in mountinfo.read_text().splitlines():
                before, _, after = line.partition(" - ")
                kind, _, options = after.split(" ", 2)
                where = Path(before.split(" ")[4])
                if kind == "cgroup2":
                    mounts.setdefault("", where)
                elif kind == "cgroup":
                    for option in options.split(","):
                        mounts.setdefault(option, where)
        return cls(mounts)

    @property
    def is_v1(self) -> bool:
        """Whether memory and processes are counted the old way (hybrid machines mount both)."""
        return all(name in self.mounts for name in _V1_CONTROLLERS)

    def create(self, name: str) -> Cgroup | None:
        """A new group called `name`, beside or below the grader's own; None where this user may not."""
        made: list[Path] = []
        try:
            for parent in self._parents():
                folder = parent / name
                folder.mkdir()
                made.append(folder)
        except OSError:
            for folder in made:
                folder.rmdir()
            return None
        group = self._group(made)
        if group is not None and not _limitable(group):
            group.remove()
            return None
        return group

    def of_process(self, pid: int, *, naming: str) -> Cgroup | None:
        """The group a process is in, if its path holds `naming`; None where this host can't see it.

        `naming` guards against an engine in a virtual machine, whose PIDs are other processes here.
        """
        places = _places(pid)
        names = _V1_CONTROLLERS if self.is_v1 else ("",)
        folders = [_below(self.mounts[name], places.get(name, "")) for name in names if name in self.mounts]
        if not folders or any(naming not in str(folder) or not folder.is_dir() for folder in folders):
            return None
        return self._group(folders)

    def leftovers(self) -> Iterator[Path]:
        """Folders of every group a grader ever made and did not remove."""
        for mount in dict.fromkeys(self.mounts[name] for name in (*_V1_CONTROLLERS, "") if name in self.mounts):
            # Not rglob: groups of other graders may vanish while one looks, which os.walk takes as it comes.
            for folder, names, _ in os.walk(mount):
                found = [name for name in names if name.startswith(f"{LABEL}@")]
                yield from (Path(folder) / name for name in found)
                names[:] = [name for name in names if name not in found]

    def _parents(self) -> list[Path]:
        places = _places(os.getpid())
        if self.is_v1:
            # Below the grader's own group, so that what bounds the grader (a batch job, a session) bounds the run too.
            own = (_below(self.mounts[name], places.get(name, "")) for name in _V1_CONTROLLERS)
            return list(dict.fromkeys(own))
        if "" not in self.mounts:
            raise FileNotFoundError("no control groups")
        # Beside it: in version 2 a group with processes of its own can't hand its controllers on.
        mount = self.mounts[""]
        own_folder = _below(mount, places.get("", ""))
        return [mount if own_folder == mount else own_folder.parent]

    def _group(self, folders: list[Path]) -> Cgroup | None:
        if not self.is_v1:
            return CgroupV2(folders[0])
        by_mount = {}
        for name in _V1_CONTROLLERS:
            by_mount[name] = next((one for one in folders if one.is_relative_to(self.mounts[name])), None)
        memory, pids, cpuacct = (by_mount[name] for name in _V1_CONTROLLERS)
        return None if memory is None or pids is None or cpuacct is None else CgroupV1(memory, pids, cpuacct)


def remove_folder(folder: Path) -> None:
    """Removes a leftover of one controller, processes and all."""
    _remove(folder)


def _limitable(group: Cgroup) -> bool:
    """Whether the controllers are there: a version 2 parent may not have handed them on."""
    if isinstance(group, CgroupV2):
        return (group.folder / "memory.max").exists() and (group.folder / "pids.max").exists()
    return True


def _places(pid: int) -> dict[str, str]:
    """Path of a process in each hierarchy, by controller; version 2 under the empty name."""
    places = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, controllers, place = line.split(":", 2)
            for name in controllers.split(","):
                places[name] = place
    return places


def _below(mount: Path, place: str) -> Path:
    """The folder of a place; the mount itself where a container sees only its own part of the tree."""
    folder = mount / place.lstrip("/")
    return folder if folder.is_dir() else mount


def _processes_in(folder: Path) -> list[int]:
    """Every process of a group, by its id in the grader's PID namespace; none where the group is gone."""
    with contextlib.suppress(OSError, ValueError):
        return [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
    return []


def _remove(folder: Path) -> None:
    deadline = time.monotonic() + _REMOVAL_S
    while folder.exists() and time.monotonic() < deadline:
        for pid in _processes_in(folder):
            # 0 stands for a process of another PID namespace; to kill it would be to kill one's own group.
            if pid > 0:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
        try:
            folder.rmdir()
        except OSError:
            # Killed processes leave the group a moment later.
            time.sleep(0.005)


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _field(file: Path, name: str, *, missing: int = 0) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in file.read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
    return missing
