"""Programs started before they are asked for: each waits for its one job, and is thrown away after it.

Importing torch takes seconds that every submission would wait for. A spare has done so; it holds nothing of any
submission, since it was started before there was one. It serves one run only, unless its request says that it is
reusable: then it waits for the next job, as often as its jobs end well.
"""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from grader.errors import GraderError, InfrastructureError
from grader.sandbox.base import Availability, Exit, Mount, Request, Sandbox, SandboxProcess, Usage
from grader.text import Text

CHECK_S = 5.0
"""How often spares are looked for that are idle or dead."""


@dataclass(frozen=True, slots=True)
class _Spare:
    process: SandboxProcess
    holds: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Shelf:
    """Spares of one kind.

    Attributes:
        request: what they are started with, each under a run id of its own.
        coming: how many are being started.
        used: when one was last asked for, on the monotonic clock.
    """

    request: Request
    spares: list[_Spare] = field(default_factory=list)
    coming: int = 0
    used: float = field(default_factory=time.monotonic)


class WarmSandbox(Sandbox):
    """Another sandbox, with spares of every kind of program that was started through it and says that it waits.

    Keeps what the other one promises: a spare is one of its runs. A program whose request equals, but for the run id,
    one that is kept in stock is handed out at once; all others are started as ever.

    Args:
        inner: what starts programs; closed with this one.
        spares: kept in stock of each kind; with none this only keeps track of what runs. A program that will be handed
            back is not replaced while it is out.
        idle_s: a kind that nobody has asked for so long is dropped.
    """

    def __init__(self, inner: Sandbox, *, spares: int = 1, idle_s: float = 300.0) -> None:
        self._inner = inner
        self._spares = spares
        self._idle_s = idle_s
        self._shelves: dict[Hashable, _Shelf] = {}
        self._lock = threading.Lock()
        self._starters: set[threading.Thread] = set()
        self._closed = threading.Event()
        self._runs: set[_Run] = set()
        self.starts_ahead = spares > 0
        self.name = inner.name
        self.unkept = inner.unkept
        self._keeper = threading.Thread(target=self._tidy_up, name="sandbox-spares", daemon=True)
        self._keeper.start()

    def availability(self, *, gpu: int | None = None) -> Availability:
        return self._inner.availability(gpu=gpu)

    def inside(self, mount: Mount) -> str:
        return self._inner.inside(mount)

    def sweep(self) -> list[str]:
        return self._inner.sweep()

    def stock(self, request: Request) -> None:
        """Keeps spares for requests equal to this one, but for the run id. Returns at once; a failure to start one
        shows when a program is asked for."""
        with self._lock:
            if not self._spares or self._closed.is_set():
                return
            shelf = self._shelves.setdefault(_kind(request), _Shelf(request))
            shelf.used = time.monotonic()
            missing = self._spares - len(shelf.spares) - shelf.coming
            shelf.coming += max(0, missing)
            starters = [
                threading.Thread(target=self._start_spare, args=(shelf,), name="sandbox-spare", daemon=True)
                for _ in range(missing)
            ]
            self._starters.update(starters)
        for starter in starters:
            starter.start()

    def start(self, request: Request) -> SandboxProcess:
        if self._closed.is_set():
            raise InfrastructureError(Text("The sandbox is closed.", "샌드박스가 닫혔습니다."))
        spare = self._take(request) or _Spare(self._inner.start(request))
        run = _Run(spare, self._forget, lambda holds: self._keep(request, _Spare(spare.process, holds)))
        with self._lock:
            self._runs.add(run)
        if self._closed.is_set():  # since it was looked at above
            run.kill()
        return run

    def stop(self) -> None:
        """Ends everything that runs, and starts nothing more: for a grader that was told to stop."""
        self._closed.set()
        with self._lock:
            running = list(self._runs)
        for run in running:
            run.kill()

    def _keep(self, request: Request, spare: _Spare) -> bool:
        """Puts a program that has done its job on the shelf."""
        with self._lock:
            if self._closed.is_set():
                return False
            shelf = self._shelves.setdefault(_kind(request), _Shelf(request))
            shelf.used = time.monotonic()
            shelf.spares.insert(0, spare)  # before those that hold nothing yet
            return True

    def _take(self, request: Request) -> _Spare | None:
        """A spare that still lives, and another one ordered in its place, unless it will be handed back."""
        with self._lock:
            shelf = self._shelves.get(_kind(request))
        if not request.reusable:
            self.stock(request)
        while shelf is not None:
            with self._lock:
                spare = shelf.spares.pop(0) if shelf.spares else None
            if spare is None:
                return None
            if _alive(spare.process):
                if not request.reusable:
                    self.stock(request)
                return spare
            spare.process.close()
        return None

    def _forget(self, run: "_Run") -> None:
        with self._lock:
            self._runs.discard(run)

    def ready(self, request: Request) -> int:
        """How many spares there are for such a request."""
        with self._lock:
            shelf = self._shelves.get(_kind(request))
            return len(shelf.spares) if shelf is not None else 0

    def close(self) -> None:
        with self._lock:
            self._closed.set()
            starters = list(self._starters)
        for starter in starters:
            starter.join()
        self._keeper.join()
        with self._lock:
            spares = [spare for shelf in self._shelves.values() for spare in shelf.spares]
            self._shelves.clear()
        _throw_away(spares)
        self._inner.close()

    def _start_spare(self, shelf: _Shelf) -> None:
        process: SandboxProcess | None = None
        # Whoever asks for such a program meets the same failure, and is told.
        with contextlib.suppress(GraderError):
            process = self._inner.start(replace(shelf.request, run_id=f"spare-{uuid.uuid4().hex[:12]}"))
        with self._lock:
            shelf.coming -= 1
            self._starters.discard(threading.current_thread())
            kept = process is not None and not self._closed.is_set()
            if kept and process is not None:
                shelf.spares.append(_Spare(process))
        if process is not None and not kept:
            process.close()

    def _tidy_up(self) -> None:
        """Drops kinds that nobody asks for, and spares that have died, which would count as stock."""
        while not self._closed.wait(CHECK_S):
            with self._lock:
                waiting = [(shelf, spare) for shelf in self._shelves.values() for spare in shelf.spares]
            dead = [(shelf, spare) for shelf, spare in waiting if not _alive(spare.process)]
            with self._lock:
                dropped = []
                for shelf, spare in dead:
                    if spare in shelf.spares:  # it was not handed out meanwhile
                        shelf.spares.remove(spare)
                        dropped.append(spare)
                limit = time.monotonic() - self._idle_s
                idle = [kind for kind, shelf in self._shelves.items() if shelf.used < limit and not shelf.coming]
                dropped += [spare for kind in idle for spare in self._shelves.pop(kind).spares]
            _throw_away(dropped)


class _Run(SandboxProcess):
    """A program that was handed out, whoever started it."""

    def __init__(self, spare: _Spare, forget: Callable[["_Run"], None], keep: Callable[[frozenset[str]], bool]) -> None:
        self._process = spare.process
        self._holds = spare.holds
        self._forget = forget
        self._keep = keep
        self._handed_back = False
        self.stdout, self.stderr = spare.process.stdout, spare.process.stderr

    def send(self, data: bytes, *, last: bool = True) -> None:
        self._process.send(data, last=last)

    @property
    def holds(self) -> frozenset[str]:
        return self._holds

    def hand_back(self, holds: frozenset[str]) -> bool:
        self._forget(self)
        self._handed_back = self._keep(holds)
        return self._handed_back

    def usage(self) -> Usage:
        return self._process.usage()

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout_s: float) -> Exit | None:
        return self._process.wait(timeout_s)

    def close(self) -> None:
        self._forget(self)
        if not self._handed_back:
            self._process.close()


def _kind(request: Request) -> Hashable:
    """Everything of a request but whose run it is."""
    environment = tuple(sorted(request.environment.items()))
    return request.argv, request.mounts, request.limits, request.gpu, request.reusable, environment


def _alive(process: SandboxProcess) -> bool:
    try:
        return process.wait(0) is None
    except GraderError:
        return False


def _throw_away(spares: list[_Spare]) -> None:
    for spare in spares:
        spare.process.close()
