"""What a sandbox is: one interface, kept by every backend, proved by `tests/conformance`.

A sandbox runs one program over read-only mounts and gives back bytes, an exit and measured usage. It knows
nothing of missions, training or grading.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from grader.text import Text

LABEL = "deep-grader.run"
"""Key under which every container, cgroup and scratch folder carries its run's id."""

ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    # With spinning threads, two trainings on two cores slowed each other five- to tenfold (torch 2.15.0).
    "OMP_WAIT_POLICY": "passive",
    "GOMP_SPINCOUNT": "0",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    # Big activations are otherwise mapped and faulted anew at every batch.
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
    "MALLOC_TOP_PAD_": "67108864",
}
"""The whole environment of a sandboxed program, but for PATH, HOME and TMPDIR, which the backend sets."""


class Promise(StrEnum):
    """What a backend may promise; a backend lists those it does not keep in `unkept`."""

    NO_NETWORK = "no_network"
    READ_ONLY_MOUNTS = "read_only_mounts"
    READ_ONLY_SYSTEM = "read_only_system"
    HOST_FILES_HIDDEN = "host_files_hidden"
    HOST_PROCESSES_HIDDEN = "host_processes_hidden"
    NO_PRIVILEGES = "no_privileges"
    SCRATCH_CAPPED = "scratch_capped"
    MEMORY_CAPPED = "memory_capped"
    GPU_MEMORY_CAPPED = "gpu_memory_capped"
    """Above its cap a run is ended, where the driver tells what each process holds."""
    PROCESSES_CAPPED = "processes_capped"
    CHILDREN_DIE = "children_die"
    ENVIRONMENT_CLEAN = "environment_clean"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds the backend itself enforces on one run, whatever the program does.

    Attributes:
        memory_bytes: resident memory of all processes together, tmpfs included.
        processes: processes and threads at one time.
        cpus: processors the run may use at one time.
        scratch_bytes: size of the writable scratch folder.
        open_files: open file descriptors per process.
        gpu_memory_bytes: memory of the GPU, of all processes together; None for no bound.
    """

    memory_bytes: int
    processes: int
    cpus: int
    scratch_bytes: int
    open_files: int = 1024
    gpu_memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Mount:
    """A host file or folder, seen read-only inside under `/{name}` (see `Sandbox.inside`).

    `name` is one or more plain path segments, such as `submission` or `data/train`.
    """

    name: str
    source: Path


@dataclass(frozen=True, slots=True)
class Request:
    """One program to run.

    Attributes:
        run_id: unique identifier; labels everything the backend creates.
        argv: the program after the interpreter, i.e. the arguments of `python`.
        mounts: what it may read.
        limits: what it may use.
        gpu: index of the one GPU it may use; None for none.
        environment: variables on top of `ENVIRONMENT`.
        reusable: it does one job after another, until its standard input closes.
    """

    run_id: str
    argv: tuple[str, ...]
    mounts: tuple[Mount, ...]
    limits: Limits
    gpu: int | None = None
    environment: dict[str, str] = field(default_factory=dict)
    reusable: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run has used since its start, as the host measured it; None where the host can't see it.

    Attributes:
        cpu_s: CPU seconds, user and system, over all processes that ever ran inside.
        memory_peak_bytes: the largest memory seen so far.
        processes: processes (and where known threads) alive now.
        gpu_memory_peak_bytes: the largest memory of the GPU seen so far.
    """

    cpu_s: float | None
    memory_peak_bytes: int | None
    processes: int | None
    gpu_memory_peak_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    """How the program ended, as the host saw it.

    Attributes:
        code: exit status; None where a signal ended it.
        signal: number of the signal that ended it; None otherwise.
        out_of_memory: the kernel or the engine killed something inside for memory.
        out_of_processes: the limit on processes refused at least one.
        usage: the final figures.
        out_of_gpu_memory: it was killed for using more memory of the GPU than it may.
    """

    code: int | None
    signal: int | None
    out_of_memory: bool
    out_of_processes: bool
    usage: Usage
    out_of_gpu_memory: bool = False


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a backend can start runs here, and what to type where it can't.

    Attributes:
        ok: it can.
        detail: version or reason.
        advice: what to do next; None where it is available.
    """

    ok: bool
    detail: Text
    advice: Text | None = None


class SandboxProcess(ABC):
    """One running program. Use as a context manager: leaving it kills whatever still runs and removes every trace.

    `stdout` and `stderr` are readable file descriptors, apart from each other, that reach end of file when the
    program has ended; the caller reads and caps them. A reader that stops reading stops the program, not the host.
    """

    stdout: int
    stderr: int

    @abstractmethod
    def send(self, data: bytes, *, last: bool = True) -> None:
        """Begins to write `data` to the program's standard input, which closes after the last; does not wait.

        A program that is gone is no error. What was sent before must have been read by now.
        """

    def hand_back(self, holds: frozenset[str]) -> bool:
        """Leaves the program to whoever keeps it for another job; False where nobody does, and it is to be closed.

        Args:
            holds: names of what it keeps from job to job.
        """
        return False

    @property
    def holds(self) -> frozenset[str]:
        """Names of what it keeps from earlier jobs."""
        return frozenset()

    @abstractmethod
    def usage(self) -> Usage:
        """Figures as of now; cheap enough to call several times a second."""

    @abstractmethod
    def kill(self) -> None:
        """Ends every process inside at once. Idempotent."""

    @abstractmethod
    def wait(self, timeout_s: float) -> Exit | None:
        """How it ended; None if it still runs after `timeout_s`.

        Raises:
            RunInterrupted: the engine is gone, or something outside ended the run.
        """

    @abstractmethod
    def close(self) -> None:
        """Kills what still runs and removes container, cgroup, scratch and descriptors. Idempotent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Sandbox(ABC):
    """A way of running a stranger's program."""

    name: str
    unkept: frozenset[Promise] = frozenset()
    """Promises this backend does not keep; the conformance suite checks every other one."""
    starts_ahead: bool = False
    """Whether programs are started before they are asked for, so that it pays to get ready for any job."""

    @abstractmethod
    def availability(self, *, gpu: int | None = None) -> Availability:
        """Whether `start` would work here; never raises, answers within a few seconds."""

    @abstractmethod
    def start(self, request: Request) -> SandboxProcess:
        """Starts the program with the scratch folder as its working directory, HOME and TMPDIR.

        Raises:
            SandboxUnavailable, ImageMissing, GpuUnavailable, DiskFull: with what to do next.
        """

    @abstractmethod
    def sweep(self) -> list[str]:
        """Removes what killed graders left behind; gives the names of what was removed."""

    def close(self) -> None:
        """Gives back what the backend itself holds, such as a connection to an engine. Idempotent; runs go on."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def inside(self, mount: Mount) -> str:
        """The path under which the program sees `mount`."""
        return f"/{mount.name}"
