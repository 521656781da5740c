"""The collector on whatever a student may hand in: zip, tar, notebook, Python file, raw bytes."""

import gzip
import json
import os
import random
import re
import shutil
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path

from grader.errors import SubmissionInvalid
from grader.submission import CollectLimits, Submission, collect
from grader.submission.names import collision_key, vet_name
from tests.fuzz import campaign, guard
from tests.fuzz.damage import break_document, broken_bytes, broken_json
from tests.fuzz.packing import ZipEntry, pax_record, tar_header, tar_padded, tell_lies, zip_bytes

LIMITS = CollectLimits(
    files=20, entries=50, file_bytes=16_000, total_bytes=48_000, expanded_bytes=96_000, source_bytes=12_000
)
"""Small, so that small inputs pass them."""
MEMORY_BYTES = 32 * 1024**2
"""What `LIMITS` allow one input: 0.1 MB of archive, as much of files, 600 bytes for each of at most 1,000 entries in a
zip's table of contents, 30 times its size for a notebook's JSON (0.5 MB), 850 times for the syntax tree of its source
(7 MB), twice where a notebook is parsed once more. That is 16 MiB; as much again for what the allocator keeps."""

PARTS = (
    *("..", ".", "", "C:", "c:x", "a\\b", "\0", "\n", "\u202e", "\u2028", "\x1b[2J", "\ufeff", "\ud800", "\U0010ffff"),
    *("e\u0301", "\u00e9", "ß", "ss", "SS", "İ", "i\u0307", "ﬁ", "fi", "\u212a", "K", "가", "\u1100\u1161", "a:b"),
    *("solution.py", "Solution.py", "ſolution.py", "main.py", "a.ipynb", "data.txt", "pkg", "__init__.py", "mnist"),
    *("__pycache__", ".git", "raw", "x.pyc", "CON", "nul.txt", "~", "*", " ", "a ", "a."),
    *("\u0301" * 9, "n" * 260, "한" * 90),
)
FREQUENT = (
    *("solution.py", "main.py", "a.ipynb", "kim/solution.py", "./solution.py"),
    *("kim/model/net.py", "data.txt", "other.py", "b.ipynb"),
)
LINES = (
    *("import os", "import torch.nn as nn", "from __future__ import annotations", "X = 1", "Y = X + 1"),
    *("def train():\n    return None", "class Net(nn.Module):\n    pass", "print('한글')"),
    *("%time x", "!ls \\\n-l", "x?", "%%bash\nls", "# coding: utf-7", "# -*- coding: cp949 -*-", "f(\n1)"),
    *("if 1:\n  X = 2", "for i in X: pass", "'''%\n!'''", "try:\n  import a\nexcept: pass", "@f\ndef g(): pass"),
    *("a; b(); c = 1", "x = [i for i in range(3)]", "\\d = '\\d'", "f'{X!r:>{Y}}'", "lambda: (yield)", "x = ("),
    *("   y", "\tz", "match x:\n  case 1: pass", "X: int", "X += 1", "é = 1"),
)
KINDS = {
    "damaged or is not what": "archive: damaged",
    "protected by a password": "archive: encrypted",
    "by a method that is not read": "archive: foreign compression",
    "is a link or a special file": "archive: link or device",
    "of a kind that is not accepted": "file: foreign kind",
    "is not accepted: it": "name: refused",
    "in an unknown encoding": "name: undecodable",
    "have the same name": "name: twice",
    " is larger than": "limit: bytes",
    "holds more than": "limit: files",
    "The submission is empty": "layout: empty",
    "more than one file could be it": "layout: ambiguous",
    "No solution.py was found": "layout: no solution.py",
    "holds too much code": "source: too long",
    "are longer than": "source: too long",
    "as a Jupyter notebook": "notebook: none",
    "has no code cells": "notebook: no code",
    "the text is not": "source: undecodable",
    "the coding line": "source: foreign encoding",
    "a NUL byte": "source: NUL",
    "opening braces": "source: braces",
    "nested too deeply": "source: too deep",
    "can't be read as Python": "source: unreadable",
    ", line ": "source: syntax error",
}
"""What the refusals say, the first that fits, and what to count them as."""


def any_name(chance: random.Random) -> str:
    if chance.random() < 0.6:
        return chance.choice(FREQUENT)
    parts = [chance.choice(PARTS) for _ in range(chance.choice((1, 1, 2, 3, 20)))]
    if chance.random() < 0.2:
        parts.append("".join(chr(chance.choice((chance.randrange(128), chance.randrange(0x3000)))) for _ in range(5)))
    return ("./" if chance.random() < 0.1 else "") + "/".join(parts)


def any_source(chance: random.Random) -> bytes:
    lines = [chance.choice(LINES[:8] if chance.random() < 0.8 else LINES) for _ in range(chance.randrange(6))]
    text = chance.choice(("\n", "\n", "\n", "\r\n", "\r", "\f")).join(lines)
    match chance.randrange(30):
        case 0:
            text += chance.choice(("(", "[", "{", "-", "{}, ")) * chance.choice((20, 300, 3000, 10_100))
        case 1:
            text += chance.choice(("-", "not ", "a.", "a[", "lambda:", "x=", "1+", "(a,", "f'{", "a if ")) * 900
        case 2:
            text = "if 1:\n" + "".join(" " * depth + "if 1:\n" for depth in range(1, chance.choice((10, 99, 120))))
        case 3:
            return broken_bytes(text.encode(), chance)
        case 4:
            return text.encode(chance.choice(("utf-16", "cp949", "utf-8-sig", "utf-32")), "replace")
        case 5:
            text += f"\nx = {'9' * chance.choice((4000, 5000))}"
        case _:
            pass
    return text.encode()


def any_notebook(chance: random.Random) -> bytes:
    cells = [
        {
            "cell_type": chance.choice(("code", "code", "code", "markdown")),
            "source": any_source(chance).decode("utf-8", "replace"),
        }
        for _ in range(chance.randrange(1, 5))
    ]
    if chance.random() < 0.3:
        for cell in cells:
            cell["source"] = cell["source"].splitlines(keepends=True)  # type: ignore[assignment]
    document = {"cells": cells, "nbformat": 4, "metadata": {}}
    if chance.random() < 0.1:
        document = {"worksheets": [document], "nbformat": 3}
    for _ in range(chance.choice((0, 0, 1, 1, 3))):
        break_document(document, chance)
    text = json.dumps(document, ensure_ascii=chance.random() < 0.8).encode("utf-8", "surrogatepass")
    return broken_json(text, chance) if chance.random() < 0.15 else text


def any_content(name: str, chance: random.Random) -> bytes:
    if name.endswith(".py"):
        return any_source(chance)
    if name.endswith(".ipynb"):
        return any_notebook(chance)
    size = chance.choice((0, 3, 100, 511, 512, 513, 15_999, 16_001)) if chance.random() < 0.2 else chance.randrange(50)
    return chance.choice((b"\0", b"PK\x03\x04", b"x")) * size if chance.random() < 0.5 else chance.randbytes(size)


def any_members(chance: random.Random) -> list[tuple[str, bytes]]:
    names = [chance.choice(FREQUENT[:5]), *(any_name(chance) for _ in range(chance.choice((0, 1, 1, 2, 3, 5))))]
    if chance.random() < 0.02:
        names += [f"{chance.choice(('.git', 'pkg'))}/{number}" for number in range(60)]
    if chance.random() < 0.7:
        names = list(dict.fromkeys(names))
    return [(name, any_content(name, chance)) for name in names]


def encoded(name: str, chance: random.Random) -> bytes:
    encoding = "utf-8" if chance.random() < 0.9 else chance.choice(("cp949", "cp437", "utf-16", "latin-1"))
    return name.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")


def any_zip(chance: random.Random) -> bytes:
    entries = [
        ZipEntry(encoded(name, chance), content, method=8 if chance.random() < 0.7 else 0)
        for name, content in any_members(chance)
    ]
    for entry in entries:
        if chance.random() < 0.1:
            entry.mode = chance.choice((stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK, 0xF000))
            entry.system = chance.choice((0, 3, 19, 255))
    end = tell_lies(entries, chance) if chance.random() < 0.35 else {}
    return zip_bytes(entries, end=end, comment=b"c" * chance.choice((0, 0, 0, 70_000 % 65_536)))


def any_tar(chance: random.Random) -> bytes:
    tape = bytearray()
    for name, content in any_members(chance):
        raw_name = encoded(name, chance)
        for _ in range(1 if chance.random() < 0.8 else chance.choice((2, 3, 8, 9, 40))):
            tape += any_extension(raw_name, chance)
        kind = (
            b"0" if chance.random() < 0.93 else chance.choice((b"\0", b"1", b"2", b"3", b"5", b"6", b"7", b"S", b"V"))
        )
        tape += tar_header(raw_name[:100], len(content), kind, chance) + tar_padded(content)
    tape += bytes(chance.choice((1024, 1024, 512, 0)))
    packed = bytes(tape)
    if chance.random() < 0.5:
        return packed
    if chance.random() < 0.95:
        return gzip_of(packed)
    half = len(packed) // 2
    return gzip_of(packed[:half]) + chance.choice((b"", b"\0" * 9, b"x")) + gzip_of(packed[half:])


def gzip_of(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)


def any_extension(raw_name: bytes, chance: random.Random) -> bytes:
    """Headers that say something of the next entry, as GNU tar and pax write them."""
    if len(raw_name) <= 100 and chance.random() < 0.8:
        return b""
    kind = chance.choice(b"LxxgK").to_bytes(1, "big")
    data = raw_name + b"\0"
    if kind in b"xg":
        keys = (b"path", b"path", b"size", b"mtime", b"GNU.sparse.major", b"linkpath", b"", b"=")
        values = (raw_name, raw_name, b"3", b"-1", b"9" * 19, b"", b"\n", b"\xff")
        data = b"".join(pax_record(chance.choice(keys), chance.choice(values)) for _ in range(chance.randrange(4)))
        data += pax_record(b"path", raw_name)
        if chance.random() < 0.2:
            data = broken_bytes(data, chance)
    return tar_header(b"././@LongLink", len(data), kind, chance) + tar_padded(data)


def any_bomb(chance: random.Random) -> bytes:
    """Little that unpacks to much: zeros, or as many headers, records or members as fit."""
    size = chance.choice((50_000, 100_000, 500_000, 2_000_000))
    match chance.randrange(4):
        case 0:
            return zip_bytes([ZipEntry(b"solution.py", bytes(size), method=8)])
        case 1:
            return gzip_of(tar_header(b"solution.py", size, b"0", chance) + bytes(size))
        case 2:
            records = b"5 a=\n" * (size // 5)
            return gzip_of(tar_header(b"x", len(records), b"x", chance) + tar_padded(records))
        case _:
            return gzip_of(b"") * min(size // 20, 2_300)


FORMS: tuple[tuple[str, Callable[[random.Random], bytes], int], ...] = (
    ("kim.zip", any_zip, 34),
    ("kim.tar.gz", any_tar, 34),
    ("kim.ipynb", any_notebook, 15),
    ("kim.py", any_source, 10),
    ("kim.tgz", any_bomb, 2),
    (
        "kim.zip",
        lambda chance: chance.choice((b"", b"PK", b"\x1f\x8b\x08")) + chance.randbytes(chance.randrange(900)),
        5,
    ),
)


def handed_in(chance: random.Random) -> tuple[str, bytes]:
    """Name and bytes of what a student hands in."""
    name, make, _ = chance.choices(FORMS, [weight for *_, weight in FORMS])[0]
    content = make(chance)
    if chance.random() < 0.15:
        content = broken_bytes(content, chance)
    if chance.random() < 0.01:
        name = chance.choice(("kim.PY", "kim.rar", "kim", "\u202egnp.zip", "kim.tar", "김.ipynb", ".py"))
    return name, content


def reader(folder: Path) -> campaign.Case:
    inbox, out = folder / "in", folder / "out"
    inbox.mkdir()

    def case(chance: random.Random) -> str:
        name, content = handed_in(chance)
        path = inbox / name
        path.write_bytes(content)
        try:
            with guard.watched(writable=out):
                submission = collect(path, out, LIMITS)
        except SubmissionInvalid as error:
            assert not out.exists()
            return refusal(error, folder)
        finally:
            path.unlink()
        check_clean(submission, out)
        shutil.rmtree(out)
        return f"accepted: {'notebook' if submission.source_map else 'python'}"

    return case


def refusal(error: SubmissionInvalid, folder: Path) -> str:
    said = error.in_language("ko") + error.in_language("en")
    assert len(said) < 4_000, "a message without end"
    assert all(char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"} for char in said), ascii(said)
    assert "\u202e" not in said, "a message turned around"
    assert str(folder) not in said, "a path of the host"
    said.encode()
    message = re.sub("“.*?”", "“”", error.in_language("en"))
    return next(kind for phrase, kind in KINDS.items() if phrase in message)


def check_clean(submission: Submission, out: Path) -> None:
    """What the docstring of `collect` promises."""
    kept: dict[str, int] = {}
    for folder, _, files in os.walk(out):
        assert stat.S_ISDIR(os.lstat(folder).st_mode)
        for file in files:
            path = Path(folder, file)
            facts = path.lstat()
            assert stat.S_ISREG(facts.st_mode), "no plain file"
            assert facts.st_mode & 0o7777 == 0o644
            kept[path.relative_to(out).as_posix()] = facts.st_size
    assert kept == dict(submission.files)
    assert len(kept) <= LIMITS.files
    assert sum(kept.values()) <= LIMITS.total_bytes + LIMITS.source_bytes
    assert all(vet_name(name) == name for name in kept), "a name that would be refused"
    assert len({collision_key(name) for name in kept}) == len(kept)
    submission.parse("solution.py")
    json.dumps([submission.name, submission.dropped.__repr__(), submission.ignored]).encode()


def test_collector_fed_with_anything_accepts_or_refuses_and_nothing_else() -> None:
    counts = campaign.run(reader, memory_bytes=MEMORY_BYTES)
    campaign.expect(
        counts,
        {
            ("accepted: python",): 0.1,
            ("accepted: notebook",): 0.03,
            ("layout", "source", "notebook: no code"): 0.1,
            ("limit", "name: twice"): 0.03,
        },
    )
