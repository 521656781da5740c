"""Figures of a running container."""

import contextlib
import threading
import time

import docker
import docker.errors
import requests.exceptions

from grader.sandbox.base import Usage
from grader.sandbox.cgroup import Cgroup, CgroupHierarchy

_CGROUP_PAUSE_S = 0.05
"""Between two readings of a container's cgroup, of 0.2 ms each; what is used after the last one goes unseen."""
_STATISTICS_PAUSE_S = 1.0


class DockerMeter:
    """What a container uses: from its cgroup where this host sees it, else from the engine's statistics.

    The engine removes a cgroup before it tells that the container has ended, so the figures are read all along and the
    last ones kept: up to 50 ms at the end go unmeasured.
    """

    def __init__(self, api: docker.APIClient, container: str) -> None:
        self._api = api
        self._id = container
        self._lock = threading.Lock()
        self._usage = Usage(cpu_s=None, memory_peak_bytes=None, processes=None)
        self._asked_at = 0.0
        self.memory_kills = 0
        self.process_refusals = 0
        state = api.inspect_container(container)["State"]
        # 0: a container that has ended already was too quick to be measured.
        self._measurable = state["Pid"] > 0
        self._group: Cgroup | None = None
        if self._measurable:
            self._group = CgroupHierarchy.of_this_machine().of_process(state["Pid"], naming=container)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read_on, name="sandbox-meter", daemon=True)
        self._thread.start()

    def read(self) -> Usage:
        """Figures as of now, or the last that could be had."""
        with self._lock:
            if self._group is not None:
                self._read_group(self._group)
            elif self._measurable and time.monotonic() - self._asked_at > _STATISTICS_PAUSE_S / 2:
                self._read_statistics()
            return self._usage

    def pids(self) -> list[int]:
        """Every process inside now; none where this host does not see the container's cgroup.

        The engine could tell as well, but then of another machine or PID namespace, where they name other processes.
        """
        return [] if self._group is None else self._group.members()

    def close(self) -> None:
        """Stops reading."""
        self._stopped.set()
        self._thread.join()

    def _read_on(self) -> None:
        pause_s = _STATISTICS_PAUSE_S if self._group is None else _CGROUP_PAUSE_S
        self.read()
        while self._measurable and not self._stopped.wait(pause_s):
            self.read()

    def _read_group(self, group: Cgroup) -> None:
        usage = group.usage()
        old = self._usage
        self._usage = Usage(
            cpu_s=old.cpu_s if usage.cpu_s is None else usage.cpu_s,
            memory_peak_bytes=max(old.memory_peak_bytes or 0, usage.memory_peak_bytes or 0) or None,
            processes=0 if usage.processes is None else usage.processes,
        )
        self.memory_kills = max(self.memory_kills, group.memory_kills())
        self.process_refusals = max(self.process_refusals, group.process_refusals())

    def _read_statistics(self) -> None:
        with contextlib.suppress(docker.errors.DockerException, requests.exceptions.RequestException, KeyError):
            found = self._api.stats(self._id, stream=False, one_shot=True)
            self._asked_at = time.monotonic()
            used_ns = found["cpu_stats"]["cpu_usage"]["total_usage"]
            # An engine tells zeros of a container that has ended.
            if used_ns == 0:
                return
            memory = found["memory_stats"]
            peak = max(self._usage.memory_peak_bytes or 0, memory.get("max_usage", memory.get("usage", 0)))
            self._usage = Usage(used_ns / 1e9, peak, found.get("pids_stats", {}).get("current"))
