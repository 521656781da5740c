"""The way out: the runner's messages go over a descriptor of their own, the student's prints elsewhere."""

import contextlib
import fcntl
import math
import os
import termios
import threading
import time
from typing import Any

from .protocol import write_message

MAX_LOG_CALLS = 5_000
MAX_LOG_VALUES = 32
MAX_NAME_CHARS = 64


class Channel:
    """Sends messages to the host; safe to use from several threads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._log_calls = 0

    def send(self, event: str, blob: bytes | memoryview | None = None, **fields: Any) -> None:
        """Sends one message; returns when the host's pipe has taken it."""
        with self._lock:
            write_message(self._write, {"event": event, **fields}, blob)

    def settle(self) -> None:
        """Waits until the host has taken all that was said: code that runs from now on could read the rest back,
        and the run would seem to have ended before that code was reached."""
        waiting = bytearray(4)
        with contextlib.suppress(OSError):  # of a descriptor that can't tell
            while fcntl.ioctl(self._descriptor, termios.FIONREAD, waiting) == 0 and any(waiting):
                time.sleep(0.0005)

    def log(self, **values: Any) -> None:
        """Reports figures of the training so far, such as `log(epoch=1, train_loss=0.3, valid_accuracy=0.97)`.

        Args:
            values: numbers, or tensors and arrays of one element. At most 32 per call.

        Raises:
            TypeError: a value is not a number.
        """
        if len(values) > MAX_LOG_VALUES:
            raise TypeError(f"log() takes at most {MAX_LOG_VALUES} values, got {len(values)}")
        numbers = {name[:MAX_NAME_CHARS]: _number(name, value) for name, value in values.items()}
        self._log_calls += 1
        if self._log_calls <= MAX_LOG_CALLS:
            self.send("log", values=numbers)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]


def open_channel() -> Channel:
    """The channel, on what was standard output; from then on prints go to standard error."""
    out = os.dup(1)
    os.dup2(2, 1)
    return Channel(out)


def _number(name: str, value: Any) -> float | str:
    """A JSON-safe number: non-finite values in words, since JSON has none."""
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"log({name}=...) takes a number, got {type(value).__name__}") from error
    if math.isfinite(number):
        return number
    return "nan" if math.isnan(number) else ("inf" if number > 0 else "-inf")
