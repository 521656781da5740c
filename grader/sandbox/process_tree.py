"""A program and all it started, as far as the process table shows it: the measure where no cgroup is to be had."""

import contextlib
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from grader.sandbox.base import Limits, Usage

_PSS_ANON = re.compile(r"^Pss_Anon:\s+(\d+) kB$", re.MULTILINE)
_SHORTEST_PAUSE_S = 0.02
_SHARE_OF_A_CORE = 0.1
"""How much of one processor watching may take; scanning 100 processes takes 2 ms, 1,000 take 20 ms."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a tree uses at one moment.

    Attributes:
        memory_bytes: memory of its own of all processes, counting what they share once where the kernel tells.
        tasks: processes and threads.
        cpu_s: CPU seconds of all that live now and of the dead they have waited for.
        own_cpu_s: the same without the dead.
    """

    memory_bytes: int
    tasks: int
    cpu_s: float
    own_cpu_s: float = 0.0


class ProcessTree:
    """A program and its descendants, remembered once seen, wherever they move to in the process table.

    Args:
        find_strays: further processes that belong to it, such as orphans recognised by their environment; asked only
            when the tree is killed, because it may have to read every process of the machine.
    """

    def __init__(self, find_strays: Callable[[], list[psutil.Process]] = list) -> None:
        self._find_strays = find_strays
        self._known: dict[int, psutil.Process] = {}
        # A child whose parent ignores its end is waited for by nobody: what it used is known from the looks alone.
        self._last_cpu_s: dict[psutil.Process, float] = {}
        self._gone_cpu_s = 0.0
        self._lock = threading.Lock()

    def add(self, pid: int) -> None:
        """Makes a process, and with it its descendants, part of the tree."""
        with contextlib.suppress(psutil.Error), self._lock:
            self._known[pid] = psutil.Process(pid)

    def members(self) -> list[psutil.Process]:
        """Every process of the tree that lives now."""
        with self._lock:
            for process in list(self._known.values()):
                with contextlib.suppress(psutil.Error):
                    for child in process.children(recursive=True):
                        self._known.setdefault(child.pid, child)
            self._known = {pid: process for pid, process in self._known.items() if _lives(process)}
            return list(self._known.values())

    def pids(self) -> list[int]:
        """Their ids."""
        return [process.pid for process in self.members()]

    def sample(self, *, exact_above_bytes: int) -> Sample:
        """What the tree uses now.

        Args:
            exact_above_bytes: pages shared after a fork are first counted in each process, which is quick; only a sum
                above this is counted again, each page once.
        """
        members = self.members()
        found = {process: reading for process in members if (reading := _read(process)) is not None}
        readings = found.values()
        memory_bytes = sum(reading.memory_bytes for reading in readings)
        if memory_bytes > exact_above_bytes:
            memory_bytes = sum(_proportional_bytes(process) for process in members)
        living = set(members)
        self._gone_cpu_s += sum(used for process, used in self._last_cpu_s.items() if process not in living)
        self._last_cpu_s = {
            process: found[process].own_cpu_s if process in found else self._last_cpu_s.get(process, 0.0)
            for process in members
        }
        own_cpu_s = self._gone_cpu_s + sum(self._last_cpu_s.values())
        cpu_s = max(own_cpu_s, sum(one.cpu_s for one in readings))
        return Sample(memory_bytes, sum(one.tasks for one in readings), cpu_s, own_cpu_s)

    def kill(self, *, deadline_s: float = 5.0) -> None:
        """Kills every member, until no scan finds one more."""
        deadline = time.monotonic() + deadline_s
        while (members := [*self.members(), *self._find_strays()]) and time.monotonic() < deadline:
            for process in members:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            # Not psutil's wait: it would reap a child that somebody else waits for.
            time.sleep(0.002)


class Watchdog:
    """Looks at a tree again and again, remembers the largest figures, and kills it above its limits.

    Between two looks (20 ms, longer for big trees: a tenth of a processor is spent on looking) a program can overshoot.

    Args:
        tree: whom to watch.
        limits: what is allowed.
        kill: ends the run.
        extra_memory_bytes: memory that belongs to no process, such as files in a tmpfs.
        spare_tasks: the backend's own processes inside.
        tasks_are_refused: the kernel itself refuses tasks above the limit, so that reaching it is a refusal.
    """

    def __init__(
        self,
        tree: ProcessTree,
        limits: Limits,
        kill: Callable[[], None],
        *,
        extra_memory_bytes: Callable[[], int] = lambda: 0,
        spare_tasks: int = 0,
        tasks_are_refused: bool = False,
    ) -> None:
        self._tree = tree
        self._limits = limits
        self._kill = kill
        self._extra_memory_bytes = extra_memory_bytes
        self._most_tasks = limits.processes + spare_tasks
        self._tasks_are_refused = tasks_are_refused
        self._stopped = threading.Event()
        self._usage = Usage(cpu_s=0.0, memory_peak_bytes=0, processes=1)
        self.out_of_memory = False
        self.out_of_processes = False
        self._thread = threading.Thread(target=self._watch, name="sandbox-watchdog", daemon=True)

    def start(self) -> None:
        """Begins to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Ends watching; idempotent, also for one that never began."""
        self._stopped.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def usage(self) -> Usage:
        """The latest figures."""
        return self._usage

    def _watch(self) -> None:
        pause_s = _SHORTEST_PAUSE_S
        while not self._stopped.wait(pause_s):
            began = time.monotonic()
            if self._look():
                self._kill()
                return
            pause_s = max(_SHORTEST_PAUSE_S, (time.monotonic() - began) / _SHARE_OF_A_CORE)

    def _look(self) -> bool:
        """Takes one sample; whether the run must end."""
        extra_bytes = self._extra_memory_bytes()
        sample = self._tree.sample(exact_above_bytes=self._limits.memory_bytes - extra_bytes)
        if sample.tasks == 0:
            return False
        memory_bytes = sample.memory_bytes + extra_bytes
        self._usage = Usage(
            cpu_s=max(self._usage.cpu_s or 0.0, sample.cpu_s),
            memory_peak_bytes=max(self._usage.memory_peak_bytes or 0, memory_bytes),
            processes=sample.tasks,
        )
        self.out_of_memory |= memory_bytes > self._limits.memory_bytes
        refused = self._tasks_are_refused and sample.tasks >= self._most_tasks
        self.out_of_processes |= refused or sample.tasks > self._most_tasks
        return self.out_of_memory or sample.tasks > self._most_tasks


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _read(process: psutil.Process) -> Sample | None:
    try:
        with process.oneshot():
            memory = process.memory_info()
            times = process.cpu_times()
            # On Linux `shared` are pages of files and of shared memory: the page cache's and the tmpfs's.
            own_bytes = memory.rss - getattr(memory, "shared", 0)
            of_the_dead_s = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
            own_s = times.user + times.system
            return Sample(own_bytes, process.num_threads(), own_s + of_the_dead_s, own_s)
    except psutil.Error:
        return None


def _proportional_bytes(process: psutil.Process) -> int:
    """A process's own memory, pages shared by n processes counted as a n-th each; plain figures where none are told."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            found = _PSS_ANON.search(Path(f"/proc/{process.pid}/smaps_rollup").read_text())
            if found is not None:
                return int(found[1]) * 1024
    reading = _read(process)
    return 0 if reading is None else reading.memory_bytes


def tmpfs_bytes(root_of: int, folders: tuple[str, ...]) -> int:
    """Bytes in the tmpfs folders that process `root_of` sees; 0 where they can't be looked at."""
    used = 0
    for folder in folders:
        with contextlib.suppress(OSError):
            found = os.statvfs(f"/proc/{root_of}/root{folder}")
            used += (found.f_blocks - found.f_bfree) * found.f_frsize
    return used
