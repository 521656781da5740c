"""Zip and tar archives put together field by field, so that every field can lie."""

import random
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tests.fuzz.damage import INTERESTING

Figures = Mapping[str, int]
"""What the fields of a header say, by name; as lies, only those that don't say the truth."""

DEFLATED = 8
_UTF8 = 0x800
# Fields of the zip format, each with its width in the letters of `struct`.
_LOCAL = {
    **{"version": "H", "flags": "H", "method": "H", "time": "H", "date": "H"},
    **{"crc": "L", "packed": "L", "unpacked": "L", "names": "H", "extras": "H"},
}
_CENTRAL = {"system": "H", **_LOCAL, "remarks": "H", "disk": "H", "internal": "H", "mode": "L", "at": "L"}
_END = {"disk": "H", "start_disk": "H", "here": "H", "count": "H", "size": "L", "start": "L", "comments": "H"}
_LIMITS = {"H": 0xFFFF, "L": 0xFFFFFFFF}


@dataclass
class ZipEntry:
    """One member; `local` and `central` are lies in its two headers, `extra` and `remark` bytes added to them."""

    name: bytes
    content: bytes
    method: int = 0
    mode: int = 0
    system: int = 3
    local: dict[str, int] = field(default_factory=dict)
    central: dict[str, int] = field(default_factory=dict)
    extra: bytes = b""
    remark: bytes = b""


def zip_bytes(entries: Iterable[ZipEntry], *, end: Figures | None = None, comment: bytes = b"") -> bytes:
    """A zip; honest but for the lies of its entries and of its end record."""
    body, directory = bytearray(), bytearray()
    count = 0
    for entry in entries:
        packed = _deflated(entry.content) if entry.method == DEFLATED else entry.content
        truth = {
            "version": 20,
            "flags": 0 if entry.name.isascii() else _UTF8,
            "method": entry.method,
            "date": 33,
            "crc": zlib.crc32(entry.content),
            "packed": len(packed),
            "unpacked": len(entry.content),
            "names": len(entry.name),
            "extras": len(entry.extra),
            "remarks": len(entry.remark),
            "system": entry.system << 8 | 20,
            "mode": entry.mode << 16,
            "at": len(body),
        }
        body += _record(b"PK\x03\x04", _LOCAL, truth, entry.local) + entry.name + entry.extra + packed
        directory += _record(b"PK\x01\x02", _CENTRAL, truth, entry.central) + entry.name + entry.extra + entry.remark
        count += 1
    truth = {"here": count, "count": count, "size": len(directory), "start": len(body), "comments": len(comment)}
    return bytes(body + directory + _record(b"PK\x05\x06", _END, truth, end or {}) + comment)


def tell_lies(entries: list[ZipEntry], chance: random.Random) -> dict[str, int]:
    """Makes headers of some entries lie, or names one entry twice; returns lies for the end record."""
    end: dict[str, int] = {}
    for _ in range(chance.choice((1, 1, 2, 4))):
        entry = chance.choice(entries) if entries else ZipEntry(b"", b"")
        match chance.randrange(7):
            case 0:
                entry.local[chance.choice(list(_LOCAL))] = _lie(chance)
            case 1:
                entry.central[chance.choice(list(_CENTRAL))] = _lie(chance)
            case 2:  # the same lie twice
                name = chance.choice(list(_LOCAL))
                entry.local[name] = entry.central[name] = _lie(chance)
            case 3:
                end[chance.choice(list(_END))] = _lie(chance)
            case 4:
                entry.extra = _extra(chance)
            case 5:
                entry.remark = chance.randbytes(chance.randrange(40))
            case _:
                entries.insert(chance.randrange(len(entries) + 1), entry)
    return end


def _record(mark: bytes, widths: Mapping[str, str], truth: Figures, lies: Figures) -> bytes:
    figures = [lies.get(name, truth.get(name, 0)) & _LIMITS[width] for name, width in widths.items()]
    return struct.pack(f"<4s{''.join(widths.values())}", mark, *figures)


def _lie(chance: random.Random) -> int:
    return chance.choice(INTERESTING) if chance.random() < 0.7 else chance.randrange(5000)


def _extra(chance: random.Random) -> bytes:
    """An extra field: zip64, a Unicode path, a time, or nonsense; its length may lie."""
    data = chance.randbytes(chance.choice((0, 4, 8, 12, 16, 24)))
    kind = chance.choice((0x0001, 0x7075, 0x5455, chance.randrange(65536)))
    return struct.pack("<HH", kind, chance.choice((len(data), len(data), chance.randrange(65536)))) + data


def _deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


_TAR = {
    **{"name": 100, "mode": 8, "uid": 8, "gid": 8, "size": 12, "mtime": 12, "checksum": 8, "kind": 1, "link": 100},
    **{"magic": 8, "uname": 32, "gname": 32, "major": 8, "minor": 8, "prefix": 155},
}
"""Fields of a tar header and their bytes."""
_TAR_LIES = (b"\xff" * 12, b"\x80" + b"\0" * 11, b"\x80" + b"\xff" * 11, b"7" * 12, b"-1", b"9", b"", b"00000001000\0")
_SIZES: tuple[Callable[[int], bytes], ...] = (
    lambda size: b"%011o\0" % size,
    lambda size: b"\x80" + size.to_bytes(11, "big"),
    lambda size: b"%o" % size,
)


def tar_header(name: bytes, size: int, kind: bytes, chance: random.Random) -> bytes:
    """One header block; in one of ten a field lies, and one of those has a wrong checksum too."""
    fields = {
        "name": name,
        "mode": b"0000644\0",
        "size": chance.choice(_SIZES)(size),
        "kind": kind,
        "link": b"/etc/passwd" if kind in b"12" else b"",
        "magic": chance.choice((b"ustar\x0000", b"ustar  \0")),
        "checksum": b" " * 8,
    }
    lies = chance.random() < 0.1
    if lies:
        fields[chance.choice(list(_TAR))] = chance.choice(_TAR_LIES)
    block = b"".join(fields.get(name, b"")[:width].ljust(width, b"\0") for name, width in _TAR.items()) + bytes(12)
    if lies and chance.random() < 0.1:
        return block
    return block[:148] + b"%06o\0 " % sum(block[:148] + b" " * 8 + block[156:]) + block[156:]


def tar_padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def pax_record(key: bytes, value: bytes) -> bytes:
    """`length key=value`, where the length counts itself."""
    rest = b" " + key + b"=" + value + b"\n"
    digits = len(str(len(rest)))
    digits += len(str(len(rest) + digits)) > digits
    return b"%d" % (len(rest) + digits) + rest
