"""The container: a zip whose members are stored, contiguous, checksummed and all of them expected.

Read by hand rather than by `zipfile`, which forgives much: bytes before the first member, gaps, overlaps, comments,
headers that contradict the directory. Here local headers, data and directory must cover the file exactly once, so an
archive has one reading only.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from grader.artifact.caps import Caps
from grader.artifact.refusal import quote, refuse

MAX_MEMBERS = 16_384
_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTOR = struct.Struct("<4s3L")
_ENCRYPTED, _DESCRIBED, _UTF8 = 0x1, 0x8, 0x800

MODEL = "models/model.json"
WEIGHTS_CONFIG = "data/weights/model_weights_config.json"
CONSTANTS_CONFIG = "data/constants/model_constants_config.json"
_EXPECTED = re.compile(
    r"models/model\.json|archive_format|archive_version|byteorder|\.data/version|\.data/serialization_id|version"
    r"|data/weights/model_weights_config\.json|data/weights/weight_\d{1,6}"
    r"|data/constants/model_constants_config\.json|data/constants/tensor_\d{1,6}"
    r"|data/sample_inputs/model\.pt",
    re.ASCII,
)
"""What `torch.export.save` writes for a plain model. The sample inputs are a pickle: they may be there, unread."""
_CODE = re.compile(r"data/aotinductor/.*|.*\.(so|cpp|py|cubin)|data/constants/(custom|opaque)_obj_\d+")
_PICKLED_MODULE = {"data.pkl", "constants.pkl", "code"}
_OLD_EXPORT = {"serialized_exported_program.json", "serialized_state_dict.pt", "serialized_constants.pt"}


@dataclass(frozen=True, slots=True)
class _Entry:
    raw_name: bytes
    flags: int
    method: int
    crc: int
    size: int
    offset: int


def read_members(path: Path, caps: Caps) -> dict[str, memoryview]:
    """The archive's members by their name below its one folder.

    Args:
        path: the unvetted file.
        caps: bounds the file before it is read.

    Returns:
        Views into one copy of the file. All names are ones that `torch.export.save` writes; contents are unvetted.

    Raises:
        ArtifactRejected: it is no such archive.
    """
    with path.open("rb") as file:
        data = file.read(caps.archive_bytes + 1)
    if len(data) > caps.archive_bytes:
        raise refuse("archive_too_large", limit_mib=caps.archive_bytes // 1024**2)
    if data[:1] == b"\x80":
        raise refuse("not_an_export")
    entries, directory_start = _directory(data)
    view, cursor = memoryview(data), 0
    contents: dict[str, memoryview] = {}
    for entry in entries:
        name = _decode(entry)
        if name in contents:
            raise refuse("duplicate_member", name=quote(name))
        if entry.flags & _ENCRYPTED:
            raise refuse("encrypted_member", name=quote(name))
        if entry.method != 0:
            raise refuse("compressed_member", name=quote(name))
        contents[name], cursor = _stored(view, entry, cursor, directory_start)
    if cursor != directory_start:
        raise _malformed("bytes that belong to no member")
    return _below_one_folder(contents)


def _directory(data: bytes) -> tuple[list[_Entry], int]:
    """The central directory and where it starts; it must end where the end records begin."""
    if len(data) < _END.size or data[:4] != b"PK\x03\x04":
        raise refuse("not_an_archive")
    end = len(data) - _END.size
    signature, disk, start_disk, here, count, size, start, comment = _END.unpack_from(data, end)
    if signature != b"PK\x05\x06" or comment or disk or start_disk or here != count:
        raise _malformed("no plain end record")
    directory_end = _before_zip64(data, end, (count, size, start))
    if start + size != directory_end or count > MAX_MEMBERS:
        raise _malformed("the directory is not where the end record says")
    entries, cursor = [], start
    for _ in range(count):
        if cursor + _CENTRAL.size > directory_end:
            raise _malformed("the directory is cut off")
        fields = _CENTRAL.unpack_from(data, cursor)
        signature, _, _, flags, method, _, _, crc, packed, unpacked, names, extra, remark, on_disk, _, _, at = fields
        name_start = cursor + _CENTRAL.size
        cursor = name_start + names
        if signature != b"PK\x01\x02" or extra or remark or on_disk or cursor > directory_end:
            raise _malformed("a directory entry is damaged")
        if method == 0 and packed != unpacked:
            raise _malformed("a member has two sizes")
        entries.append(_Entry(data[name_start:cursor], flags, method, crc, unpacked, at))
    if cursor != directory_end:
        raise _malformed("the directory holds more than it counts")
    return entries, start


def _before_zip64(data: bytes, end: int, expected: tuple[int, int, int]) -> int:
    """Where the first end record begins; torch writes a zip64 pair with the same figures as the plain one."""
    locator_at, record_at = end - _END64_LOCATOR.size, end - _END64_LOCATOR.size - _END64.size
    if record_at < 0 or data[locator_at : locator_at + 4] != b"PK\x06\x07":
        return end
    _, locator_disk, located, disks = _END64_LOCATOR.unpack_from(data, locator_at)
    signature, size, _, _, disk, start_disk, here, count, length, start = _END64.unpack_from(data, record_at)
    plain = signature == b"PK\x06\x06" and size == _END64.size - 12 and not (locator_disk or disk or start_disk)
    if not plain or located != record_at or disks != 1 or here != count or (count, length, start) != expected:
        raise _malformed("the zip64 record contradicts the end record")
    return record_at


def _stored(view: memoryview, entry: _Entry, cursor: int, limit: int) -> tuple[memoryview, int]:
    """The member's bytes and where the next member must begin."""
    if entry.offset != cursor or cursor + _LOCAL.size > limit:
        raise _malformed("members overlap or leave a gap")
    signature, _, flags, method, _, _, *figures, names, extra = _LOCAL.unpack_from(view, cursor)
    name_start = cursor + _LOCAL.size
    start = name_start + names + extra
    stop = start + entry.size
    same_name = bytes(view[name_start : name_start + names]) == entry.raw_name
    if signature != b"PK\x03\x04" or not same_name or flags != entry.flags or method != entry.method or stop > limit:
        raise _malformed("a member's header contradicts the directory")
    truth = [entry.crc, entry.size, entry.size]
    described = bool(flags & _DESCRIBED)
    if figures != truth and not (described and figures == [0, 0, 0]):
        raise _malformed("a member's header contradicts the directory")
    if described:
        if stop + _DESCRIPTOR.size > limit or _DESCRIPTOR.unpack_from(view, stop) != (b"PK\x07\x08", *truth):
            raise _malformed("a member's trailer contradicts the directory")
        cursor = stop + _DESCRIPTOR.size
    else:
        cursor = stop
    content = view[start:stop]
    if zlib.crc32(content) != entry.crc:
        raise refuse("checksum_mismatch", name=quote(_decode(entry)))
    return content, cursor


def _decode(entry: _Entry) -> str:
    try:
        return entry.raw_name.decode("utf-8" if entry.flags & _UTF8 else "ascii")
    except UnicodeDecodeError:
        raise refuse("bad_name", name=quote(entry.raw_name.decode("latin-1"))) from None


def _below_one_folder(contents: dict[str, memoryview]) -> dict[str, memoryview]:
    """The same members without the folder's name, which is the file's own and may be anything."""
    roots = {name.partition("/")[0] for name in contents}
    if len(roots) != 1:
        raise refuse("several_models")
    members = {name.partition("/")[2]: content for name, content in contents.items()}
    if members.keys() & _OLD_EXPORT:
        raise refuse("legacy_archive")
    if {name.partition("/")[0] for name in members} & _PICKLED_MODULE:
        raise refuse("not_an_export")
    if sum(name.startswith("models/") for name in members) > 1:
        raise refuse("several_models")
    for name in members:
        if _CODE.fullmatch(name):
            raise refuse("code_in_archive", name=quote(name))
        if not _EXPECTED.fullmatch(name):
            raise refuse("unexpected_member", name=quote(name))
    return members


def _malformed(detail: str) -> Exception:
    return refuse("archive_malformed", detail=detail)
