"""Threads that are waited for to their end, whatever happens to whoever waits."""

import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from grader.batch.worker import Worker


@pytest.fixture
def alarm() -> Iterator[Callable[[], object]]:
    """Sets off a signal that raises in the main thread a moment later, as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    yield lambda: signal.setitimer(signal.ITIMER_REAL, 0.2)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_worker_is_waited_for_to_its_end_after_a_signal_broke_off_the_waiting(alarm: Callable[[], object]) -> None:
    goes_on, done = threading.Event(), threading.Event()

    def work() -> None:
        goes_on.wait()
        done.set()

    worker = Worker(work, name="test")
    worker.start()

    def wait_and_be_called() -> None:  # not before it is expected
        alarm()
        worker.wait(30)

    with pytest.raises(KeyboardInterrupt):
        wait_and_be_called()
    assert not worker.ended
    assert not worker.wait(0.01)
    goes_on.set()
    assert worker.wait(30)
    assert done.is_set()


def test_worker_that_was_never_started_is_not_waited_for() -> None:
    assert Worker(threading.Event().wait, name="test").wait(30)


def test_worker_for_which_there_is_no_room_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_room)
    worker = Worker(threading.Event().wait, name="test")
    with pytest.raises(RuntimeError):
        worker.start()
    assert worker.wait(30)
