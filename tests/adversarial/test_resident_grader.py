"""Whatever is said to a resident grader, it stays, says nothing of anybody's, and answers the next who asks well."""

import contextlib
import json
import os
import resource
import socket
import stat
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.progress import Silent
from grader.resident import client, server
from grader.resident.answer import await_report
from grader.resident.client import NobodyAnswers, ask
from grader.runner.protocol import HEADER, encode_message
from tests.conformance.running import becomes_true
from tests.unit.resident.fakes import Listening, Pipeline, listening, pipeline
from tests.unit.resident.kit import question

__all__ = ["listening", "pipeline"]

GOOD = json.loads(question().model_dump_json())


def said(document: object) -> bytes:
    body = json.dumps(document).encode()
    return HEADER.pack(b"J", len(body)) + body


HOSTILE: dict[str, bytes] = {
    "noise": os.urandom(100_000),
    "other_protocol": b"GET / HTTP/1.1\r\nHost: grader\r\n\r\n",
    "endless_frame": HEADER.pack(b"J", 2**32 - 1) + b"{" * 70_000,
    "blob_without_question": HEADER.pack(b"B", 10) + b"x" * 10,
    "terabyte_announced": said({**GOOD, "blob_bytes": 2**40}),
    "blob_that_is_sent": b"".join(encode_message(GOOD, b"x" * 100)),
    "deep_json": HEADER.pack(b"J", 60_000) + b"[" * 60_000,
    "number_too_long": HEADER.pack(b"J", 50_006) + b'{"a":' + b"9" * 50_000 + b"}",
    "list": said([GOOD]),
    "null": said(None),
    "field_too_many": said({**GOOD, "keep_model": "/etc/cron.d/x"}),
    "path_from_here": said({**GOOD, "path": "../../etc/shadow"}),
    "zero_in_path": said({**GOOD, "path": "/work\x00"}),
    "half_a_surrogate": said({**GOOD, "path": "/work\ud800"}),
    "mission_elsewhere": said({**GOOD, "mission": "../../tmp"}),
    "pickle": b"\x80\x04\x95" + b"cos\nsystem\n(S'true'\ntR.",
    "half_a_question": said(GOOD)[:-1],
    "two_questions": said(GOOD) * 2,
}


def still_answers(listening: Listening) -> bool:
    with ask(listening.place, question()) as conversation:
        await_report(conversation, Silent())
    return "stop" not in listening.ready.done


def say(place: Path, data: bytes) -> bytes:
    """What comes back."""
    with socket.socket(socket.AF_UNIX) as asker, contextlib.suppress(OSError):
        asker.settimeout(10)
        asker.connect(str(place))
        asker.sendall(data)
        asker.shutdown(socket.SHUT_WR)
        return asker.recv(65_536)
    return b""


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_question_is_not_answered(listening: Listening, pipeline: Pipeline, data: bytes) -> None:
    assert say(listening.place, data) == b""
    assert pipeline.requests == []
    assert still_answers(listening)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda body: HEADER.pack(b"J", len(body)) + body))
def test_no_bytes_bring_it_down(listening: Listening, data: bytes) -> None:
    assert say(listening.place, data) == b""
    assert listening.thread.is_alive()


def test_askers_who_say_nothing_hold_up_nobody_for_long(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ANSWER_S", 0.3)
    with contextlib.ExitStack() as stack:
        for _ in range(3 * server.MOST_ASKERS):
            asker = stack.enter_context(socket.socket(socket.AF_UNIX))
            asker.connect(str(listening.place))
        with contextlib.suppress(NobodyAnswers), ask(listening.place, question()) as conversation:
            await_report(conversation, Silent())  # it may be one too many
        assert becomes_true(lambda: not any(thread.name == "resident-asker" for thread in threading.enumerate()))
        assert still_answers(listening)
    assert sum(thread.name == "resident-asker" for thread in threading.enumerate()) <= 1


def test_it_does_not_spin_where_no_descriptor_is_left(listening: Listening) -> None:
    assert still_answers(listening)
    assert becomes_true(lambda: not any(thread.name == "resident-asker" for thread in threading.enumerate()))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket(socket.AF_UNIX) as asker:
        with Path(os.devnull).open() as lowest_free:
            limit = lowest_free.fileno()
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, before[1]))
        try:
            asker.connect(str(listening.place))
            began = time.process_time()
            time.sleep(1)
            busy_s = time.process_time() - began
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        assert busy_s < 0.5
    assert still_answers(listening)


def test_asker_who_speaks_slowly_is_given_up(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ANSWER_S", 0.3)

    def speak(asker: socket.socket) -> None:
        for letter in said(GOOD):
            asker.sendall(bytes([letter]))
            time.sleep(0.05)

    with socket.socket(socket.AF_UNIX) as asker:
        asker.connect(str(listening.place))
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            speak(asker)


def test_asker_who_does_not_listen_is_given_up(
    listening: Listening, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SEND_S", 0.2)
    pipeline.report = pipeline.report.model_copy(
        update={"student_output": pipeline.report.student_output.model_copy(update={"text": "x" * 10_000_000})}
    )
    with socket.socket(socket.AF_UNIX) as asker:
        asker.connect(str(listening.place))
        asker.sendall(said(GOOD))
        busy = listening.resident._one_at_a_time
        assert becomes_true(lambda: bool(pipeline.requests) and not busy.locked())
        monkeypatch.setattr(server, "SEND_S", 60.0)
        assert still_answers(listening)


def test_second_question_on_one_connection_ends_the_first(listening: Listening, pipeline: Pipeline) -> None:
    begun = threading.Event()

    def be_stopped() -> None:
        begun.set()
        assert listening.ready.stopped.wait(10)

    pipeline.meanwhile = be_stopped
    with socket.socket(socket.AF_UNIX) as asker:
        asker.connect(str(listening.place))
        asker.sendall(said(GOOD))
        assert begun.wait(10)
        asker.sendall(said(GOOD))
        asker.settimeout(10)
        with contextlib.suppress(ConnectionResetError):  # it is closed with the second question unread
            while asker.recv(65_536):
                pass
    assert len(pipeline.requests) == 1


def test_socket_is_for_its_user_alone(listening: Listening) -> None:
    assert stat.S_IMODE(listening.place.stat().st_mode) == 0o600
    assert stat.S_IMODE(listening.place.parent.stat().st_mode) == 0o700


def as_nobody(work: Callable[[], int]) -> int:
    """What `work`, done by another user in a process of its own, gives."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            os.setgid(65_534)
            os.setuid(65_534)
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def needs_root(test: Callable[..., None]) -> Callable[..., None]:
    """Only root can be somebody else; what is forked is a process with threads, which newer Pythons warn of."""
    quiet = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
    return quiet(pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")(test))


@needs_root
def test_other_user_does_not_reach_it(listening: Listening) -> None:
    def connect() -> int:
        with socket.socket(socket.AF_UNIX) as asker:
            try:
                asker.connect(str(listening.place))
            except PermissionError:
                return 13
        return 0

    listening.place.parent.parent.chmod(0o755)
    assert as_nobody(connect) == 13


@needs_root
def test_other_user_is_not_answered_even_where_the_folder_lets_it_in(listening: Listening, pipeline: Pipeline) -> None:
    for path in (listening.place, listening.place.parent, listening.place.parent.parent):
        path.chmod(0o777)
    assert as_nobody(lambda: len(say(listening.place, said(GOOD)))) == 0
    assert pipeline.requests == []
    listening.place.parent.chmod(0o700)
    assert still_answers(listening)


@needs_root
def test_other_users_listener_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "is_private", lambda folder: True)
    with socket.socket(socket.AF_UNIX) as listener:
        folder = Path("/tmp", f"deep-grader-test-{os.getpid()}")
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
        try:
            assert as_nobody(lambda: listener.bind(str(folder / "a.sock")) or listener.listen() or 0) == 0  # type: ignore[func-returns-value]
            with pytest.raises(NobodyAnswers, match="another user"):
                ask(folder / "a.sock", question())
        finally:
            (folder / "a.sock").unlink(missing_ok=True)
            folder.rmdir()


def test_credentials_are_those_of_the_kernel(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an asker says of itself plays no part: the kernel is asked."""
    raw = struct.pack("3i", os.getpid(), os.getuid() + 1, os.getgid())

    class Foreign(socket.socket):
        def getsockopt(self, *asked: int) -> bytes:  # type: ignore[override]
            return raw

    one, other = socket.socketpair()
    with one, Foreign(fileno=other.detach()) as foreign:
        listening.resident.answer(foreign)
        assert one.recv(10) == b""
