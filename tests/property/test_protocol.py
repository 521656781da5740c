"""The frame reader on arbitrary bytes and on honest streams cut anywhere."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from grader.runner.protocol import FrameReader, ProtocolError, encode_message

MESSAGES = st.lists(
    st.tuples(
        st.dictionaries(st.text(max_size=5).filter(lambda key: key != "blob_bytes"), st.integers(), max_size=3),
        st.none() | st.binary(max_size=200),
    ),
    max_size=5,
)


@given(st.lists(st.binary(max_size=64), max_size=20))
def test_arbitrary_bytes_give_messages_or_a_protocol_error(pieces: list[bytes]) -> None:
    reader = FrameReader(max_blob_bytes=100, max_messages=5)
    try:
        for piece in pieces:
            for message in reader.feed(piece):
                assert isinstance(json.loads(message.raw_json), dict)
    except ProtocolError:
        pass


@given(MESSAGES, st.data())
def test_honest_stream_cut_anywhere_arrives_as_sent(
    messages: list[tuple[Any, bytes | None]], data: st.DataObject
) -> None:
    stream = b"".join(frame for message, blob in messages for frame in encode_message(message, blob))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader = FrameReader(max_blob_bytes=200, max_messages=5)
    received = [
        message
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for message in reader.feed(stream[start:end])
    ]
    assert [message.blob for message in received] == [blob for _, blob in messages]
    for message, (sent, _) in zip(received, messages, strict=True):
        assert sent.items() <= json.loads(message.raw_json).items()
