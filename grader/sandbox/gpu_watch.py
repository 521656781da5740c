"""The GPU's memory that a run takes, watched from the host: no container and no cgroup can cap it.

The runner bounds torch's allocator, which keeps an honest program within its share and gives it an exception it can
understand. A program can lift that bound again, or not use torch at all; then this watch ends it.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from grader.sandbox.base import Request, Usage

PAUSE_S = 0.1
"""Between two looks. A program can overshoot for so long: the GPU is not taken from it before."""


class GpuMemoryReader(Protocol):
    """Who tells how much memory of a GPU each process holds."""

    def used_bytes(self, gpu: int) -> Mapping[int, int]:
        """Bytes by process id, in the PID namespace of the grader; may raise anything."""

    def close(self) -> None:
        """Ends the asking."""


OpenReader = Callable[[], GpuMemoryReader]
"""Gives a reader, or raises anything where there is none."""


def open_nvml() -> GpuMemoryReader:
    """The reader that asks NVIDIA's driver."""
    # Here, since only runs on a GPU need it.
    from grader.sandbox.nvml import NvmlReader

    return NvmlReader()


class GpuWatch:
    """Looks again and again at what a run holds on its GPU, remembers the most, and ends the run above its cap.

    Idle for a run without a GPU, and where nobody can tell what each process holds: on MIG slices and under WSL the
    driver tells no figures, and in a container it tells the host's process ids, which name nothing there. A reader
    that fails costs the figures, never the run.

    Attributes:
        exceeded: the run was above its cap, and was ended for that.
        peak_bytes: the most that was seen; None where nothing was ever told.

    Args:
        request: which GPU, and how much of it.
        pids: every process of the run that lives now.
        kill: ends the run.
        open_reader: who tells.
    """

    def __init__(
        self,
        request: Request,
        *,
        pids: Callable[[], Iterable[int]],
        kill: Callable[[], None],
        open_reader: OpenReader = open_nvml,
    ) -> None:
        self.exceeded = False
        self.peak_bytes: int | None = None
        self._gpu = request.gpu
        self._cap_bytes = request.limits.gpu_memory_bytes
        self._pids = pids
        self._kill = kill
        self._open_reader = open_reader
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sandbox-gpu", daemon=True)
        if self._gpu is not None:
            self._thread.start()

    def stop(self) -> None:
        """Ends watching. Idempotent."""
        self._stopped.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def complete(self, usage: Usage) -> Usage:
        """`usage` with the figure that this watch has."""
        return replace(usage, gpu_memory_peak_bytes=self.peak_bytes)

    def _watch(self) -> None:
        try:
            reader = self._open_reader()
        except Exception:  # a machine without the driver, or with a broken one: nothing to be told
            return
        try:
            while not self._stopped.wait(PAUSE_S):
                if self._look(reader):
                    self.exceeded = True
                    self._kill()
                    return
        finally:
            reader.close()

    def _look(self, reader: GpuMemoryReader) -> bool:
        """Takes one reading; whether the run must end."""
        assert self._gpu is not None
        try:
            told = reader.used_bytes(self._gpu)
            held = [told[pid] for pid in self._pids() if pid in told]
        except Exception:  # whatever a driver's library raises; the next look may succeed
            return False
        if held:
            self.peak_bytes = max(self.peak_bytes or 0, sum(held))
        return self._cap_bytes is not None and sum(held) > self._cap_bytes
