"""Frames between host and sandbox."""

import json
from collections.abc import Iterator

import pytest

from grader.runner.protocol import HEADER, MAX_JSON_BYTES, FrameReader, Message, ProtocolError, encode_message


def reader(max_blob_bytes: int = 1000, max_messages: int = 10) -> FrameReader:
    return FrameReader(max_blob_bytes=max_blob_bytes, max_messages=max_messages)


def wire(message: dict[str, object], blob: bytes | None = None) -> bytes:
    return b"".join(encode_message(message, blob))


def drip(data: bytes) -> Iterator[bytes]:
    for position in range(len(data)):
        yield data[position : position + 1]


def test_message_with_blob_in_single_bytes_arrives_whole() -> None:
    stream = reader()
    data = wire({"event": "log"}) + wire({"event": "artifact"}, b"x" * 999) + wire({"event": "done"})
    messages = [message for piece in drip(data) for message in stream.feed(piece)]
    assert [json.loads(message.raw_json)["event"] for message in messages] == ["log", "artifact", "done"]
    assert messages[1].blob == b"x" * 999
    assert not stream.incomplete


def test_empty_blob_arrives_empty() -> None:
    (message,) = reader().feed(wire({"event": "artifact"}, b""))
    assert message.blob == b""


def test_stream_that_ends_inside_a_blob_is_incomplete() -> None:
    stream = reader()
    assert list(stream.feed(wire({"event": "artifact"}, b"abc")[:-1])) == []
    assert stream.incomplete


def frame(kind: bytes, payload: bytes) -> bytes:
    return HEADER.pack(kind, len(payload)) + payload


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (frame(b"X", b"{}"), "unknown kind"),
        (HEADER.pack(b"J", MAX_JSON_BYTES + 1), "over the limit"),
        (HEADER.pack(b"J", 0xFFFFFFFF), "over the limit"),
        (frame(b"B", b"abc"), "announced"),
        (frame(b"J", b"[1]"), "not a JSON object"),
        (frame(b"J", b"{"), "not JSON"),
        (frame(b"J", b"\xff\xfe"), "not JSON"),
        (frame(b"J", b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}"), "not JSON"),
        (frame(b"J", b'{"blob_bytes": -1}'), "whole number"),
        (frame(b"J", b'{"blob_bytes": true}'), "whole number"),
        (frame(b"J", b'{"blob_bytes": 1e3}'), "whole number"),
        (frame(b"J", b'{"blob_bytes": 1001}'), "over the limit"),
        (frame(b"J", b'{"blob_bytes": 2}') + frame(b"B", b"abc"), "longer"),
        (frame(b"J", b'{"blob_bytes": 2}') + HEADER.pack(b"B", 0), "longer"),
        (frame(b"J", b'{"blob_bytes": 2}') + frame(b"J", b"{}"), "before the blob"),
        (frame(b"J", b"{}") * 11, "too many"),
    ],
)
def test_malformed_stream_is_refused_with_its_reason(data: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        list(reader().feed(data))


def test_non_finite_number_is_not_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        list(encode_message({"loss": float("nan")}))


def test_lone_surrogate_in_a_name_is_sent_as_a_question_mark() -> None:
    (message,) = reader().feed(wire({"event": "\ud800"}))
    assert message == Message(b'{"event": "?"}', None)
