"""Programs started before they are asked for: each waits for its one job, and is thrown away after it.

Importing torch takes seconds that every submission would wait for. A spare has done so; it holds nothing of any
submission, since it was started before there was one, and serves one run only.
"""

import contextlib
import threading
import time
import uuid
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from grader.errors import GraderError
from grader.sandbox.base import Availability, Mount, Request, Sandbox, SandboxProcess

CHECK_S = 5.0
"""How often idle spares are looked for."""


@dataclass(frozen=True, slots=True)
class _Spare:
    process: SandboxProcess
    started: float


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
        spares: kept in stock of each kind.
        idle_s: a kind that nobody has asked for so long is dropped.
    """

    starts_ahead = True

    def __init__(self, inner: Sandbox, *, spares: int = 1, idle_s: float = 300.0) -> None:
        self._inner = inner
        self._spares = spares
        self._idle_s = idle_s
        self._shelves: dict[Hashable, _Shelf] = {}
        self._lock = threading.Lock()
        self._starters: set[threading.Thread] = set()
        self._closed = threading.Event()
        self.name = inner.name
        self.unkept = inner.unkept
        self._keeper = threading.Thread(target=self._drop_idle, name="sandbox-spares", daemon=True)
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
            if self._closed.is_set():
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
        with self._lock:
            shelf = self._shelves.get(_kind(request))
            spares = shelf.spares if shelf is not None else []
            taken = spares.pop(0) if spares else None
        if shelf is not None:
            self.stock(request)
        while taken is not None:
            if _alive(taken.process):
                return taken.process
            taken.process.close()
            with self._lock:
                taken = spares.pop(0) if spares else None
        return self._inner.start(request)

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
                shelf.spares.append(_Spare(process, time.monotonic()))
        if process is not None and not kept:
            process.close()

    def _drop_idle(self) -> None:
        while not self._closed.wait(CHECK_S):
            with self._lock:
                limit = time.monotonic() - self._idle_s
                idle = [kind for kind, shelf in self._shelves.items() if shelf.used < limit and not shelf.coming]
                dropped = [spare for kind in idle for spare in self._shelves.pop(kind).spares]
            _throw_away(dropped)


def _kind(request: Request) -> Hashable:
    """Everything of a request but whose run it is."""
    environment = tuple(sorted(request.environment.items()))
    return request.argv, request.mounts, request.limits, request.gpu, environment


def _alive(process: SandboxProcess) -> bool:
    try:
        return process.wait(0) is None
    except GraderError:
        return False


def _throw_away(spares: list[_Spare]) -> None:
    for spare in spares:
        spare.process.close()
