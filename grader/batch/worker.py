"""A thread that can be waited for whatever breaks off the waiting."""

import threading
from collections.abc import Callable


class Worker:
    """Does some work beside this thread; the process does not stay alive for it.

    `Thread.join` is not for a thread that is told of signals: in Python 3.11, an exception that a signal handler raises
    there makes the other thread pass for ended, which then works on while everything around it is put away.

    Args:
        work: raises nothing.
        name: of the thread.
    """

    def __init__(self, work: Callable[[], None], *, name: str) -> None:
        self._work = work
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._ended = threading.Event()
        self._ended.set()

    def start(self) -> None:
        """Begins the work.

        Raises:
            RuntimeError: the machine has no room for another thread.
        """
        self._ended.clear()
        try:
            self._thread.start()
        except RuntimeError:
            self._ended.set()
            raise

    @property
    def ended(self) -> bool:
        """Nothing is done any more, or nothing was begun."""
        return self._ended.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Waits for the end of the work, at most so long; gives whether it has ended."""
        return self._ended.wait(timeout_s)

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self._ended.set()
