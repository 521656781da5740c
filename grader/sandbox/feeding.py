"""Writing to a program that may never read, without waiting for it."""

import contextlib
import threading
from collections.abc import Callable

_PIECE_BYTES = 64 * 1024
_NOTICE_S = 5.0
"""How long it may take until a thread runs again whose last byte was read, on a busy machine."""


class Feeder:
    """Hands data to `write` piece by piece in a thread of its own; calls `finish` after the last of it.

    A program that reads slowly or never holds up that thread alone. A write that fails because the other end is
    gone ends it quietly: a program need not read its input.

    Args:
        write: takes at least one byte of what it is given and says how many; may block.
        finish: closes the writing end; called exactly once, whatever happened.
    """

    def __init__(self, write: Callable[[memoryview], int], finish: Callable[[], None]) -> None:
        self._write = write
        self._finish = finish
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._finished = False
        self._last = False

    def send(self, data: bytes, *, last: bool = True) -> None:
        """Starts writing; what was sent before, if anything, must have been taken."""
        with self._lock:
            before = self._thread
        if before is not None:
            before.join(_NOTICE_S)
        with self._lock:
            if self._finished or self._last or (self._thread is not None and self._thread.is_alive()):
                raise RuntimeError("the input is closed, or what was sent before has not been taken")
            self._last = last
            self._thread = threading.Thread(target=self._feed, args=(data, last), name="sandbox-stdin", daemon=True)
            self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Waits for the writing to end; the reading end must be gone by now, or this takes `timeout_s`."""
        with self._lock:
            thread = self._thread
            if thread is None:
                self._finish_once()
        if thread is not None:
            thread.join(timeout_s)
            with self._lock:
                if not thread.is_alive():
                    self._finish_once()

    def _feed(self, data: bytes, last: bool) -> None:
        left = memoryview(data)
        with contextlib.suppress(OSError, ValueError):
            while left:
                left = left[self._write(left[:_PIECE_BYTES]) :]
        if last or left:
            with self._lock:
                self._finish_once()

    def _finish_once(self) -> None:
        if not self._finished:
            self._finished = True
            with contextlib.suppress(OSError):
                self._finish()
