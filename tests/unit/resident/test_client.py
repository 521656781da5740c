"""Whoever listens at the place, and whatever is said there: no answer, or a report."""

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.progress import Silent
from grader.resident import client
from grader.resident.answer import await_report
from grader.resident.client import NobodyAnswers, ask
from grader.runner.protocol import HEADER, encode_message
from tests.unit.reports import samples
from tests.unit.resident.kit import question

REPORT = samples.report().model_dump_json().encode()


def frames(event: str, blob: bytes | None = None) -> bytes:
    return b"".join(encode_message({"event": event}, blob))


@pytest.fixture
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        yield Path(folder) / "a.sock"


@contextlib.contextmanager
def somebody(place: Path, answer: bytes) -> Iterator[None]:
    """Says that to the first who asks, and hangs up."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(10)


ANSWERS: dict[str, bytes] = {
    "nothing": b"",
    "began_and_no_more": frames("began"),
    "half_a_frame": frames("began")[:-1],
    "noise": b"HTTP/1.1 200 OK\r\n\r\n" * 50,
    "endless_frame": HEADER.pack(b"J", 2**32 - 1),
    "endless_report": b"".join(encode_message({"event": "report", "blob_bytes": 2**40})),
    "half_a_report": frames("report", REPORT)[:-10],
    "report_that_is_none": frames("report", b"{}"),
    "report_that_is_no_text": frames("report", b"\xff\xfe"),
    "stage_that_is_none": b"".join(encode_message({"event": "stage", "stage": "nonsense"})),
    "list": HEADER.pack(b"J", 2) + b"[]",
    "page_before_the_report": frames("page", b"<html>"),
    "not_graded": frames("report", samples.not_graded_report().model_dump_json().encode()),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_what_is_no_report_is_no_answer(place: Path, answer: bytes) -> None:
    with somebody(place, answer), ask(place, question()) as conversation, pytest.raises(NobodyAnswers):
        await_report(conversation, Silent())


@pytest.mark.parametrize("after", [b"", frames("page", b"\xff"), frames("page", b"<html>")[:-1], b"noise" * 9])
def test_page_that_does_not_come_whole_is_none(place: Path, after: bytes) -> None:
    with somebody(place, frames("began") + frames("report", REPORT) + after), ask(place, question()) as conversation:
        answer = await_report(conversation, Silent())
        assert answer.report == samples.report()
        assert answer.page() is None


def silent(place: Path) -> None:
    place.unlink(missing_ok=True)


def dead(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))


def a_file(place: Path) -> None:
    place.write_bytes(b"")


def open_to_others(place: Path) -> None:
    place.parent.chmod(0o755)


@pytest.mark.parametrize("made", [silent, dead, a_file, open_to_others])
def test_place_where_nobody_listens_is_no_answer(place: Path, made: Callable[[Path], None]) -> None:
    made(place)
    with pytest.raises(NobodyAnswers):
        ask(place, question())


def test_listener_who_says_nothing_is_not_waited_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_S", 0.1)
    monkeypatch.setattr(client, "PUT_AWAY_S", 0.1)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        with ask(place, question()) as conversation, pytest.raises(NobodyAnswers):
            await_report(conversation, Silent())
