"""What a sandbox may send, from frames down to arrays: honest sessions with one or several things broken."""

import io
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.execution.arrays import MAX_VALUES_BYTES, PLAIN_KINDS, parse_array, parse_values
from grader.execution.events import ArrayComes, ValuesCome, parse_event, parse_probe_event
from grader.runner.protocol import BLOB_KIND, HEADER, JSON_KIND, MAX_JSON_BYTES, FrameReader, ProtocolError
from tests.fuzz import campaign, guard
from tests.fuzz.damage import INTERESTING, break_document, broken_bytes, broken_json

MAX_BLOB_BYTES = 64 * 1024
MAX_MESSAGES = 12
MEMORY_BYTES = 16 * 1024**2
"""What the caps allow one input: a JSON frame of 64 KiB, 35 times its size once parsed, twice because two parsers read
it (4.5 MB); a blob of 64 KiB, three copies of it. That is 5 MiB; twice as much for what the allocator keeps."""

TRAINING: tuple[dict[str, Any], ...] = (
    {"event": "ready", "versions": {"python": "3.11.7", "torch": "2.13.0"}},
    {"event": "phase", "phase": "train"},
    {"event": "log", "values": {"epoch": 1, "train_loss": 0.5, "valid_accuracy": "nan"}},
    {
        "event": "failure",
        "kind": "exception",
        "code": "raised",
        "details": {"function": "train"},
        "type": "ValueError",
        "message": "값이 잘못됨\nx",
        "frames": [{"file": "solution.py", "line": 3, "function": "train", "source": "raise ValueError"}],
    },
    {"event": "artifact"},
    {"event": "done"},
)
PROBING: tuple[dict[str, Any], ...] = (
    {"event": "phase", "phase": "import"},
    {"event": "probe", "probe": "shapes"},
    {"event": "array", "probe": "shapes", "name": "logits"},
    {"event": "values", "probe": "shapes"},
    {**TRAINING[3], "event": "probe_failure", "probe": "shapes"},
)
WITH_BLOB = ("artifact", "array", "values")
VALUES: dict[str, Any] = {"loss": 0.25, "shape": [2, 10], "name": "relu", "nested": {"a": [1, {"b": None}]}, "ok": True}
NUMBERS = (
    ("'<f4'", 4),
    ("'>f8'", 8),
    ("'<i8'", 8),
    ("'|b1'", 1),
    ("'|u1'", 1),
    ("'<f2'", 2),
    ("'<f16'", 16),
    ("'<f3'", 3),
)
"""Types in a header and their bytes."""
SIZED = (
    *(("()", 1), ("(3,)", 3), ("(2, 3)", 6), ("(12,)", 12), (f"({', '.join('1' * 8)})", 1), ("(0,)", 0), ("(0, 7)", 0)),
    *((f"(0, {2**63})", 0), (f"(0, {2**62}, 4)", 0), (f"(0, {'9' * 19})", 0), (f"(4, 0, {2**31}, 2)", 0)),
)
"""Shapes in a header and their elements."""
DESCRS = (
    *("'<u9'", "'|O'", "'<U5'", "'|S3'", "'|V8'", "'<c8'", "'=f4'", "'|f4'", "'f4'", "f4", "None", "4", "...", "'\\d'"),
    *("'<M8[D]'", "'<m8'", "''", "'a4'", "'f4,f4'", "'(2,3)f4'", "'i4' 'f4'", "b'<f4'", "u'<f4'", "'\\N{DIGIT ONE}'"),
    *("('<f4',)", "('<f4', (2,))", "[('a', '<f4')]", "[('a', '|O')]", "[()]", "[('a',)]", "{}", "()", "('|V0', {})"),
    *("[('', '<f4'), ('', '<f4')]", "('<f4', {'titles': 1})", "('<f4', -1)", "'<f4' if 1 else 2"),
)
SHAPES = (
    *("(1,) * 3", "(-1,)", "(True,)", "(2.0,)", "('3',)", "3", "None", "[3]", "((3,),)", "(3", "(3,))", "(,)", "(3j,)"),
    *(f"({2**63},)", f"(0, {'9' * 400})", f"({'9' * 900},)", "(3L,)", "(0x3,)", "(1_0,)", "(3 ,)", "(3,\n)", "(٣,)"),
    *(f"({'1, ' * 9})", f"({'1, ' * 70})", f"({'0, ' * 8})", f"({'(' * 200}", f"({2**32}, {2**32})"),
)
WRAPPINGS = ("({})", "{}x", "[{}]", "{{'a': 1}}, {}", "\t{}", "{}#", "{}\0", "__import__('os').system('true') or {}")
DTYPES = ("<f4", ">f8", "|u1", "<i8", "|b1", "<f2", "<c8", "<U3")


def any_array(chance: random.Random) -> bytes:
    """A `.npy` file: honest, with a header that is not, or broken."""
    if chance.random() < 0.3:
        body = io.BytesIO()
        np.save(body, np.zeros([chance.randrange(5) for _ in range(chance.randrange(4))], chance.choice(DTYPES)))
        data = body.getvalue()
    else:
        header, body_bytes = any_header(chance)
        length = len(header) if chance.random() < 0.97 else chance.choice(INTERESTING) & 0xFFFF
        version = (
            bytes(chance.choice(((1, 0), (2, 0), (3, 0), (0, 0), (255, 1)))) if chance.random() < 0.05 else b"\1\0"
        )
        data = b"\x93NUMPY" + version + length.to_bytes(2, "little") + header + bytes(body_bytes)
    return broken_bytes(data, chance) if chance.random() < 0.1 else data


def any_header(chance: random.Random) -> tuple[bytes, int]:
    """The header of a `.npy` file, and how many bytes should follow it."""
    (descr, width), (shape, elements) = chance.choice(NUMBERS), chance.choice(SIZED)
    order = "False"
    match chance.randrange(10):
        case 0:
            descr = chance.choice(DESCRS)
        case 1:
            shape = chance.choice(SHAPES)
        case 2:
            order = chance.choice(("True", "0", "None", "'x'", "[]"))
        case 3:
            elements = chance.randrange(9)
        case _:
            pass
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"
    if chance.random() < 0.1:
        text = chance.choice(WRAPPINGS).format(text)
    padding = " " * (chance.choice((7, 500, 2000)) if chance.random() < 0.1 else -(len(text) + 11) % 64)
    return (text + padding + "\n").encode("latin-1", "replace"), elements * width


def any_values(chance: random.Random) -> bytes:
    document = json.loads(json.dumps(VALUES))
    for _ in range(chance.choice((0, 1, 2, 5))):
        break_document(document, chance)
    text = json.dumps(document, ensure_ascii=chance.random() < 0.8).encode("utf-8", "surrogatepass")
    if chance.random() < 0.03:
        text += b" " * chance.choice((MAX_VALUES_BYTES - len(text), MAX_VALUES_BYTES))
    return broken_json(text, chance) if chance.random() < 0.25 else text


def any_blob(event: str, chance: random.Random) -> bytes:
    if chance.random() < 0.05:
        return chance.randbytes(chance.choice((0, 1, 300, MAX_BLOB_BYTES, MAX_BLOB_BYTES + 1)))
    return any_values(chance) if event == "values" else any_array(chance)


def any_frames(events: tuple[dict[str, Any], ...], chance: random.Random) -> Iterator[tuple[bytes, int, bytes]]:
    """Kind, declared length and payload of the frames of one message; mostly honest."""
    message = json.loads(json.dumps(chance.choice(events)))
    blob = any_blob(message["event"], chance) if message["event"] in WITH_BLOB or chance.random() < 0.02 else None
    if blob is not None:
        message["blob_bytes"] = len(blob)
        if chance.random() < 0.03:
            message["blob_bytes"] = chance.choice((*INTERESTING, -1, True, 1.0, "3"))
    if chance.random() < 0.1:
        break_document(message, chance)
    text = json.dumps(message, ensure_ascii=chance.random() < 0.8).encode("utf-8", "surrogatepass")
    if chance.random() < 0.03:
        text = broken_json(text, chance)
    if chance.random() < 0.01:
        text += b" " * (MAX_JSON_BYTES - len(text) + chance.randrange(2))
    yield JSON_KIND, len(text), text
    step = chance.choice((7, 100, 10_000, 100_000)) if blob and len(blob) < 2_000 else 100_000
    for start in range(0, len(blob or b""), step):
        piece = (blob or b"")[start : start + step]
        yield BLOB_KIND, len(piece), piece


def any_stream(events: tuple[dict[str, Any], ...], chance: random.Random) -> bytes:
    """Messages one after the other; in one of five streams frames are lost, doubled, swapped, or lie."""
    if chance.random() < 0.01:
        return chance.randbytes(chance.randrange(400))
    count = chance.choice((1, 2, 3, 4, 6)) if chance.random() < 0.98 else MAX_MESSAGES + 1
    frames = [frame for _ in range(count) for frame in any_frames(events, chance)]
    if chance.random() < 0.2:
        at = chance.randrange(len(frames))
        kind, length, payload = frames[at]
        match chance.randrange(5):
            case 0:
                del frames[at]
            case 1:
                frames.insert(chance.randrange(len(frames)), frames[at])
            case 2:
                frames[at] = (chance.choice((b"J", b"B", b"\0", b"j")), length, payload)
            case 3:
                frames[at] = (kind, chance.choice((*INTERESTING, length + 1, max(0, length - 1))), payload)
            case _:
                frames[at] = (kind, 0, b"")
    stream = b"".join(HEADER.pack(kind, length) + payload for kind, length, payload in frames)
    return broken_bytes(stream, chance) if chance.random() < 0.08 else stream


def pieces(stream: bytes, chance: random.Random) -> Iterator[bytes]:
    """The stream as it may arrive."""
    step = chance.choice((1, 5, 64, 4096, 1 << 20)) if len(stream) < 3_000 else 1 << 16
    for start in range(0, len(stream), step):
        yield stream[start : start + step]


def reader(folder: Path) -> campaign.Case:
    def case(chance: random.Random) -> str:
        probing = chance.random() < 0.7
        stream = any_stream(PROBING if probing else TRAINING, chance)
        frames = FrameReader(max_blob_bytes=MAX_BLOB_BYTES, max_messages=MAX_MESSAGES)
        stage = "frames"
        try:
            with guard.watched():
                for piece in pieces(stream, chance):
                    for message in frames.feed(piece):
                        stage = "an event"
                        event = parse_probe_event(message.raw_json) if probing else parse_event(message.raw_json)
                        if isinstance(event, ArrayComes):
                            stage = "an array"
                            check_array(parse_array(message.blob or b""), message.blob or b"")
                        elif isinstance(event, ValuesCome):
                            stage = "values"
                            json.dumps(parse_values(message.blob or b""), allow_nan=False, ensure_ascii=False).encode()
                        elif event.event == "failure":
                            event.model_dump_json().encode()
                        stage = "frames"
        except ProtocolError as error:
            return f"refused in {stage}: {reason(error)}"
        return "accepted: cut off" if frames.incomplete else "accepted: whole"

    return case


def reason(error: ProtocolError) -> str:
    """What was said, without figures and quoted bytes."""
    said = str(error)
    assert len(said) < 200, "a message without end"
    return re.sub(r"\d+", "#", re.sub(r" b['\"].*", "", said))


def check_array(array: np.ndarray[Any, Any], blob: bytes) -> None:
    assert array.dtype.kind in PLAIN_KINDS
    assert array.nbytes <= len(blob)
    assert array.size == 0 or float(array.reshape(-1)[0]) is not None


def test_protocol_fed_with_anything_accepts_or_refuses_and_nothing_else() -> None:
    counts = campaign.run(reader, memory_bytes=MEMORY_BYTES)
    campaign.expect(
        counts,
        {
            ("accepted: whole",): 0.2,
            ("refused in an event",): 0.1,
            ("refused in an array",): 0.1,
            ("refused in values",): 0.03,
        },
    )


def array(descr: str = "'<f4'", shape: str = "(0,)", wrapping: str = "{}") -> bytes:
    header = wrapping.format(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}").encode() + b"\n"
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header


FOUND = {
    "size_beyond_64_bits_beside_zero": array(shape=f"(0, {2**63})"),
    "product_beyond_64_bits_beside_zero": array(shape=f"(0, {2**62}, 4)"),
    "bracket_left_open": array(wrapping="({}"),
    "long_of_python_2": array(shape="(0L,)"),
    "type_as_tuple_of_one": array(descr="('<f4',)"),
    "type_of_old_name": array(descr="'a4'"),
    "escape_that_is_none": array(descr="'\\d'"),
    "number_of_three_bytes": array(descr="'<f3'"),
}
"""What raised something else than `ProtocolError`, or a warning, while numpy parsed the header."""


@pytest.mark.parametrize("name", FOUND)
def test_array_that_once_escaped_is_refused(name: str) -> None:
    with pytest.raises(ProtocolError):
        parse_array(FOUND[name])
