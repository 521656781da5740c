"""Zip files made to escape, to explode, or to confuse the reader."""

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from grader.errors import SubmissionInvalid
from grader.submission import CollectLimits, collect

SOLUTION = "def train():\n    return None\n"


def zip_of(*members: tuple[str | zipfile.ZipInfo, bytes], solution: bool = True) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        if solution:
            archive.writestr("solution.py", SOLUTION)
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def refused(content: bytes, tmp_path: Path, limits: CollectLimits | None = None) -> str:
    path, out = tmp_path / "kim.zip", tmp_path / "out"
    path.write_bytes(content)
    with pytest.raises(SubmissionInvalid) as caught:
        collect(path, out, limits or CollectLimits())
    assert [entry.name for entry in tmp_path.iterdir()] == ["kim.zip"]
    return caught.value.in_language("en")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil.py", "leads out"),
        ("a/../../evil.py", "leads out"),
        ("..", "leads out"),
        ("__MACOSX/../../evil.py", "leads out"),
        ("/etc/cron.d/evil", "absolute"),
        ("C:/evil.py", "absolute"),
        ("c:evil.py", "absolute"),
        ("./C:/evil.py", "absolute"),
        ("kim/C:/evil.py", "absolute"),
        ("a//b.py", "empty part"),
        ("a\x1b[2J.py", "control"),
        ("a\u202egnp.py", "control"),
        ("a\u2028b.py", "control"),
        ("x" * 300, "too long"),
        ("한" * 100, "too long"),
        ("d/" * 40 + "x", "too deep"),
        ("\u0301" * 30_000, "too long"),
    ],
)
def test_zip_with_hostile_name_is_refused(name: str, why: str, tmp_path: Path) -> None:
    message = refused(zip_of((name, b"x")), tmp_path)
    assert why in message
    assert "\x1b" not in message
    assert len(message) < 400


def test_zip_with_backslashes_is_refused(tmp_path: Path) -> None:
    content = zip_of(("a/evil.py", b"x")).replace(b"a/evil.py", b"a\\evil.py")
    assert "backslash" in refused(content, tmp_path)


def test_zip_with_nul_in_name_is_refused(tmp_path: Path) -> None:
    content = zip_of(("aXevil.py", b"x")).replace(b"aXevil.py", b"a\0evil.py")
    assert "control" in refused(content, tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_zip_with_special_file_is_refused(kind: int, tmp_path: Path) -> None:
    info = zipfile.ZipInfo("data.txt")
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    assert "is a link" in refused(zip_of((info, b"/etc/passwd")), tmp_path)


def test_zip_made_on_windows_with_odd_attributes_is_taken(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("data.txt")
    info.create_system = 0
    info.external_attr = 0xFFFF0020
    (tmp_path / "kim.zip").write_bytes(zip_of((info, b"x")))
    assert len(collect(tmp_path / "kim.zip", tmp_path / "out").files) == 2


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zip_with_one_name_twice_is_refused(tmp_path: Path) -> None:
    assert "same name" in refused(zip_of(("solution.py", b"x = 2")), tmp_path)


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a"), ("A/x", "a/y"), ("\u00e9", "e\u0301"), ("ß", "SS")])
def test_zip_with_names_that_collide_is_refused(names: tuple[str, str], tmp_path: Path) -> None:
    assert "same name" in refused(zip_of((names[0], b"x"), (names[1], b"y")), tmp_path)


def test_zip_bomb_is_stopped_at_the_file_limit(tmp_path: Path) -> None:
    content = zip_of(("zeros", bytes(64 * 1024 * 1024)))
    assert len(content) < 100_000
    assert "“zeros” is larger than 20 MiB" in refused(content, tmp_path)


def test_zip_bomb_of_many_files_is_stopped_at_the_total(tmp_path: Path) -> None:
    content = zip_of(*((f"zeros{number}", bytes(8 * 1024 * 1024)) for number in range(8)))
    assert "The submission is larger than 50 MiB" in refused(content, tmp_path)


def test_zip_bomb_of_overlapping_entries_is_stopped(tmp_path: Path) -> None:
    """As by D. Fifield: many entries in the table of contents share one compressed body."""
    content = bytearray(zip_of(("z000", bytes(1024 * 1024)), solution=False))
    start = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entry, tail = bytes(content[start:end]), bytearray(content[end:])
    count = 400
    directory = b"".join(entry.replace(b"z000", b"z%03d" % number) for number in range(count))
    struct.pack_into("<HHI", tail, 8, count, count, len(directory))
    refused(bytes(content[:start]) + directory + bytes(tail), tmp_path)


def test_zip_that_lies_about_sizes_is_refused(tmp_path: Path) -> None:
    content = bytearray(zip_of(("zeros", bytes(1024 * 1024))))
    central = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I", content, central + 24, 10)
    refused(bytes(content), tmp_path, CollectLimits(file_bytes=100_000))


def test_zip_with_huge_table_of_contents_is_refused(tmp_path: Path) -> None:
    content = zip_of(*((f"{number:05d}{'x' * 200}", b"") for number in range(20_000)), solution=False)
    assert "damaged" in refused(content, tmp_path)


def test_zip_with_too_many_entries_is_refused(tmp_path: Path) -> None:
    content = zip_of(*((f".git/{number}", b"") for number in range(50)))
    assert "more than 40 files" in refused(content, tmp_path, CollectLimits(entries=40))


def test_zip_inside_zip_stays_a_file(tmp_path: Path) -> None:
    inner = zip_of(("../evil", b"x"))
    (tmp_path / "kim.zip").write_bytes(zip_of(("inner.zip", inner)))
    assert ("inner.zip", len(inner)) in collect(tmp_path / "kim.zip", tmp_path / "out").files


def test_zip_with_password_is_refused_with_advice(tmp_path: Path) -> None:
    content = bytearray(zip_of())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "without a password" in refused(bytes(content), tmp_path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 9, 93, 97])
def test_zip_with_other_compression_is_refused_with_advice(method: int, tmp_path: Path) -> None:
    content = bytearray(zip_of())
    struct.pack_into("<H", content, 8, method)
    struct.pack_into("<H", content, content.index(b"PK\x01\x02") + 10, method)
    assert "ordinary .zip" in refused(bytes(content), tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"no archive at all", bytes(600), b"\x1f\x8b"]
)
def test_file_that_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    refused(content, tmp_path)


def test_zip_cut_anywhere_is_refused(tmp_path: Path) -> None:
    content = zip_of(("a.txt", b"abc" * 100))
    for length in range(len(content)):
        refused(content[:length], tmp_path)


def test_zip_with_any_byte_changed_is_refused_or_collected(tmp_path: Path) -> None:
    content = zip_of(("a.txt", b"abc" * 20))
    path = tmp_path / "kim.zip"
    for position in range(len(content)):
        for value in {0x00, 0xFF, content[position] ^ 0x01, content[position] ^ 0x80}:
            path.write_bytes(content[:position] + bytes([value]) + content[position + 1 :])
            try:
                collect(path, tmp_path / f"out{position}-{value}")
            except SubmissionInvalid:
                continue
