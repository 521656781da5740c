"""Writing to a program: it may answer before the writer notices that all was read."""

import threading
import time
from functools import partial

import pytest

from grader.sandbox import feeding
from grader.sandbox.feeding import Feeder
from tests.conformance.running import becomes_true


def test_program_that_answers_at_once_can_be_sent_more_at_once() -> None:
    taken: list[bytes] = []

    def write(data: memoryview) -> int:
        taken.append(bytes(data))
        time.sleep(0.2)  # another thread runs, and with it whoever has read this
        return len(data)

    feeder = Feeder(write, lambda: None)
    for job in (b"one", b"two"):
        feeder.send(job, last=False)
        assert becomes_true(partial(taken.__contains__, job))
    feeder.close()
    assert taken == [b"one", b"two"]


def test_more_is_not_sent_before_the_rest_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "_NOTICE_S", 0.1)
    read = threading.Event()

    def write(data: memoryview) -> int:
        read.wait(10)
        return len(data)

    feeder = Feeder(write, lambda: None)
    feeder.send(b"one", last=False)
    with pytest.raises(RuntimeError):
        feeder.send(b"two")
    read.set()
    feeder.close()
