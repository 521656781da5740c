"""A strict reader of tar streams: plain files and folders, nothing else.

The standard library's `tarfile` is made for archives one trusts: in the Python versions we support, crafted headers
send it into endless loops (CVE-2025-8194), quadratic regular expressions (CVE-2024-6232) or deep recursion, before
any extraction filter is asked. What students make needs a tenth of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from grader.errors import SubmissionInvalid
from grader.submission.intake import CHUNK_BYTES, Read
from grader.submission.names import MAX_NAME_BYTES, decode_name
from grader.text import Text

BLOCK_BYTES = 512
MAX_HEADER_DATA_BYTES = 256 * 1024
"""One extended header: macOS writes extended attributes of files into them."""
MAX_HEADER_DATA_IN_ALL_BYTES = 8 * 1024 * 1024
"""All extended headers of an archive: 20,000 entries with 400 bytes each. A megabyte of the shortest records takes some
0.13 s to parse, and compresses to a few kilobytes."""
MAX_HEADERS_IN_A_ROW = 8
"""Extended headers before one entry; real archives have at most three."""
_EXTENDED = (b"L", b"x", b"g", b"K")
"""A long name, pax records, global comments (git archive), the name of a link's target; the latter two say nothing."""


@dataclass(slots=True)
class TapeEntry:
    """One entry. Its bytes must be read, or it must be skipped, before the next is asked for.

    Attributes:
        raw_name: decoded, not vetted.
        is_folder, is_file: neither for links, devices, sparse files and everything unknown.
    """

    raw_name: str
    is_folder: bool
    is_file: bool
    _read: Read = field(repr=False)
    _left_bytes: int = 0
    _padding_bytes: int = 0

    def read(self, limit: int) -> bytes:
        """Up to `limit` bytes of content; empty at its end.

        Raises:
            SubmissionInvalid: the archive ends before the entry does.
        """
        wanted = min(limit, self._left_bytes)
        if not wanted:
            return b""
        chunk = _exactly(self._read, wanted)
        self._left_bytes -= wanted
        return chunk

    def skip(self) -> None:
        """Reads past what is left of the entry."""
        while self.read(CHUNK_BYTES):
            pass
        if self._padding_bytes:
            _exactly(self._read, self._padding_bytes)
            self._padding_bytes = 0


def damaged() -> SubmissionInvalid:
    """The refusal of an archive that breaks off or contradicts itself."""
    return SubmissionInvalid(
        Text(
            en="The archive is damaged or is not what its name says.",
            ko="압축 파일이 손상되었거나 확장자와 내용이 다릅니다.",
        ),
        Text(en="Pack the folder again as .zip and submit that.", ko="폴더를 .zip으로 다시 압축해서 제출해 주세요."),
    )


def entries(read: Read) -> Iterator[TapeEntry]:
    """The entries of a tar stream in ustar, GNU or pax format.

    Args:
        read: untrusted bytes, decompressed; the caller bounds how many there can be.

    Raises:
        SubmissionInvalid: the stream is not a tar or is damaged. Every header read consumes at least one block, so the
            number of steps is bounded by the stream's length. (tests/adversarial/submissions_archives/test_tar.py)
    """
    left_bytes = MAX_HEADER_DATA_IN_ALL_BYTES
    while (header := _header(read)) is not None:
        raw_long_name: bytes | None = None
        raw_size: bytes | None = None
        plain = True
        for _ in range(MAX_HEADERS_IN_A_ROW):
            kind = header[156:157]
            if kind not in _EXTENDED:
                break
            data = _header_data(read, header, min(MAX_HEADER_DATA_BYTES, left_bytes))
            left_bytes -= len(data)
            if kind == b"L":
                raw_long_name = data.split(b"\0", 1)[0]
            elif kind == b"x":
                records = _pax_records(data)
                raw_long_name = records.get(b"path", raw_long_name)
                raw_size = records.get(b"size", raw_size)
                plain = plain and not any(key.startswith(b"GNU.sparse.") for key in records)
            following = _header(read)
            if following is None:
                raise damaged()
            header = following
        else:
            raise damaged()
        yield (entry := _entry(read, header, raw_long_name, raw_size, plain=plain))
        entry.skip()


def _entry(read: Read, header: bytes, raw_long_name: bytes | None, raw_size: bytes | None, *, plain: bool) -> TapeEntry:
    kind = header[156:157]
    size = _number(header[124:136]) if raw_size is None else _decimal(raw_size)
    if kind not in (b"0", b"\0", b"7"):  # some writers give folders and links a size, none gives them content
        size = 0 if kind in b"12345" + b"6" else size
    raw_name = _name(header) if raw_long_name is None else raw_long_name
    if len(raw_name) > MAX_NAME_BYTES:
        raw_name = raw_name[: MAX_NAME_BYTES + 1]  # still too long, and refused as such by `vet_name`
    name = decode_name(raw_name) if len(raw_name) <= MAX_NAME_BYTES else raw_name.decode("utf-8", "replace") + "x" * 9
    is_folder = kind == b"5" or (kind in (b"0", b"\0") and name.endswith("/"))
    return TapeEntry(
        raw_name=name,
        is_folder=is_folder,
        is_file=plain and kind in (b"0", b"\0") and not is_folder,
        _read=read,
        _left_bytes=size,
        _padding_bytes=-size % BLOCK_BYTES,
    )


def _header(read: Read) -> bytes | None:
    """The next header block with a right checksum, or None at the end of the archive."""
    block = _up_to(read, BLOCK_BYTES)
    if not block or block == bytes(BLOCK_BYTES):
        return None
    if len(block) < BLOCK_BYTES:
        raise damaged()
    blanked = block[:148] + b" " * 8 + block[156:]
    if _number(block[148:156]) != sum(blanked):
        raise damaged()
    return block


def _name(header: bytes) -> bytes:
    name = header[:100].split(b"\0", 1)[0]
    prefix = header[345:500].split(b"\0", 1)[0] if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _number(field_bytes: bytes) -> int:
    """Octal, or the GNU base-256 form; never negative."""
    if field_bytes[0] == 0x80:
        return int.from_bytes(field_bytes[1:], "big")
    digits = field_bytes.split(b"\0", 1)[0].strip(b" ")
    if not digits:
        return 0
    if not all(byte in b"01234567" for byte in digits):
        raise damaged()
    return int(digits, 8)


def _decimal(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 19:
        raise damaged()
    return int(digits)


def _header_data(read: Read, header: bytes, limit_bytes: int) -> bytes:
    size = _number(header[124:136])
    if size > limit_bytes:
        raise damaged()
    data = _exactly(read, size + -size % BLOCK_BYTES)
    return data[:size]


def _pax_records(data: bytes) -> dict[bytes, bytes]:
    """`b"22 path=some/name.txt\\n"` … as a dict, in one pass."""
    records: dict[bytes, bytes] = {}
    position = 0
    while position < len(data) and data[position] != 0:
        space = data.find(b" ", position, position + 20)
        if space < 0:
            raise damaged()
        length = _decimal(data[position:space])
        record = data[space + 1 : position + length]
        if position + length > len(data) or not record.endswith(b"\n"):
            raise damaged()
        key, equals, value = record[:-1].partition(b"=")
        if not equals:
            raise damaged()
        records[key] = value
        position += length
    return records


def _up_to(read: Read, count: int) -> bytes:
    """`count` bytes, or fewer at the end of the stream."""
    data = bytearray()
    while len(data) < count and (chunk := read(count - len(data))):
        data += chunk
    return bytes(data)


def _exactly(read: Read, count: int) -> bytes:
    data = _up_to(read, count)
    if len(data) < count:
        raise damaged()
    return data
