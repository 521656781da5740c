"""Running a few lines of Python in a sandbox and looking at what came of it."""

import os
import selectors
import textwrap
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from grader.sandbox.base import Exit, Limits, Mount, Request, Sandbox, SandboxProcess

MIB = 2**20
LIMITS = Limits(memory_bytes=512 * MIB, processes=64, cpus=1, scratch_bytes=16 * MIB)
DEADLINE_S = 60.0
MOST_KEPT_BYTES = 4 * MIB


@dataclass(frozen=True)
class Outcome:
    """What a program printed and how it ended."""

    stdout: str
    stderr: str
    exit: Exit

    @property
    def lines(self) -> list[str]:
        return self.stdout.splitlines()


class Runner:
    """Short programs in one backend."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def request(self, code: str, *, mounts: tuple[Mount, ...] = (), **limits: int) -> Request:
        """A request for a program of its own run id."""
        return Request(
            run_id=f"test-{uuid.uuid4().hex[:12]}",
            argv=("-I", "-c", textwrap.dedent(code)),
            mounts=mounts,
            limits=replace(LIMITS, **limits),
        )

    def start(self, code: str, *, mounts: tuple[Mount, ...] = (), **limits: int) -> SandboxProcess:
        """A running program; the caller closes it."""
        return self.sandbox.start(self.request(code, mounts=mounts, **limits))

    def run(self, code: str, *, data: bytes = b"", mounts: tuple[Mount, ...] = (), **limits: int) -> Outcome:
        """A program from its start to its end."""
        with self.start(code, mounts=mounts, **limits) as process:
            process.send(data)
            return finish(process)


def finish(process: SandboxProcess) -> Outcome:
    """Reads both outputs to their ends, then waits."""
    kept = {process.stdout: bytearray(), process.stderr: bytearray()}
    deadline = time.monotonic() + DEADLINE_S
    with selectors.DefaultSelector() as selector:
        for descriptor in kept:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            left_s = deadline - time.monotonic()
            assert left_s > 0, f"no end after {DEADLINE_S} s: {bytes(kept[process.stderr])[-2000:]!r}"
            for key, _ in selector.select(left_s):
                piece = os.read(key.fd, 2**16)
                if not piece:
                    selector.unregister(key.fd)
                else:
                    kept[key.fd] += piece[: MOST_KEPT_BYTES - len(kept[key.fd])]
    ended = process.wait(DEADLINE_S)
    assert ended is not None
    return Outcome(kept[process.stdout].decode(), kept[process.stderr].decode(errors="replace"), ended)


def read_line(process: SandboxProcess) -> str:
    """The next line of a program that goes on."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(process.stdout, 1)
        assert piece, f"the program ended: {os.read(process.stderr, 2000).decode(errors='replace')}"
        line += piece
    return line.decode().strip()


def becomes_true(condition: Callable[[], bool], *, within_s: float = 60.0) -> bool:
    """Whether `condition` comes true in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return condition()
