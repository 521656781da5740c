"""Collecting what students really hand in."""

import io
import os
import stat
import subprocess
import sys
import tarfile
import unicodedata
import zipfile
from pathlib import Path

import pytest

from grader.errors import DestinationExists, DiskFull, SubmissionInvalid
from grader.submission import CollectLimits, Submission, collect
from grader.submission import collect as collect_function

SOLUTION = "import torch\n\n\ndef train(train_set, seed):\n    return None\n"
COLLECT = sys.modules[collect_function.__module__]


def folder(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content.encode())
            info.mtime = 12345
            archive.addfile(info, io.BytesIO(content.encode()))
    return path


def names(submission: Submission) -> list[str]:
    return [name for name, _ in submission.files]


def refusal(path: Path, tmp_path: Path, limits: CollectLimits | None = None) -> SubmissionInvalid:
    destination = tmp_path / "refused"
    with pytest.raises(SubmissionInvalid) as caught:
        collect(path, destination, limits or CollectLimits())
    assert not destination.exists()
    assert caught.value.message.ko != caught.value.message.en
    return caught.value


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_collect_same_files_any_container_same_hash(tmp_path: Path) -> None:
    files = {"solution.py": SOLUTION, "net/__init__.py": "", "net/모델.py": "x = 1\n"}
    wrapped = {f"kim/{name}": content for name, content in files.items()}
    sources = [
        folder(tmp_path / "a" / "kim", dict(files)),
        folder(tmp_path / "b", dict(wrapped)),
        zipped(tmp_path / "c.zip", files),
        zipped(tmp_path / "d.zip", wrapped),
        tarred(tmp_path / "e.tar.gz", wrapped),
        tarred(tmp_path / "f.tgz", files),
        tarred(tmp_path / "g.tar", dict(reversed(files.items()))),
    ]
    collected = [collect(source, tmp_path / f"out{position}") for position, source in enumerate(sources)]
    assert len({submission.sha256 for submission in collected}) == 1
    assert {submission.files for submission in collected} == {collected[0].files}
    assert [submission.name for submission in collected[:3]] == ["kim", "b", "c.zip"]


def test_collect_moved_bytes_between_files_other_hash(tmp_path: Path) -> None:
    first = collect(folder(tmp_path / "a", {"solution.py": SOLUTION, "b": "xy", "c": "z"}), tmp_path / "1")
    second = collect(folder(tmp_path / "b", {"solution.py": SOLUTION, "b": "x", "c": "yz"}), tmp_path / "2")
    assert first.sha256 != second.sha256


def test_collect_single_file_has_hash_of_folder(tmp_path: Path) -> None:
    alone = folder(tmp_path, {"my model.py": SOLUTION}) / "my model.py"
    submission = collect(alone, tmp_path / "1")
    assert submission.entry_origin == "my model.py"
    assert submission.sha256 == collect(folder(tmp_path / "f", {"solution.py": SOLUTION}), tmp_path / "2").sha256


def test_collect_writes_readable_plain_files(tmp_path: Path, out: Path) -> None:
    source = folder(tmp_path / "in", {"solution.py": SOLUTION, "a/b/run.sh": "#!"})
    (source / "a/b/run.sh").chmod(0o4711)
    before = os.umask(0o077)
    try:
        collect(source, out)
    finally:
        os.umask(before)
    modes = {path.relative_to(out).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*")}
    assert modes == {"solution.py": 0o644, "a": 0o755, "a/b": 0o755, "a/b/run.sh": 0o644}
    assert stat.S_IMODE(out.stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("files", "origin"),
    [
        ({"solution.py": SOLUTION, "other.py": "x = 1"}, "solution.py"),
        ({"Solution.py": SOLUTION, "other.py": "x = 1"}, "Solution.py"),
        ({"kim/kim/solution.py": SOLUTION}, "solution.py"),
        ({"MNIST/solution.py": SOLUTION, "MNIST/raw/train-images-idx3-ubyte": "x"}, "solution.py"),
        ({"main.py": SOLUTION, "README.md": "hi"}, "main.py"),
        ({"홍길동_과제.py": SOLUTION}, "홍길동_과제.py"),
    ],
)
def test_collect_entry_is_found(files: dict[str, str | bytes], origin: str, tmp_path: Path, out: Path) -> None:
    submission = collect(folder(tmp_path / "in", files), out)
    assert submission.entry_origin == origin
    assert (out / "solution.py").read_text() == SOLUTION


@pytest.mark.parametrize(
    ("files", "korean"),
    [
        ({}, "제출물이 비어 있습니다."),
        ({".git/config": "x", "__pycache__/solution.pyc": "x"}, "제출물이 비어 있습니다."),
        ({"README.md": "x"}, "solution.py를 찾을 수 없습니다."),
        ({"a.py": "x", "b.py": "x"}, "여러 개"),
        ({"a.ipynb": "x", "b.ipynb": "x"}, "여러 개"),
        ({"src/net.py": "x", "README.md": "x"}, "solution.py를 찾을 수 없습니다."),
        ({"solution.py/inner.py": "x", "main.py": "x"}, "solution.py를 찾을 수 없습니다."),
    ],
)
def test_collect_no_entry_is_refused_in_korean(files: dict[str, str | bytes], korean: str, tmp_path: Path) -> None:
    source = folder(tmp_path / "in", files)
    source.mkdir(exist_ok=True)
    assert korean in refusal(source, tmp_path).in_language("ko")


def test_collect_missing_path_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nothing", tmp_path).message.en


@pytest.mark.parametrize("name", ["a.rar", "a.7z", "a.egg", "a.pdf", "solution"])
def test_collect_other_kinds_are_refused_with_advice(name: str, tmp_path: Path) -> None:
    assert "zip" in refusal(folder(tmp_path, {name: "x"}) / name, tmp_path).advice.ko


def test_collect_leaves_junk_out_and_names_it(tmp_path: Path, out: Path) -> None:
    junk = [".git/config", ".venv/bin/python", "__pycache__/a.pyc", ".ipynb_checkpoints/a.ipynb", "data/MNIST/raw/x"]
    junk += [".DS_Store", "model.pt2", "__MACOSX/._solution.py", "venv/x.py", "t10k-labels-idx1-ubyte.gz"]
    source = folder(tmp_path / "in", {"solution.py": SOLUTION, "weights.pt": "kept", **dict.fromkeys(junk, "junk")})
    (source / ".venv/bin/python3").symlink_to("/usr/bin/python3")
    submission = collect(source, out)
    assert names(submission) == ["solution.py", "weights.pt"]
    assert {".git", "data/MNIST/raw", "model.pt2"} <= set(submission.ignored)


def test_collect_korean_names_from_macos_become_nfc(tmp_path: Path, out: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "모델.py")
    submission = collect(zipped(tmp_path / "a.zip", {"solution.py": SOLUTION, decomposed: "x = 1"}), out)
    assert names(submission) == ["solution.py", "모델.py"]
    assert (out / "모델.py").is_file()


def test_collect_korean_names_from_windows_zip_are_read_as_cp949(tmp_path: Path, out: Path) -> None:
    placeholder = "AAAA.py"
    path = zipped(tmp_path / "a.zip", {"solution.py": SOLUTION, placeholder: "x = 1"})
    path.write_bytes(path.read_bytes().replace(b"AAAA", "모델".encode("cp949")))
    assert names(collect(path, out)) == ["solution.py", "모델.py"]


def test_collect_name_in_no_known_encoding_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"solution.py": SOLUTION, "AA.py": "x = 1"})
    path.write_bytes(path.read_bytes().replace(b"AA", b"\xff\xff"))
    assert "영문" in refusal(path, tmp_path).in_language("ko")


def test_collect_display_name_holds_no_control_characters(tmp_path: Path, out: Path) -> None:
    source = folder(tmp_path / "kim\u202e\x1b[31m", {"solution.py": SOLUTION})
    assert collect(source, out).name == "kim\\u202e\\u001b[31m"


def test_collect_syntax_error_shows_line_and_caret(tmp_path: Path) -> None:
    error = refusal(folder(tmp_path / "in", {"solution.py": "x = 1\ndef train(:\n    pass\n"}), tmp_path)
    lines = error.in_language("ko").split("\n")
    assert "solution.py 2번째 줄" in lines[0]
    assert lines[1].index("(:") + 1 == lines[2].index("^")


@pytest.mark.parametrize(
    "source",
    [
        b"\xef\xbb\xbfx = 1\n",
        "# coding: cp949\nx = '한글'\n".encode("cp949"),
        "# -*- coding: euc-kr -*-\nx = '한글'\n".encode("euc-kr"),
        b"x = 1\r\ny = '\\d'\r\n",
        b"x = 0x" + b"f" * 10_000,
    ],
)
def test_collect_source_that_python_reads_is_taken_unchanged(source: bytes, tmp_path: Path, out: Path) -> None:
    submission = collect(folder(tmp_path / "in", {"solution.py": source}), out)
    assert (out / "solution.py").read_bytes() == source
    submission.parse("solution.py")


@pytest.mark.parametrize(
    ("source", "english"),
    [
        ("x = 1\ny = '한글'\n".encode("cp949"), "solution.py, line 2: the text is not UTF-8"),
        (b"# coding: cp949\n\nx = '\xff\xff'", "solution.py, line 3: the text is not cp949"),
        (b"# coding: utf-7\nx = 1", "encoding that is not accepted"),
        (b"# coding: no-such\nx = 1", "encoding that is not accepted"),
        (b"x = 1\ny = '\0'\n", "line 2: the file holds a NUL byte"),
        (b"x = " + b"9" * 5000, "4300"),
        (b"x = " + b"(" * 5000, "parentheses"),
        (b"x = a" + b".b" * 100_000, "nested too deeply"),
        (b"x = " + b"-" * 100_000 + b"1", "nested too deeply"),
        ("x = '한글'\n".encode("utf-16"), "not UTF-8"),
        (b"x = f'" + b"{a}" * 100_000 + b"'", "opening braces"),
    ],
)
def test_collect_unreadable_source_says_where(source: bytes, english: str, tmp_path: Path) -> None:
    assert english in refusal(folder(tmp_path / "in", {"solution.py": source}), tmp_path).message.en


def test_collect_source_beyond_its_limit_is_refused_unparsed(tmp_path: Path) -> None:
    source = folder(tmp_path / "in", {"solution.py": SOLUTION, "table.py": "x" * 2000})
    assert "table.py" in refusal(source, tmp_path, CollectLimits(source_bytes=1000)).message.en


def test_collect_into_used_destination_is_refused_and_leaves_it(tmp_path: Path, out: Path) -> None:
    source = folder(tmp_path / "in", {"solution.py": SOLUTION})
    folder(out, {"keep": "me"})
    with pytest.raises(DestinationExists):
        collect(source, out)
    assert (out / "keep").read_text() == "me"


def test_collect_into_empty_destination_works(tmp_path: Path, out: Path) -> None:
    out.mkdir(mode=0o700)
    assert collect(folder(tmp_path / "in", {"solution.py": SOLUTION}), out).root == out


@pytest.mark.parametrize(
    ("error", "expected"), [(OSError(28, "full"), DiskFull), (KeyboardInterrupt(), KeyboardInterrupt)]
)
def test_collect_interrupted_write_leaves_nothing(
    error: BaseException, expected: type[BaseException], tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = COLLECT._write_file

    def failing(root: Path, name: str, content: bytes) -> None:
        if name == "solution.py":
            raise error
        write(root, name, content)

    monkeypatch.setattr(COLLECT, "_write_file", failing)
    source = folder(tmp_path / "in", {"a/b.txt": "x", "solution.py": SOLUTION})
    with pytest.raises(expected):
        collect(source, out)
    assert not out.exists()
    out.mkdir()
    with pytest.raises(expected):
        collect(source, out)
    assert list(out.iterdir()) == []


def test_import_is_light() -> None:
    program = "import sys, grader.submission; sys.exit(bool({'torch', 'numpy', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
