"""One child process with its pipes: what the backends without an engine have in common."""

import contextlib
import errno
import os
import resource
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from grader.errors import DiskFull, InfrastructureError, SandboxUnavailable
from grader.sandbox.base import Exit, Usage
from grader.sandbox.feeding import Feeder
from grader.text import Text

_SIGNALS = range(1, 65)


class Child:
    """A process in a session of its own, its three pipes, and a thread that lives as long as it does.

    That thread starts the process as well as waiting for it: the kernel's "die with your parent" means the thread
    that forked, so a pool's thread that ends early would take the run with it.

    Args:
        argv: program and arguments.
        environment: all of it.
        folder: working directory.
        pass_fds: further descriptors that the program keeps.
        at_end: called in that thread when the process has ended, before anybody is told.

    Raises:
        OSError: it could not be started.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        pass_fds: Sequence[int] = (),
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.pid = -1
        self.returncode: int | None = None
        self.cpu_s = 0.0
        self._at_end = at_end
        self._started = threading.Event()
        self._ended = threading.Event()
        self._failure: OSError | None = None
        self._closed = False
        input_end, stdin = os.pipe()
        self.stdout, output_end = os.pipe()
        self.stderr, error_end = os.pipe()
        self._feeder = Feeder(lambda data: os.write(stdin, data), lambda: os.close(stdin))
        theirs = (input_end, output_end, error_end)
        self._thread = threading.Thread(
            target=self._keep, args=(list(argv), dict(environment), folder, theirs, tuple(pass_fds)), daemon=True
        )
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            self.close()
            raise self._failure

    def send(self, data: bytes, *, last: bool = True) -> None:
        """Begins to write `data` to its input, which closes after the last; does not wait."""
        self._feeder.send(data, last=last)

    def wait(self, timeout_s: float) -> bool:
        """Whether it has ended, within `timeout_s`."""
        return self._ended.wait(timeout_s)

    def close(self) -> None:
        """Closes the pipes; the process must have been killed. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._thread.join()
        self._feeder.close()
        for descriptor in (self.stdout, self.stderr):
            os.close(descriptor)

    def _keep(
        self,
        argv: list[str],
        environment: dict[str, str],
        folder: Path,
        pipes: tuple[int, int, int],
        pass_fds: tuple[int, ...],
    ) -> None:
        try:
            process = subprocess.Popen(
                argv,
                env=environment,
                cwd=folder,
                stdin=pipes[0],
                stdout=pipes[1],
                stderr=pipes[2],
                pass_fds=pass_fds,
                start_new_session=True,
            )
        except OSError as error:
            self._failure = error
            return
        else:
            self.pid = process.pid
        finally:
            for descriptor in pipes:
                os.close(descriptor)
            self._started.set()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = self.returncode = os.waitstatus_to_exitcode(status)
        # Not ru_maxrss: after a vfork it starts from the size of the parent, which here has torch loaded.
        self.cpu_s = used.ru_utime + used.ru_stime
        self._at_end()
        self._ended.set()


def exit_of(
    returncode: int, *, out_of_memory: bool, out_of_processes: bool, out_of_gpu_memory: bool, usage: Usage
) -> Exit:
    """The exit that a child's return code tells, negative for a signal."""
    return Exit(
        code=returncode if returncode >= 0 else None,
        signal=-returncode if returncode < 0 else None,
        out_of_memory=out_of_memory,
        out_of_processes=out_of_processes,
        usage=usage,
        out_of_gpu_memory=out_of_gpu_memory,
    )


def from_init_status(status: int) -> int:
    """A return code, negative for a signal, from what an init process says of its child.

    Both inits in use here (bubblewrap's and the engine's) say 128 + n for signal n, as shells do, so a program that
    exits with such a status by itself reads as one that a signal ended.
    """
    return 128 - status if status - 128 in _SIGNALS else status


def limit_process(pid: int, *, open_files: int) -> None:
    """Bounds one process and what it will start; where the kernel can't do that from outside, nothing."""
    prlimit = getattr(resource, "prlimit", None)
    if prlimit is None:
        return
    with contextlib.suppress(ProcessLookupError):
        prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        _, hard = prlimit(pid, resource.RLIMIT_NOFILE)
        allowed = open_files if hard == resource.RLIM_INFINITY else min(open_files, hard)
        prlimit(pid, resource.RLIMIT_NOFILE, (allowed, allowed))


def start_failure(error: OSError) -> InfrastructureError:
    """The error to raise when the operating system refused what a start needs."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            Text(en=f"The disk is full: {reason}.", ko=f"디스크에 남은 공간이 없습니다: {reason}."),
            Text(en="Free some space and try again.", ko="공간을 확보한 뒤 다시 시도하세요."),
        )
    return SandboxUnavailable(
        Text(en=f"The program could not be started: {reason}.", ko=f"프로그램을 시작하지 못했습니다: {reason}."),
        Text(
            en="Check the limits on processes and open files (`ulimit -a`), then try again.",
            ko="프로세스와 열린 파일 수 제한(`ulimit -a`)을 확인한 뒤 다시 시도하세요.",
        ),
    )
