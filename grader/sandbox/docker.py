"""Docker: one container per run, with nothing but what a training needs."""

import contextlib
import os
import signal
import threading
import time
from datetime import datetime
from typing import Any

import docker
import docker.errors
import requests.exceptions
from docker.types import DeviceRequest, Ulimit
from docker.types import Mount as EngineMount

from grader.errors import GraderError
from grader.sandbox.base import ENVIRONMENT, LABEL, Availability, Exit, Limits, Request, Sandbox, SandboxProcess, Usage
from grader.sandbox.child import exit_of, from_init_status
from grader.sandbox.docker_engine import connect, ended_from_outside, engine_gone, no_such_runtime, translated
from grader.sandbox.docker_meter import DockerMeter
from grader.sandbox.docker_stream import AttachedStream
from grader.sandbox.gpu_watch import GpuWatch, OpenReader, open_nvml
from grader.sandbox.mounts import check_mounts
from grader.sandbox.owner import Owner, OwnerState, parse_owner
from grader.text import same

SCRATCH = "/scratch"
OWNER_LABEL = f"{LABEL}.owner"
_NOBODY = "65534:65534"
_SPARE_PROCESSES = 1
"""The engine's init."""
_OTHER_RUNTIME = (6, 64)
"""Tasks of the host for each process inside, and beside them, under a runtime with a kernel of its own: gVisor holds 54
for init and one program and 5 for each process more (runsc of December 2022 on ptrace)."""
_ENGINE_S = 60
"""How long one request may take; an engine on a busy disk needs seconds for what otherwise takes 0.1 s."""
_PROBE_S = 4
_EVENTS_KEPT = 256
"""How many events an engine remembers."""


class DockerSandbox(Sandbox):
    """Runs programs in containers of the grader's image.

    The user inside is the grader's own id, so that it can read what the grader wrote for it, or nobody where the
    grader is root. The scratch folder allows execution: torch.compile and C++ extensions load what they build there,
    and a program that can run Python gains nothing by it.

    Args:
        image: tag of the image (`grade image build` makes it).
        runtime: name of another runtime the engine knows, such as `runsc` (gVisor); None for the engine's default.
        gpu_reader: who tells what a run holds on its GPU.
    """

    name = "docker"

    def __init__(self, image: str, *, runtime: str | None = None, gpu_reader: OpenReader = open_nvml) -> None:
        self._image = image
        self._runtime = runtime
        self._gpu_reader = gpu_reader
        self._lock = threading.Lock()
        self._connection: docker.DockerClient | None = None
        self._processors = 0
        self._left: list[str] = []

    def availability(self, *, gpu: int | None = None) -> Availability:
        try:
            with contextlib.closing(connect(_PROBE_S)) as client, translated(self._image):
                version = client.version()["Version"]
                client.images.get(self._image)
                self._check_runtime(client)
            if gpu is not None:
                self._try(gpu)
        except GraderError as error:
            return Availability(ok=False, detail=error.message, advice=error.advice)
        under = f", {self._runtime}" if self._runtime else ""
        return Availability(ok=True, detail=same(f"Docker {version}{under}, {self._image}"))

    def start(self, request: Request) -> SandboxProcess:
        check_mounts(request.mounts, as_stranger=_user() == _NOBODY)
        client = self._client()
        self._remove_left(client)
        with translated(self._image):
            container = client.api.create_container(self._image, **self._settings(client, request))["Id"]
        return _Container(client, container, request, image=self._image, gpu_reader=self._gpu_reader, left=self._left)

    def sweep(self) -> list[str]:
        removed = []
        client = self._client()
        with translated(self._image):
            for found in client.api.containers(all=True, filters={"label": LABEL}):
                if _abandoned(found):
                    with contextlib.suppress(docker.errors.NotFound):
                        client.api.remove_container(found["Id"], force=True, v=True)
                    removed.append(found["Labels"][LABEL])
        return removed

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._remove_left(self._connection)
                self._connection.close()
                self._connection = None

    def _remove_left(self, client: docker.DockerClient) -> None:
        """Removes containers of runs that ended while the engine was away."""
        while self._left:
            container = self._left.pop()
            try:
                client.api.remove_container(container, force=True, v=True)
            except docker.errors.NotFound:
                continue
            except (docker.errors.APIError, requests.exceptions.RequestException):
                self._left.append(container)
                return

    def _client(self) -> docker.DockerClient:
        """The one connection of this sandbox, made at first use."""
        with self._lock:
            if self._connection is None:
                self._connection = connect(_ENGINE_S)
                with translated(self._image):
                    self._processors = self._connection.info()["NCPU"]
            return self._connection

    def _check_runtime(self, client: docker.DockerClient) -> None:
        """Raises where the engine lacks the runtime. A containerd shim, whose name has dots, need not be listed."""
        runtime = self._runtime
        if runtime is not None and "." not in runtime and runtime not in client.info().get("Runtimes", {}):
            raise no_such_runtime(runtime)

    def _try(self, gpu: int) -> None:
        """Starts a container with the GPU: an engine says whether it can hand one over at no other time."""
        limits = Limits(memory_bytes=2**28, processes=16, cpus=1, scratch_bytes=2**20)
        name = f"trial-{time.monotonic_ns()}"
        with self.start(Request(name, ("-I", "-S", "-c", "pass"), (), limits, gpu=gpu)) as process:
            process.wait(_PROBE_S)

    def _settings(self, client: docker.DockerClient, request: Request) -> dict[str, Any]:
        own = {"HOME": SCRATCH, "TMPDIR": SCRATCH}
        # A bare name removes what the engine would add.
        environment = [f"{name}={value}" for name, value in {**ENVIRONMENT, **own, **request.environment}.items()]
        return {
            "command": ["python", *request.argv],
            "entrypoint": [],
            "user": _user(),
            "working_dir": SCRATCH,
            "environment": [*environment, "HOSTNAME"],
            "hostname": "sandbox",
            "labels": {LABEL: request.run_id, OWNER_LABEL: str(Owner.of_this_process())},
            "stdin_open": True,
            "detach": False,
            "network_disabled": True,
            "host_config": client.api.create_host_config(**self._restrictions(request)),
        }

    def _most_tasks(self, processes: int) -> int:
        """What the host's kernel counts for so many processes inside."""
        if self._runtime is None:
            return processes + _SPARE_PROCESSES
        for_each, beside = _OTHER_RUNTIME
        return processes * for_each + beside

    def _restrictions(self, request: Request) -> dict[str, Any]:
        limits = request.limits
        uid, gid = _user().split(":")
        return {
            "network_mode": "none",
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
            "init": True,
            "ipc_mode": "private",
            "pids_limit": self._most_tasks(limits.processes),
            "mem_limit": limits.memory_bytes,
            "memswap_limit": limits.memory_bytes,
            "nano_cpus": min(limits.cpus, self._processors) * 10**9,
            # Half the memory, as Linux gives by default; tmpfs counts as memory, so that gives none away.
            "shm_size": max(4096, limits.memory_bytes // 2),
            # Owned rather than open to all: runc 1.1 sets the mode to that of the folder that it mounts over.
            "tmpfs": {SCRATCH: f"rw,exec,nosuid,nodev,uid={uid},gid={gid},size={max(4096, limits.scratch_bytes)}"},
            "ulimits": [
                Ulimit(name="nofile", soft=limits.open_files, hard=limits.open_files),
                Ulimit(name="core", soft=0, hard=0),
            ],
            # An output flood would otherwise be written to the host's disk.
            "log_config": {"Type": "none"},
            "mounts": [
                EngineMount(target=f"/{mount.name}", source=str(mount.source.resolve()), type="bind", read_only=True)
                for mount in request.mounts
            ],
            "device_requests": device_requests(request.gpu),
            "runtime": self._runtime,
        }


class _Container(SandboxProcess):
    """One container, created by the caller, from its start to its removal."""

    def __init__(
        self,
        client: docker.DockerClient,
        container: str,
        request: Request,
        *,
        image: str,
        gpu_reader: OpenReader,
        left: list[str],
    ) -> None:
        self._api = client.api
        self._id = container
        self._image = image
        self._left = left
        self._killed = False
        self._closed = False
        self._meter: DockerMeter | None = None
        self._gpu: GpuWatch | None = None
        self._stream: AttachedStream | None = None
        self._status: int | None = None
        self._ended = threading.Event()
        self._waiter = threading.Thread(target=self._await_end, name="sandbox-wait", daemon=True)
        try:
            with translated(image):
                self._stream = AttachedStream(client, container)
                self._api.start(container)
                self._meter = DockerMeter(self._api, container)
                self._gpu = GpuWatch(request, pids=self._meter.pids, kill=self.kill, open_reader=gpu_reader)
        except BaseException:
            self.close()
            raise
        self.stdout, self.stderr = self._stream.stdout, self._stream.stderr
        self._waiter.start()

    def send(self, data: bytes, *, last: bool = True) -> None:
        assert self._stream is not None
        self._stream.send(data, last=last)

    def usage(self) -> Usage:
        assert self._meter is not None
        assert self._gpu is not None
        return self._gpu.complete(self._meter.read())

    def kill(self) -> None:
        if self._ended.is_set():
            return
        self._killed = True
        if self._stream is not None:
            self._stream.discard()
        # A container that has just ended, or that somebody else has removed, is as dead as was asked for.
        with contextlib.suppress(docker.errors.APIError, requests.exceptions.RequestException):
            self._api.kill(self._id)

    def wait(self, timeout_s: float) -> Exit | None:
        if not self._ended.wait(timeout_s):
            return None
        assert self._meter is not None
        assert self._gpu is not None
        status = self._status
        if status is None:
            raise engine_gone()
        out_of_memory = self._meter.memory_kills > 0 or self._engine_saw_memory_kill()
        if self._killed:
            status = 128 + signal.SIGKILL
        elif from_init_status(status) < 0 and not out_of_memory and self._killed_by_others():
            raise ended_from_outside()
        return exit_of(
            from_init_status(status),
            out_of_memory=out_of_memory,
            out_of_processes=self._meter.process_refusals > 0,
            out_of_gpu_memory=self._gpu.exceeded,
            usage=self.usage(),
        )

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self.kill()
        if self._gpu is not None:
            self._gpu.stop()
        if self._meter is not None:
            self._meter.close()
        if self._stream is not None:
            self._stream.close()
        try:
            self._api.remove_container(self._id, force=True, v=True)
        except docker.errors.NotFound:
            pass
        except (docker.errors.APIError, requests.exceptions.RequestException):
            self._left.append(self._id)  # the engine is away: the sandbox removes it once it is back
        if self._waiter.ident is not None:
            self._waiter.join(_ENGINE_S)

    def _await_end(self) -> None:
        """Asks once and is told when the container ends, however long that takes."""
        with contextlib.suppress(docker.errors.DockerException, requests.exceptions.RequestException, ValueError):
            answer = self._api.wait(self._id, timeout=None)
            self._status = answer["StatusCode"]
        self._ended.set()

    def _engine_saw_memory_kill(self) -> bool:
        """Also true where only a child was killed; false for a container that is gone."""
        with contextlib.suppress(docker.errors.NotFound), translated(self._image):
            return bool(self._api.inspect_container(self._id)["State"]["OOMKilled"])
        return False

    def _killed_by_others(self) -> bool:
        """Whether the engine was asked for this end: the program's own signals leave the same status but no event."""
        with translated(self._image):
            # By the engine's own clock, which may be another machine's: by ours its events could lie outside, or ahead.
            # With a fraction, which the client's types don't know: an end that lies ahead would be waited for.
            since, until = self._api.inspect_container(self._id)["Created"], self._api.info()["SystemTime"]
            period: dict[str, Any] = {"since": _seconds(since), "until": _seconds(until)}
            events = self._api.events(**period, decode=True)
            with contextlib.closing(events):
                told = list(events)
        own = {event.get("Action") for event in told if event.get("id") == self._id}
        # An engine that has been restarted remembers nothing, not even that it started this container.
        forgotten = "start" not in own and len(told) < _EVENTS_KEPT
        return forgotten or not own.isdisjoint({"kill", "stop", "destroy"})


def _seconds(engine_time: str) -> str:
    """Seconds since 1970 of a time as engines write it, to the microsecond: RFC 3339, with up to nine decimals."""
    return f"{datetime.fromisoformat(engine_time).timestamp():.6f}"


def device_requests(gpu: int | None) -> list[DeviceRequest]:
    """What hands a container one GPU: CUDA's libraries, and the driver's management library, which torch asks for
    figures when memory runs out."""
    if gpu is None:
        return []
    return [DeviceRequest(device_ids=[str(gpu)], capabilities=[["gpu", "compute", "utility"]])]


def _user() -> str:
    """Who the program is inside; never root."""
    own = os.getuid() if hasattr(os, "getuid") else 0
    return _NOBODY if own == 0 else f"{own}:{os.getgid()}"


def _abandoned(container: dict[str, Any]) -> bool:
    """Whether no grader will remove this container any more."""
    owner = parse_owner(container["Labels"].get(OWNER_LABEL, ""))
    if owner is None or owner.state() is OwnerState.DEAD:
        return True
    # Of another machine or an earlier boot: a run that goes on may have a grader, one that has ended has none.
    return owner.state() is OwnerState.FOREIGN and container["State"] in ("exited", "dead", "created")
