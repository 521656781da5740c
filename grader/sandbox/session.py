"""Drive one sandboxed program from job to end: pump its frames, cap what it says, hold it to its budgets.

Everything the program sends is untrusted. What it can do to this side is bounded: one message and one blob in
memory, a number of messages, the kept part of its output, and time.
"""

import os
import selectors
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from grader.errors import RunInterrupted
from grader.runner.protocol import BlobTooLarge, FrameReader, Message, ProtocolError
from grader.sandbox.base import Exit, Limits, Request, Sandbox, SandboxProcess, Usage
from grader.sandbox.delivery import encode_delivery
from grader.text import Text

POLL_S = 0.1
READ_BYTES = 256 * 1024
KEPT_OUTPUT_BYTES = 64 * 1024
EXIT_GRACE_S = 10.0
DRAIN_S = 1.0


class SessionEnd(StrEnum):
    """Why a session ended."""

    DONE = "done"
    """The handler said that it has all it wanted."""
    EXITED = "exited"
    """The program ended before that."""
    TIME = "time"
    MEMORY = "memory"
    GPU_MEMORY = "gpu_memory"
    OUTPUT = "output"
    PROCESSES = "processes"
    BLOB = "blob"
    """It had more to hand over in one piece than is accepted."""
    PROTOCOL = "protocol"
    """It sent bytes that are no frames, or more of them than allowed."""


@dataclass(frozen=True, slots=True)
class PhaseBudget:
    """Time allowed in one phase.

    Attributes:
        name: the phase.
        wall_s: wall-clock seconds, always enforced.
        cpu_s: CPU seconds of all processes; None for no such bound.
        total_cpu_s: CPU seconds of this phase and those before, but for the first; None for no such bound.
    """

    name: str
    wall_s: float
    cpu_s: float | None = None
    total_cpu_s: float | None = None


@dataclass(frozen=True, slots=True)
class PhaseUse:
    """Time used in one phase, measured by the host.

    Attributes:
        wall_s: wall-clock seconds.
        cpu_s: CPU seconds of all processes; None where the host can't see them.
    """

    wall_s: float
    cpu_s: float | None


@dataclass(frozen=True, slots=True)
class Caps:
    """Bounds on what a program may send.

    Attributes:
        blob_bytes: the largest blob.
        messages: how many messages.
        output_bytes: how much it may print before it is stopped.
    """

    blob_bytes: int
    messages: int
    output_bytes: int


@dataclass(frozen=True, slots=True)
class Output:
    """What a program printed: its beginning and its end, undecoded and untrusted.

    Attributes:
        head, tail: kept bytes; `tail` is empty where everything fits into `head`.
        total_bytes: how much was printed before the reader stopped.
    """

    head: bytes
    tail: bytes
    total_bytes: int


@dataclass(frozen=True, slots=True)
class SessionResult:
    """How a session went.

    Attributes:
        end: why it ended.
        budget: of the phase it ended in.
        limits: what the backend held it to.
        exit: how the program ended; by our own kill where the session had come to its end before.
        phases: time used in each phase that was entered.
        usage: figures over the whole session.
        output: what it printed.
    """

    end: SessionEnd
    budget: PhaseBudget
    limits: Limits
    exit: Exit
    phases: dict[str, PhaseUse]
    usage: Usage
    output: Output

    @property
    def phase(self) -> str:
        """The phase it ended in."""
        return self.budget.name


Handler = Callable[[Message], "str | bool"]
"""Takes each message; gives the phase that begins with it, True when the session is done, False otherwise.

Raises:
    ProtocolError: the message is not one the program may send now.
"""


@dataclass(slots=True)
class _KeptOutput:
    """Keeps the beginning and the end of a stream, whatever its length."""

    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    total: int = 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = KEPT_OUTPUT_BYTES // 2 - len(self.head)
        self.head += data[:room] if room > 0 else b""
        self.tail += data[room:] if room > 0 else data
        del self.tail[: -KEPT_OUTPUT_BYTES // 2]

    def kept(self) -> Output:
        return Output(bytes(self.head), bytes(self.tail), self.total)


class _Clock:
    """Which phase it is, and how much of its budget is used. Phases only go forward, each entered once."""

    def __init__(self, budgets: tuple[PhaseBudget, ...], process: SandboxProcess) -> None:
        self._budgets = budgets
        self._process = process
        self._index = 0
        self._began = time.monotonic()
        self._cpu_at_begin = 0.0
        self.budget = budgets[0]
        self.used: dict[str, PhaseUse] = {}

    def enter(self, phase: str) -> None:
        names = [budget.name for budget in self._budgets]
        if phase not in names or names.index(phase) <= self._index:
            raise ProtocolError("a phase began out of order")
        usage = self._process.usage()
        self.close(usage)
        self._index = names.index(phase)
        self.budget = self._what_is_left(self._budgets[self._index])
        self._began = time.monotonic()
        self._cpu_at_begin = usage.cpu_s or 0.0

    def _what_is_left(self, budget: PhaseBudget) -> PhaseBudget:
        if budget.total_cpu_s is None:
            return budget
        spent_s = sum(use.cpu_s or 0.0 for name, use in self.used.items() if name != self._budgets[0].name)
        left_s = max(0.0, budget.total_cpu_s - spent_s)
        return replace(budget, cpu_s=left_s if budget.cpu_s is None else min(budget.cpu_s, left_s))

    def measure(self, usage: Usage) -> PhaseUse:
        cpu = None if usage.cpu_s is None else max(0.0, usage.cpu_s - self._cpu_at_begin)
        return PhaseUse(time.monotonic() - self._began, cpu)

    def close(self, usage: Usage) -> None:
        self.used[self.budget.name] = self.measure(usage)

    def exceeded(self, use: PhaseUse) -> bool:
        over_cpu = self.budget.cpu_s is not None and use.cpu_s is not None and use.cpu_s > self.budget.cpu_s
        return over_cpu or use.wall_s > self.budget.wall_s


def run_session(
    sandbox: Sandbox,
    request: Request,
    job: Mapping[str, Any],
    *,
    files: Mapping[str, Path | bytes] | None = None,
    lasting: Mapping[str, Callable[[], bytes]] | None = None,
    budgets: tuple[PhaseBudget, ...],
    caps: Caps,
    handler: Handler,
    tick: Callable[[str, PhaseUse], None] = lambda phase, use: None,
) -> SessionResult:
    """Starts `request`, sends it `job` and `files`, and feeds its messages to `handler` until one of them ends it.

    Args:
        files: files and folders by the name under which the program finds them; None for none.
        lasting: files that a reusable program keeps; made and sent only where it does not have them yet.
        budgets: phases in their order; the first begins at once.
        tick: told a few times a second how much of the phase is used.

    Raises:
        InfrastructureError: the sandbox can't start.
        RunInterrupted: the engine failed under it, or something outside ended it.
    """
    lasting = lasting or {}
    with sandbox.start(request) as process:
        missing = {name: make() for name, make in lasting.items() if name not in process.holds}
        process.send(encode_delivery(job, {**(files or {}), **missing}), last=not request.reusable)
        clock = _Clock(budgets, process)
        output = _KeptOutput()
        end = _pump(process, clock, output, caps=caps, handler=handler, tick=tick)
        usage = process.usage()
        clock.close(usage)
        if end is SessionEnd.DONE and request.reusable and process.hand_back(process.holds | lasting.keys()):
            return _result(end, clock, request, _still_running(usage), usage, output)
        finished = process.wait(EXIT_GRACE_S) if end is SessionEnd.EXITED else None
        finished = finished or _end(process)
    if finished is None:
        raise RunInterrupted(
            Text("The sandbox did not stop when it was told to.", "샌드박스가 종료 명령에 응답하지 않았습니다."),
            Text("Run `grade doctor --clean`, then try again.", "`grade doctor --clean`을 실행한 뒤 다시 시도하세요."),
        )
    return _result(end, clock, request, finished, usage, output)


def _result(
    end: SessionEnd, clock: _Clock, request: Request, finished: Exit, usage: Usage, output: _KeptOutput
) -> SessionResult:
    return SessionResult(
        end=_limit_behind(end, finished),
        budget=clock.budget,
        limits=request.limits,
        exit=finished,
        phases=clock.used,
        usage=_larger(usage, finished.usage),
        output=output.kept(),
    )


def _still_running(usage: Usage) -> Exit:
    """The end of a job whose program goes on to the next."""
    return Exit(code=0, signal=None, out_of_memory=False, out_of_processes=False, usage=usage)


def _pump(
    process: SandboxProcess,
    clock: _Clock,
    output: _KeptOutput,
    *,
    caps: Caps,
    handler: Handler,
    tick: Callable[[str, PhaseUse], None],
) -> SessionEnd:
    """Reads both streams until the session ends one way or the other."""
    reader = FrameReader(max_blob_bytes=caps.blob_bytes, max_messages=caps.messages)
    last_look = time.monotonic()
    exited_at: float | None = None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        selector.register(process.stderr, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(POLL_S)
            for key, _ in ready:
                data = os.read(key.fd, READ_BYTES)
                if not data:
                    selector.unregister(key.fd)
                elif key.fd == process.stderr:
                    output.add(data)
                    if output.total > caps.output_bytes:
                        return SessionEnd.OUTPUT
                else:
                    try:
                        if _take(reader, data, clock, handler):
                            _drain(process.stderr, output)
                            return SessionEnd.DONE
                    except BlobTooLarge:
                        return SessionEnd.BLOB
                    except ProtocolError:
                        return SessionEnd.PROTOCOL
            now = time.monotonic()
            if now - last_look >= POLL_S:
                last_look = now
                use = clock.measure(process.usage())
                tick(clock.budget.name, use)
                if clock.exceeded(use):
                    return SessionEnd.TIME
                # A child that outlives the program may hold the streams open for ever. What the program said since
                # `ready` was asked for is still to be read, its last word above all: so not in the round of its end.
                if exited_at is not None and (not ready or now - exited_at > DRAIN_S):
                    break
                if exited_at is None and process.wait(0) is not None:
                    exited_at = now
    return SessionEnd.EXITED


def _take(reader: FrameReader, data: bytes, clock: _Clock, handler: Handler) -> bool:
    for message in reader.feed(data):
        answer = handler(message)
        if answer is True:
            return True
        if isinstance(answer, str):
            clock.enter(answer)
    return False


def _drain(descriptor: int, output: _KeptOutput) -> None:
    """Takes what was printed before the program said it is done, at most a pipe's worth, without waiting."""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        for _ in range(8):
            if not selector.select(0):
                return
            data = os.read(descriptor, READ_BYTES)
            if not data:
                return
            output.add(data)


def _end(process: SandboxProcess) -> Exit | None:
    """Kills the program and throws its output away until it is dead; None where that takes too long.

    Docker's engine reports the end of a container only when all its output has been taken.
    """
    process.kill()
    deadline = time.monotonic() + EXIT_GRACE_S
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        selector.register(process.stderr, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            for key, _ in selector.select(POLL_S / 10):
                if not os.read(key.fd, READ_BYTES):
                    selector.unregister(key.fd)
            finished = process.wait(0 if selector.get_map() else POLL_S)
            if finished is not None:
                return finished
    return None


def _limit_behind(end: SessionEnd, finished: Exit) -> SessionEnd:
    """The limit that explains an end, where the kernel or the engine saw one.

    A fork bomb may live on at its limit until time is up; memory never does, so time explains itself there.
    """
    if end in (SessionEnd.EXITED, SessionEnd.PROTOCOL) and finished.out_of_memory:
        return SessionEnd.MEMORY
    if end in (SessionEnd.EXITED, SessionEnd.PROTOCOL) and finished.out_of_gpu_memory:
        return SessionEnd.GPU_MEMORY
    if end in (SessionEnd.EXITED, SessionEnd.PROTOCOL, SessionEnd.TIME) and finished.out_of_processes:
        return SessionEnd.PROCESSES
    return end


def _larger(first: Usage, second: Usage) -> Usage:
    def larger(one: Any, other: Any) -> Any:
        return max((value for value in (one, other) if value is not None), default=None)

    return Usage(
        cpu_s=larger(first.cpu_s, second.cpu_s),
        memory_peak_bytes=larger(first.memory_peak_bytes, second.memory_peak_bytes),
        processes=larger(first.processes, second.processes),
        gpu_memory_peak_bytes=larger(first.gpu_memory_peak_bytes, second.gpu_memory_peak_bytes),
    )
