"""No sandbox: a plain subprocess, for grading one's own code on one's own machine.

It keeps an honest program within memory and cleans up behind it. It does not hold back a dishonest one.
"""

import contextlib
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil

from grader.errors import GraderError
from grader.sandbox.base import (
    ENVIRONMENT,
    LABEL,
    Availability,
    Exit,
    Mount,
    Promise,
    Request,
    Sandbox,
    SandboxProcess,
    Usage,
)
from grader.sandbox.child import Child, exit_of, limit_process, start_failure
from grader.sandbox.gpu_driver import require_gpu
from grader.sandbox.gpu_watch import GpuWatch, OpenReader, open_nvml
from grader.sandbox.owner import OwnerState, owned_name, owner_of_name
from grader.sandbox.process_tree import ProcessTree, Watchdog
from grader.text import Text


class NoSandbox(Sandbox):
    """Runs the program as the user who grades, with a folder of its own and nothing to hold it back.

    Two ends can't be told apart here: a program that kills itself, and one killed from outside; both are the
    program's. A child that gets rid of its environment, its session and its parent, all between two looks at the
    process table (20 ms), is not found again.

    Args:
        gpu_reader: who tells what a run holds on its GPU.
    """

    name = "none"
    unkept = frozenset(
        {
            Promise.NO_NETWORK,
            Promise.READ_ONLY_MOUNTS,
            Promise.READ_ONLY_SYSTEM,
            Promise.HOST_FILES_HIDDEN,
            Promise.HOST_PROCESSES_HIDDEN,
            Promise.NO_PRIVILEGES,
            Promise.SCRATCH_CAPPED,
            # Counted and killed when above, but a fork bomb can be faster than the counting.
            Promise.PROCESSES_CAPPED,
        }
    )

    def __init__(self, *, gpu_reader: OpenReader = open_nvml) -> None:
        self._gpu_reader = gpu_reader

    def availability(self, *, gpu: int | None = None) -> Availability:
        try:
            if gpu is not None:
                require_gpu(gpu)
        except GraderError as error:
            return Availability(ok=False, detail=error.message, advice=error.advice)
        return Availability(
            ok=True,
            detail=Text(
                en="no sandbox: the program runs as you, with your files and your network",
                ko="샌드박스 없음: 프로그램이 내 계정 권한으로 실행되며 내 파일과 네트워크를 쓸 수 있습니다",
            ),
        )

    def inside(self, mount: Mount) -> str:
        return str(mount.source.absolute())

    def start(self, request: Request) -> SandboxProcess:
        if request.gpu is not None:
            require_gpu(request.gpu)
        scratch = Path(tempfile.gettempdir()) / owned_name(request.run_id)
        try:
            scratch.mkdir(mode=0o700)
            return _PlainProcess(request, scratch, self._gpu_reader)
        except OSError as error:
            shutil.rmtree(scratch, ignore_errors=True)
            raise start_failure(error) from error

    def sweep(self) -> list[str]:
        removed = []
        for folder in sorted(Path(tempfile.gettempdir()).glob(f"{LABEL}@*")):
            owner = owner_of_name(folder.name)
            # A folder from before the last boot has lost its grader too: it lies on this machine.
            if owner is None or owner.state() is OwnerState.ALIVE:
                continue
            ProcessTree(partial(_at_home_in, folder)).kill()
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
        return removed


class _PlainProcess(SandboxProcess):
    """A child in a session of its own, with a scratch folder by which its orphans are recognised."""

    def __init__(self, request: Request, scratch: Path, gpu_reader: OpenReader) -> None:
        self._scratch = scratch
        self._closed = False
        environment = {**ENVIRONMENT, "PATH": os.defpath, "HOME": str(scratch), "TMPDIR": str(scratch)}
        if request.gpu is not None:
            # In the order of the bus, as everybody else counts; CUDA itself would begin with the fastest.
            environment |= {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": str(request.gpu)}
        # What the program leaves running would hold its pipes open, and the caller waits for their end.
        self._tree = ProcessTree(partial(_at_home_in, scratch))
        self._child = Child(
            [sys.executable, *request.argv],
            environment={**environment, **request.environment},
            folder=scratch,
            at_end=self._tree.kill,
        )
        self.stdout, self.stderr = self._child.stdout, self._child.stderr
        limit_process(self._child.pid, open_files=request.limits.open_files)
        self._tree.add(self._child.pid)
        self._watchdog = Watchdog(self._tree, request.limits, self._tree.kill)
        self._watchdog.start()
        self._gpu = GpuWatch(request, pids=self._tree.pids, kill=self.kill, open_reader=gpu_reader)

    def send(self, data: bytes, *, last: bool = True) -> None:
        self._child.send(data, last=last)

    def usage(self) -> Usage:
        seen = self._watchdog.usage()
        return self._gpu.complete(replace(seen, cpu_s=max(seen.cpu_s or 0.0, self._child.cpu_s)))

    def kill(self) -> None:
        self._tree.kill()

    def wait(self, timeout_s: float) -> Exit | None:
        if not self._child.wait(timeout_s):
            return None
        assert self._child.returncode is not None
        return exit_of(
            self._child.returncode,
            out_of_memory=self._watchdog.out_of_memory,
            out_of_processes=self._watchdog.out_of_processes,
            out_of_gpu_memory=self._gpu.exceeded,
            usage=self.usage(),
        )

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self.kill()
        self._child.close()
        self._watchdog.stop()
        self._gpu.stop()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _at_home_in(scratch: Path) -> list[psutil.Process]:
    """Every process whose environment says that its home is `scratch`."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get("HOME") == str(scratch):
                found.append(process)
    return found
