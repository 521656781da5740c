"""Frames between the host and a program inside a sandbox, in both directions.

A frame is one byte of kind, four bytes of length (big endian), then the payload. `J` carries one JSON
object in UTF-8, `B` one piece of the blob that the JSON object before it announced under `"blob_bytes"`.

    J {"event": "log", "values": {"epoch": 1}}
    J {"event": "artifact", "blob_bytes": 5}  B "hel"  B "lo"

The host trusts nothing it reads: `FrameReader` holds at most one JSON frame plus one blob, refuses what
exceeds its caps, and gives bytes; what they mean is for strict models elsewhere. This is the only part of
the runner that the host imports, so it needs nothing but the standard library.
"""

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

HEADER = struct.Struct(">cI")
JSON_KIND = b"J"
BLOB_KIND = b"B"
MAX_JSON_BYTES = 64 * 1024
BLOB_PIECE_BYTES = 1024 * 1024
DISK_FULL = "disk_full"
"""Code of a failure that came with a full scratch folder."""


class ProtocolError(ValueError):
    """The bytes are not frames, or exceed a cap."""


class BlobTooLarge(ProtocolError):
    """A blob was announced that exceeds its cap; honest programs do that too."""


@dataclass(frozen=True, slots=True)
class Message:
    """One JSON object and the blob that came with it, both unvetted.

    Attributes:
        raw_json: the object's UTF-8 bytes.
        blob: the announced bytes; None where none were announced.
    """

    raw_json: bytes
    blob: bytes | None


def encode_message(message: dict[str, Any], blob: bytes | memoryview | None = None) -> Iterator[bytes]:
    """The frames of one message. Not-a-number values are refused: say them in words.

    Raises:
        ValueError: the JSON is longer than `MAX_JSON_BYTES`, or holds a non-finite number.
    """
    if blob is not None:
        message = {**message, "blob_bytes": len(blob)}
    body = json.dumps(message, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace")
    if len(body) > MAX_JSON_BYTES:
        raise ValueError(f"a message of {len(body)} bytes is over the limit of {MAX_JSON_BYTES}")
    yield HEADER.pack(JSON_KIND, len(body)) + body
    if blob is not None:
        view = memoryview(blob)
        for start in range(0, len(view), BLOB_PIECE_BYTES):
            piece = view[start : start + BLOB_PIECE_BYTES]
            yield HEADER.pack(BLOB_KIND, len(piece)) + bytes(piece)


class FrameReader:
    """Turns a stream of bytes, in whatever pieces they arrive, into messages.

    Args:
        max_blob_bytes: the largest blob accepted.
        max_messages: how many messages are accepted over the whole stream.
    """

    def __init__(self, *, max_blob_bytes: int, max_messages: int) -> None:
        self._max_blob_bytes = max_blob_bytes
        self._messages_left = max_messages
        self._pending = bytearray()
        self._announced: bytes | None = None
        self._blob = bytearray()
        self._blob_bytes = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that `data` completes.

        Raises:
            ProtocolError: a frame of unknown kind, over a cap, or out of order.
        """
        self._pending += data
        while len(self._pending) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._pending)
            self._check_frame(kind, length)
            if len(self._pending) < HEADER.size + length:
                return
            payload = bytes(self._pending[HEADER.size : HEADER.size + length])
            del self._pending[: HEADER.size + length]
            message = self._take_json(payload) if kind == JSON_KIND else self._take_piece(payload)
            if message is not None:
                yield message

    @property
    def incomplete(self) -> bool:
        """Whether the stream, if it ended now, would end inside a message."""
        return bool(self._pending) or self._announced is not None

    def _check_frame(self, kind: bytes, length: int) -> None:
        if kind == JSON_KIND:
            if self._announced is not None:
                raise ProtocolError("a message began before the blob of the one before was whole")
            if length > MAX_JSON_BYTES:
                raise ProtocolError(f"a message of {length} bytes is over the limit of {MAX_JSON_BYTES}")
        elif kind == BLOB_KIND:
            if self._announced is None:
                raise ProtocolError("a blob came without having been announced")
            if not 0 < length <= BLOB_PIECE_BYTES or len(self._blob) + length > self._blob_bytes:
                raise ProtocolError("a blob is longer than was announced")
        else:
            raise ProtocolError(f"unknown kind of frame {kind!r}")

    def _take_json(self, payload: bytes) -> Message | None:
        if self._messages_left == 0:
            raise ProtocolError("too many messages")
        self._messages_left -= 1
        blob_bytes = _announced_bytes(payload)
        if blob_bytes is None:
            return Message(payload, None)
        if blob_bytes > self._max_blob_bytes:
            raise BlobTooLarge(f"a blob is over the limit of {self._max_blob_bytes} bytes")
        if blob_bytes == 0:
            return Message(payload, b"")
        self._announced, self._blob_bytes = payload, blob_bytes
        return None

    def _take_piece(self, payload: bytes) -> Message | None:
        self._blob += payload
        if len(self._blob) < self._blob_bytes:
            return None
        assert self._announced is not None
        message = Message(self._announced, bytes(self._blob))
        self._announced, self._blob = None, bytearray()
        return message


def _announced_bytes(payload: bytes) -> int | None:
    """The blob length a JSON object announces; None where it announces none."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a message is not JSON") from error
    if not isinstance(value, dict):
        raise ProtocolError("a message is not a JSON object")
    blob_bytes = value.get("blob_bytes")
    if blob_bytes is None:
        return None
    if not isinstance(blob_bytes, int) or isinstance(blob_bytes, bool) or blob_bytes < 0:
        raise ProtocolError("a blob's length is not a whole number")
    return blob_bytes


def write_message(
    write: Callable[[bytes], object], message: dict[str, Any], blob: bytes | memoryview | None = None
) -> None:
    """Sends one message through `write`, which must take all the bytes it is given."""
    for frame in encode_message(message, blob):
        write(frame)
