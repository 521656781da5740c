"""Archives out of student hands, read entry by entry into an `Intake`. Nothing is extracted to disk here."""

import io
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from grader.errors import SubmissionInvalid
from grader.submission.intake import CHUNK_BYTES, Intake, Read, not_plain, too_large_in_all
from grader.submission.model import MIB
from grader.submission.names import decode_name, printable
from grader.submission.tape import damaged, entries
from grader.text import Text

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
FOREIGN_SUFFIXES = (".7z", ".rar", ".alz", ".egg", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".gz", ".bz2", ".xz", ".zst")

MAX_DIRECTORY_BYTES = 4 * MIB
"""Zip's table of contents: 20,000 entries with names of 150 bytes. `zipfile` reads it whole, some 600 bytes of memory
for each entry, before it can be asked anything."""
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800
_UNIX_SYSTEMS = (3, 19)

# What `zipfile` says of crafted archives. ValueError: a name flagged as UTF-8 that is not, a seek before the beginning;
# NotImplementedError (a RuntimeError): a version from the future.
_ZIP_ERRORS = (zipfile.BadZipFile, struct.error, ValueError, OverflowError, EOFError, IndexError, OSError, RuntimeError)


def read_archive(archive: bytes, intake: Intake) -> None:
    """Reads every file of a `.zip`, `.tar` or `.tar.gz` into `intake`. The kind is told by content, not by name.

    Args:
        archive: untrusted; its size is bounded by the caller. Archives inside it stay files.

    Raises:
        SubmissionInvalid: damaged, encrypted, too large when decompressed, or with an entry that is refused.
    """
    if archive.startswith(b"PK"):
        _read_zip(archive, intake)
    elif archive.startswith(b"\x1f\x8b"):
        _read_tar(io.BufferedReader(_Inflated(archive), CHUNK_BYTES).read, intake)
    elif archive[257:262] == b"ustar" or archive.startswith(bytes(512)):
        _read_tar(io.BytesIO(archive).read, intake)
    else:
        raise damaged()


class _Inflated(io.RawIOBase):
    """The bytes in a gzip of one member, as every packer of folders writes it; after it there may be zeros.

    The standard library's reader takes any number of empty members, and goes through names in headers byte by byte:
    50 MiB of either kept it busy for 9 and 4 s.
    """

    def __init__(self, archive: bytes) -> None:
        self._inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self._left = memoryview(archive)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Raises zlib.error or EOFError where the member is damaged or cut off, or something comes after it."""
        target = memoryview(buffer)
        while not self._inflater.eof:
            raw = self._inflater.unconsumed_tail or self._next()
            chunk = self._inflater.decompress(raw, len(target))
            if chunk:
                target[: len(chunk)] = chunk
                return len(chunk)
        if self._inflater.unused_data.strip(b"\0") or bytes(self._left).strip(b"\0"):
            raise zlib.error("something comes after the first member")
        return 0

    def _next(self) -> memoryview:
        if not self._left:
            raise EOFError
        piece, self._left = self._left[:CHUNK_BYTES], self._left[CHUNK_BYTES:]
        return piece


class _Meter:
    """Counts what decompression yields, whatever the archive declares."""

    def __init__(self, limit_bytes: int, total_bytes: int) -> None:
        self._left_bytes = limit_bytes
        self._total_bytes = total_bytes

    def counted(self, read: Read) -> Read:
        """`read` with its bytes counted and its errors translated."""

        def counting_read(size: int) -> bytes:
            try:
                chunk = read(size)
            except (EOFError, zlib.error, zipfile.BadZipFile) as error:
                raise damaged() from error
            self._left_bytes -= len(chunk)
            if self._left_bytes < 0:
                raise too_large_in_all(self._total_bytes)
            return chunk

        return counting_read


def _read_tar(raw_read: Read, intake: Intake) -> None:
    limits = intake.limits
    read = _Meter(limits.expanded_bytes, limits.total_bytes).counted(raw_read)
    for entry in entries(read):
        name = intake.vet(entry.raw_name)
        if name is None:
            continue
        if entry.is_folder:
            intake.add_folder(name)
        elif entry.is_file:
            intake.add_file(name, entry.read)
        else:
            raise not_plain(printable(name))
    while read(CHUNK_BYTES):  # to the very end: only there does gzip compare its checksum
        pass


class _DirectoryCapped(io.BytesIO):
    """A zip's bytes that refuse one huge read: `zipfile` reads the whole table of contents at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        left = len(self.getbuffer()) - self.tell()
        if (left if size is None or size < 0 else min(size, left)) > MAX_DIRECTORY_BYTES:
            raise damaged()
        return super().read(size)


def _read_zip(archive: bytes, intake: Intake) -> None:
    limits = intake.limits
    meter = _Meter(limits.expanded_bytes, limits.total_bytes)
    try:
        with zipfile.ZipFile(_DirectoryCapped(archive)) as opened:
            for info in opened.infolist():
                _read_zip_entry(opened, info, intake, meter)
    except _ZIP_ERRORS as error:
        raise damaged() from error


def _read_zip_entry(opened: zipfile.ZipFile, info: zipfile.ZipInfo, intake: Intake, meter: _Meter) -> None:
    name = intake.vet(_zip_name(info))
    if name is None:
        return
    shown = printable(name)
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system in _UNIX_SYSTEMS else 0
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise not_plain(shown)
    if info.orig_filename.endswith("/"):
        intake.add_folder(name)
        return
    if info.flag_bits & _ENCRYPTED:
        raise _encrypted(shown)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _foreign_compression(shown)
    try:
        member = opened.open(info)
    except (NotImplementedError, RuntimeError) as error:  # patched data, strong encryption
        raise _encrypted(shown) from error
    with member:
        intake.add_file(name, meter.counted(member.read))


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name as packed: flagged UTF-8, else bytes that `zipfile` has taken for cp437."""
    if info.flag_bits & _UTF8_NAME:
        return info.orig_filename
    return decode_name(info.orig_filename.encode("cp437"))


def _encrypted(shown: str) -> SubmissionInvalid:
    return SubmissionInvalid(
        Text(
            en=f"The archive is protected by a password (at “{shown}”).",
            ko=f"압축 파일에 암호가 걸려 있습니다 (“{shown}”).",
        ),
        Text(en="Pack it again without a password.", ko="암호 없이 다시 압축해 주세요."),
    )


def _foreign_compression(shown: str) -> SubmissionInvalid:
    return SubmissionInvalid(
        Text(
            en=f"“{shown}” is compressed by a method that is not read here.",
            ko=f"“{shown}”에 사용된 압축 방식은 지원하지 않습니다.",
        ),
        Text(en="Pack it as an ordinary .zip.", ko="일반 .zip(Deflate) 방식으로 다시 압축해 주세요."),
    )
