"""Reads CIFAR-10's batch files without unpickling: a parser of just the opcodes and the three names they use."""

import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grader.data.decode import DecodeError
from grader.data.packs import Array
from grader.runner.batches import ROW_BYTES

MAX_STEPS = 1_000_000
"""Opcodes of one file; a batch of 10,000 pictures has under 60,000."""
_RECONSTRUCT, _NDARRAY, _DTYPE = "numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype"
_MARK = object()


def read_batch(raw_file: bytes, name: str) -> tuple[Array, Array]:
    """The pictures and labels of one batch file.

    Nothing is imported or called on the file's behalf: names are compared with three that are known, and an array is
    made from its bytes only where shape, dtype and length agree.

    Args:
        raw_file: what cPickle of Python 2 wrote, protocol 2; untrusted.
        name: of the file, for messages.

    Returns:
        uint8 (N, 3, 32, 32) in RGB and int64 (N,).

    Raises:
        DecodeError: anything else than a dict with `data`, uint8 (N, 3072), and `labels`, N numbers from 0 to 9.
    """
    try:
        batch = _Reader(raw_file).read()
    except (IndexError, ValueError, TypeError, KeyError, AttributeError, struct.error) as error:
        raise DecodeError(f"{name} is not a CIFAR-10 batch: {error}") from error
    if not isinstance(batch, dict):
        raise DecodeError(f"{name} holds no dict")
    pixels, labels = batch.get(b"data"), batch.get(b"labels")
    if not isinstance(pixels, _RawArray) or pixels.pixels is None or not isinstance(labels, list):
        raise DecodeError(f"{name} lacks data or labels")
    if len(labels) != len(pixels.pixels) or not all(type(label) is int and 0 <= label < 10 for label in labels):
        raise DecodeError(f"{name} has other labels than one from 0 to 9 per picture")
    return pixels.pixels.reshape(-1, 3, 32, 32), np.array(labels, dtype=np.int64)


class _RawArray:
    """A numpy array on its way: empty, until its state is set."""

    pixels: Array | None = None


class _RawDtype:
    """The dtype uint8, the only one there is."""


class _Reader:
    """A stack machine for protocol 2, without a single opcode that could run anything."""

    def __init__(self, raw_file: bytes) -> None:
        self._raw = raw_file
        self._at = 0
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def read(self) -> Any:
        if self._take(2) != b"\x80\x02":
            raise ValueError("it does not begin as a pickle of protocol 2")
        for _ in range(MAX_STEPS):
            opcode = self._take(1)
            if opcode == b".":
                if self._at != len(self._raw) or len(self._stack) != 1:
                    raise ValueError("it does not end where it should")
                return self._stack.pop()
            if opcode not in _OPCODES:
                raise ValueError(f"opcode {opcode!r} is not admitted")
            _OPCODES[opcode](self)
        raise ValueError("too many opcodes")

    def _take(self, count: int) -> bytes:
        if count < 0 or self._at + count > len(self._raw):
            raise ValueError("it is cut short")
        self._at += count
        return self._raw[self._at - count : self._at]

    def _line(self) -> str:
        end = self._raw.index(b"\n", self._at, self._at + 200)
        line = self._raw[self._at : end].decode("ascii")
        self._at = end + 1
        return line

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def number(self, form: str) -> int:
        value: int = struct.unpack(form, self._take(struct.calcsize(form)))[0]
        return value

    def string(self, length_form: str) -> None:
        self.push(self._take(self.number(length_form)))

    def name(self) -> None:
        found = f"{self._line()} {self._line()}"
        if found not in (_RECONSTRUCT, _NDARRAY, _DTYPE):
            raise ValueError(f"{found} is not admitted")
        self.push(found)

    def memoize(self, form: str) -> None:
        self._memo[self.number(form)] = self._stack[-1]

    def recall(self, form: str) -> None:
        self.push(self._memo[self.number(form)])

    def tuple_of(self, count: int) -> None:
        taken = [self._stack.pop() for _ in range(count)]
        self.push(tuple(reversed(taken)))

    def marked(self) -> list[Any]:
        items: list[Any] = []
        while (item := self._stack.pop()) is not _MARK:
            items.append(item)
        items.reverse()
        return items

    def append(self, items: list[Any]) -> None:
        if type(self._stack[-1]) is not list:
            raise ValueError("only lists grow")
        self._stack[-1].extend(items)

    def set_items(self, items: list[Any]) -> None:
        if type(self._stack[-1]) is not dict:
            raise ValueError("only dicts have keys")
        self._stack[-1].update(zip(items[::2], items[1::2], strict=True))

    def reduce(self) -> None:
        arguments, function = self._stack.pop(), self._stack.pop()
        if function == _RECONSTRUCT and arguments == (_NDARRAY, (0,), b"b"):
            self.push(_RawArray())
        elif function == _DTYPE and isinstance(arguments, tuple) and arguments[:1] == (b"u1",):
            self.push(_RawDtype())
        else:
            raise ValueError("only uint8 arrays are admitted")

    def build(self) -> None:
        state, made = self._stack.pop(), self._stack[-1]
        if isinstance(made, _RawDtype):
            return  # byte order and alignment mean nothing for bytes
        if not isinstance(made, _RawArray):
            raise ValueError("only arrays are built")
        _, shape, dtype, by_columns, raw_pixels = state
        if not isinstance(dtype, _RawDtype) or not isinstance(raw_pixels, bytes) or type(by_columns) not in (bool, int):
            raise ValueError("an array's state is not one")
        rows, columns = shape
        if columns != ROW_BYTES or len(raw_pixels) != rows * ROW_BYTES:
            raise ValueError("the pixels are not rows of 3,072 bytes")
        order = "F" if by_columns else "C"
        shaped = np.frombuffer(raw_pixels, dtype=np.uint8).reshape((rows, columns), order=order)  # type: ignore[call-overload]
        made.pixels = np.ascontiguousarray(shaped)


_OPCODES: Mapping[bytes, Callable[[_Reader], None]] = {
    b"}": lambda reader: reader.push({}),
    b"]": lambda reader: reader.push([]),
    b"(": lambda reader: reader.push(_MARK),
    b"N": lambda reader: reader.push(None),
    b"\x88": lambda reader: reader.push(True),
    b"\x89": lambda reader: reader.push(False),
    b"K": lambda reader: reader.push(reader.number("<B")),
    b"M": lambda reader: reader.push(reader.number("<H")),
    b"J": lambda reader: reader.push(reader.number("<i")),
    b"U": lambda reader: reader.string("<B"),
    b"T": lambda reader: reader.string("<i"),
    b"c": lambda reader: reader.name(),
    b"q": lambda reader: reader.memoize("<B"),
    b"r": lambda reader: reader.memoize("<I"),
    b"h": lambda reader: reader.recall("<B"),
    b"j": lambda reader: reader.recall("<I"),
    b")": lambda reader: reader.tuple_of(0),
    b"\x85": lambda reader: reader.tuple_of(1),
    b"\x86": lambda reader: reader.tuple_of(2),
    b"\x87": lambda reader: reader.tuple_of(3),
    b"t": lambda reader: reader.push(tuple(reader.marked())),
    b"a": lambda reader: reader.append([reader._stack.pop()]),
    b"e": lambda reader: reader.append(reader.marked()),
    b"s": lambda reader: reader.set_items([reader._stack.pop(), reader._stack.pop()][::-1]),
    b"u": lambda reader: reader.set_items(reader.marked()),
    b"R": lambda reader: reader.reduce(),
    b"b": lambda reader: reader.build(),
}
"""What cPickle needs for dicts, lists, tuples, str, int, bool, None, and numpy arrays."""
