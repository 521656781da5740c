"""Whatever is handed in: a submission or a refusal, and nothing outside the destination."""

import io
import json
import os
import stat
import struct
import tarfile
import tempfile
import unicodedata
import warnings
import zipfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionInvalid
from grader.submission import CollectLimits, Submission, collect
from grader.submission.notebook import convert_notebook

LIMITS = CollectLimits(
    files=20, entries=50, file_bytes=4000, total_bytes=8000, expanded_bytes=20_000, source_bytes=3000
)

hostile_parts = st.sampled_from(
    [
        "..",
        ".",
        "",
        "C:",
        "a\\b",
        "\x00",
        "\u202e",
        "solution.py",
        "Solution.py",
        "e\u0301",
        "\u00e9",
        "ß",
        "ss",
        "İ",
        "ﬁ",
    ]
)
names = st.one_of(
    st.lists(st.one_of(hostile_parts, st.text(max_size=6)), min_size=1, max_size=5).map("/".join),
    st.sampled_from(["solution.py", "main.py", "a.ipynb", "kim/solution.py", "/solution.py", "__pycache__/x"]),
)
contents = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"def train(): pass\n", b"x = (", "# 한글".encode("cp949"), b'{"cells": []}', bytes(5000)]),
)
members = st.lists(st.tuples(names, contents), max_size=8)
modes = st.sampled_from([stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFIFO, 0, 0xF000])


def judged(raw: bytes, name: str) -> Submission | None:
    """Collects, and checks what the docstring of `collect` promises."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / name).write_bytes(raw)
        out = root / "deep" / "out"
        try:
            submission = collect(root / name, out, LIMITS)
        except SubmissionInvalid as error:
            assert not out.exists()
            said = error.in_language("ko") + error.in_language("en")
            assert all(char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"} for char in said)
            assert "\u202e" not in said
            assert str(root) not in said
            return None
        assert sorted(os.listdir(root)) == sorted(["deep", name])  # noqa: PTH208
        assert list((root / "deep").iterdir()) == [out]
        check_clean(submission, out)
        return submission


def check_clean(submission: Submission, out: Path) -> None:
    found = [path for path in out.rglob("*") if not path.is_dir() or path.is_symlink()]
    kept = {path.relative_to(out).as_posix(): path.lstat() for path in found}
    assert {name: facts.st_size for name, facts in kept.items()} == dict(submission.files)
    assert all(stat.S_ISREG(facts.st_mode) and facts.st_mode & 0o7777 == 0o644 for facts in kept.values())
    assert all(unicodedata.is_normalized("NFC", name) for name in kept)
    assert len({name.casefold() for name in kept}) == len(kept) <= LIMITS.files
    assert "solution.py" in kept
    submission.parse("solution.py")


def zip_bytes(entries: list[tuple[str, bytes]], mode: int, flags: int) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, content in entries:
            info = zipfile.ZipInfo()
            info.filename = info.orig_filename = name.encode("utf-8", "replace").decode()
            info.create_system = 3
            info.external_attr = (mode | 0o777) << 16
            archive.writestr(info, content)
    made = bytearray(buffer.getvalue())
    position = made.find(b"PK\x01\x02")
    if position >= 0 and flags:
        struct.pack_into("<H", made, position + 8, flags)
    return bytes(made)


@given(members, modes, st.sampled_from([0, 0, 0, 1, 0x800, 0x20]))
@example([("solution.py", b"x = 1"), ("../a", b"")], stat.S_IFREG, 0)
@settings(deadline=None, max_examples=200)
def test_any_zip_is_collected_or_refused(entries: list[tuple[str, bytes]], mode: int, flags: int) -> None:
    judged(zip_bytes(entries, mode, flags), "kim.zip")


@given(
    members,
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    st.sampled_from([tarfile.REGTYPE, tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, b"S", b"7"]),
)
@settings(deadline=None, max_examples=200)
def test_any_tar_is_collected_or_refused(entries: list[tuple[str, bytes]], form: int, last_kind: bytes) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for position, (name, content) in enumerate(entries):
            info = tarfile.TarInfo(name.encode("utf-8", "replace").decode())
            info.size = len(content)
            info.linkname = "/etc/passwd"
            if position == len(entries) - 1:
                info.type = last_kind
            archive.addfile(info, io.BytesIO(content))
    judged(buffer.getvalue(), "kim.tar")


@given(st.binary(max_size=2000), st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08\0", bytes(257) + b"ustar\x0000"]))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_collected_or_refused(tail: bytes, magic: bytes) -> None:
    judged(magic + tail, "kim.zip")


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=6))
@settings(deadline=None, max_examples=200)
def test_any_damage_to_an_archive_is_survived(changes: list[tuple[int, int]]) -> None:
    for made, name in ((zip_bytes([("solution.py", b"x = 1"), ("a/b", b"c" * 50)], 0, 0), "kim.zip"),):
        damaged = bytearray(made)
        for position, value in changes:
            damaged[position % len(damaged)] = value
        judged(bytes(damaged), name)


@given(contents | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
@settings(deadline=None, max_examples=200)
def test_any_single_file_is_collected_or_refused(content: bytes) -> None:
    submission = judged(content, "kim.py")
    assert submission is None or submission.entry_origin == "kim.py"


_LINES = ["import os", "X = 1", "print('한글')", "def f():\n    return 1", "%time x", "!ls", "f(\n1)", "x?", "# x"]
_BLOCKS = ["if 1:\n  X = 2", "for i in X: pass", "@f\ndef g(): pass", "class A: pass", "'''%\n!'''"]
_PIECES = [";", "\n", "(", " ", "\\\n", "\r", "\f"]
words = st.sampled_from([*_LINES, *_BLOCKS, *_PIECES])
cells = st.lists(
    st.one_of(st.lists(words, max_size=6).map("".join), st.lists(words, max_size=4).map("\n".join)), max_size=4
)


@given(cells)
@settings(deadline=None, max_examples=300)
def test_any_notebook_keeps_its_lines_in_place(sources: list[str]) -> None:
    document = {"cells": [{"cell_type": "code", "source": source} for source in sources]}
    try:
        converted = convert_notebook(json.dumps(document).encode(), "a.ipynb", 100_000)
    except SubmissionInvalid:
        return
    lines = converted.source.split("\n")
    for span, source in zip(converted.source_map, sources, strict=True):
        original = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert span.lines == len(original)
        for offset, line in enumerate(original):
            kept = lines[span.first_line - 1 + offset]
            assert kept == line or "pass" in kept or len(kept) < len(line), (kept, line)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cells", "cell_type", "source", "worksheets", "input"]), inner | st.just("code")
        )
    ),
    max_leaves=12,
)


@given(json_values)
@settings(deadline=None, max_examples=300)
def test_any_json_is_a_notebook_or_refused(document: object) -> None:
    judged(json.dumps(document).encode(), "kim.ipynb")
