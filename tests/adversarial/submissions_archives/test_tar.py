"""Tar files made to escape, to explode, or to keep the reader busy for ever."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from grader.errors import SubmissionInvalid
from grader.submission import CollectLimits, Submission, collect

SOLUTION = b"def train():\n    return None\n"


def tar_of(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for info, content in ((file("solution.py"), SOLUTION), *members):
            info.size = len(content) if info.isreg() else info.size
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def file(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def header(name: bytes, kind: bytes, size: bytes) -> bytes:
    """One raw header block with a right checksum."""
    block = bytearray(512)
    block[: len(name)] = name
    block[124 : 124 + len(size)] = size
    block[156:157] = kind
    block[257:265] = b"ustar\x0000"
    block[148:156] = b" " * 8
    block[148:155] = b"%06o\0" % sum(block)
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def octal(size: int) -> bytes:
    return b"%011o\0" % size


def taken(content: bytes, tmp_path: Path, name: str = "kim.tar") -> Submission:
    (tmp_path / name).write_bytes(content)
    return collect(tmp_path / name, tmp_path / "out")


def refused(content: bytes, tmp_path: Path, limits: CollectLimits | None = None, name: str = "kim.tar") -> str:
    path, out = tmp_path / name, tmp_path / "out"
    path.write_bytes(content)
    with pytest.raises(SubmissionInvalid) as caught:
        collect(path, out, limits or CollectLimits())
    assert not out.exists()
    return caught.value.in_language("en")


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_of_each_format_is_read(form: int, tmp_path: Path) -> None:
    long_name = "folder/" + "n" * 80 + "/" + "m" * 80
    members = [(file("folder", tarfile.DIRTYPE), b""), (file(long_name), b"x" * 1000)]
    if form != tarfile.USTAR_FORMAT:
        members.append((file("모델/" + "긴" * 60 + ".py"), b"X = 1"))
    found = [name for name, _ in taken(tar_of(*members, form=form), tmp_path).files]
    assert long_name in found
    assert len(found) == len(members)


@pytest.mark.parametrize("name", ["../evil.py", "/etc/evil", "a/../../x", "a\nb", "d/" * 40 + "x", "n" * 2000])
@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_with_hostile_name_is_refused(name: str, form: int, tmp_path: Path) -> None:
    assert "not accepted" in refused(tar_of((file(name), b"x"), form=form), tmp_path)


@pytest.mark.parametrize(
    "info",
    [
        file("a", tarfile.SYMTYPE, linkname="/etc/passwd"),
        file("a", tarfile.SYMTYPE, linkname="x" * 300),
        file("a", tarfile.LNKTYPE, linkname="solution.py"),
        file("a", tarfile.CHRTYPE, devmajor=1, devminor=3),
        file("a", tarfile.BLKTYPE),
        file("a", tarfile.FIFOTYPE),
        file("a", tarfile.CONTTYPE),
        file("a", tarfile.GNUTYPE_SPARSE),
        file("a", b"V"),
        file("a", b"\xff"),
    ],
    ids=lambda info: repr(info.type),
)
def test_tar_with_special_entry_is_refused(info: tarfile.TarInfo, tmp_path: Path) -> None:
    assert "is a link or a special file" in refused(tar_of((info, b""), form=tarfile.GNU_FORMAT), tmp_path)


def test_tar_with_links_in_junk_only_is_taken(tmp_path: Path) -> None:
    content = tar_of((file(".venv/bin/python", tarfile.SYMTYPE, linkname="/usr/bin/python3"), b""))
    assert len(taken(content, tmp_path).files) == 1


def test_tar_with_sparse_file_in_pax_form_is_refused(tmp_path: Path) -> None:
    info = file("a", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9" * 15})
    assert "special file" in refused(tar_of((info, b"1\n0\n0\n")), tmp_path)


def test_tar_from_git_archive_with_global_header_is_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", pax_headers={"comment": "0" * 40}) as archive:
        info = file("solution.py")
        info.size = len(SOLUTION)
        archive.addfile(info, io.BytesIO(SOLUTION))
    assert len(taken(buffer.getvalue(), tmp_path).files) == 1


def test_tar_with_negative_size_ends(tmp_path: Path) -> None:
    """CVE-2025-8194: a negative offset sent `tarfile` back to a header it had read, for ever."""
    evil = header(b"a", b"0", b"\xff" * 12) + header(b"b", b"0", octal(0))
    assert "damaged" in refused(evil, tmp_path)


@pytest.mark.parametrize("size", [b"\x80" + b"\xff" * 11, octal(0o77777777777), b"9" * 11, b"\xff" + bytes(11), b"-1"])
def test_tar_with_impossible_size_is_refused(size: bytes, tmp_path: Path) -> None:
    refused(header(b"solution.py", b"0", size) + padded(SOLUTION), tmp_path)


@pytest.mark.parametrize("kind", [b"L", b"x", b"g", b"K"])
def test_tar_with_endless_extended_headers_is_refused(kind: bytes, tmp_path: Path) -> None:
    data = b"10 path=a\n" if kind == b"x" else b"name"
    one = header(b"././@LongLink", kind, octal(len(data))) + padded(data)
    assert "damaged" in refused(one * 10_000 + tar_of(), tmp_path)


@pytest.mark.parametrize("kind", [b"L", b"x", b"g", b"K"])
def test_tar_with_huge_extended_header_is_refused(kind: bytes, tmp_path: Path) -> None:
    data = b"1" * 10_000_000
    content = header(b"h", kind, octal(len(data))) + padded(data) + tar_of()
    assert "damaged" in refused(content, tmp_path)


def test_tar_with_endless_pax_records_in_many_headers_is_refused(tmp_path: Path) -> None:
    """200 KB of gzip kept the reader busy for 5 s."""
    records = b"5 a=\n" * 50_000
    extended = (header(b"x", b"x", octal(len(records))) + padded(records)) * 7
    entries = (extended + header(b".git/a", b"0", octal(0))) * 6
    content = gzip.compress(entries + tar_of(), 1)
    assert "damaged" in refused(content, tmp_path, name="kim.tgz")


@pytest.mark.parametrize(
    "records",
    [
        b"0 path=a\n",
        b"5 path=a\n",
        b"999 path=a\n",
        b"-9 path=a\n",
        b"10 path=a ",
        b"10 pathaa\n",
        b"path=a\n",
        b"1" * 60_000,
        b"9" * 30 + b" path=a\n",
        b"21 size=-999999999999\n",
        b"\xff\xfe",
    ],
)
def test_tar_with_broken_pax_records_is_refused(records: bytes, tmp_path: Path) -> None:
    content = header(b"x", b"x", octal(len(records))) + padded(records) + tar_of()
    assert "damaged" in refused(content, tmp_path)


def test_tar_bomb_is_stopped_at_the_file_limit(tmp_path: Path) -> None:
    content = gzip.compress(tar_of((file("zeros"), bytes(64 * 1024 * 1024))), 6)
    assert "“zeros” is larger" in refused(content, tmp_path, name="kim.tar.gz")


def test_tar_bomb_hidden_in_junk_is_stopped(tmp_path: Path) -> None:
    content = gzip.compress(tar_of((file(".cache"), bytes(9_000_000))), 6)
    limits = CollectLimits(expanded_bytes=5_000_000)
    assert "The submission is larger" in refused(content, tmp_path, limits, name="kim.tgz")


def test_gzip_bomb_without_tar_is_stopped(tmp_path: Path) -> None:
    refused(gzip.compress(bytes(300_000_000), 1), tmp_path, name="kim.tgz")


@pytest.mark.parametrize("after", [gzip.compress(b""), gzip.compress(tar_of()), b"x", b"\0" * 600_000 + b"x"])
def test_gzip_with_something_after_its_member_is_refused(after: bytes, tmp_path: Path) -> None:
    """50 MiB of empty members took 9 s to read."""
    assert "damaged" in refused(gzip.compress(tar_of()) + after, tmp_path, name="kim.tgz")


def test_gzip_padded_with_zeros_is_read(tmp_path: Path) -> None:
    assert len(taken(gzip.compress(tar_of()) + bytes(600_000), tmp_path, name="kim.tgz").files) == 1


def test_archive_larger_than_a_submission_is_not_opened(tmp_path: Path) -> None:
    assert "larger than" in refused(tar_of((file("a"), bytes(5000))), tmp_path, CollectLimits(total_bytes=4096))


def test_tar_cut_anywhere_is_refused_or_shorter(tmp_path: Path) -> None:
    content = gzip.compress(tar_of((file("a.txt"), b"abc" * 100)), mtime=0)
    for length in range(len(content)):
        refused(content[:length], tmp_path, name="kim.tgz")


def test_tar_with_any_byte_changed_is_refused_or_collected(tmp_path: Path) -> None:
    content = tar_of((file("a.txt"), b"abc"), form=tarfile.GNU_FORMAT)[:2600]
    path = tmp_path / "kim.tar"
    for position in range(len(content)):
        path.write_bytes(content[:position] + bytes([content[position] ^ 0x81]) + content[position + 1 :])
        try:
            collect(path, tmp_path / f"out{position}")
        except SubmissionInvalid:
            continue
