"""Folders laid out to reach what lies outside them, or never to end."""

import os
import socket
from pathlib import Path

import pytest

from grader.errors import SubmissionInvalid
from grader.submission import CollectLimits, collect

SOLUTION = "def train():\n    return None\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    (made / "solution.py").write_text(SOLUTION)
    return made


def refused(path: Path, limits: CollectLimits | None = None) -> str:
    out = path.parent / "out"
    with pytest.raises(SubmissionInvalid) as caught:
        collect(path, out, limits or CollectLimits())
    assert not out.exists()
    return caught.value.in_language("en")


@pytest.mark.parametrize("target", ["/etc/passwd", "/etc", "solution.py", "nowhere", "."])
def test_folder_with_symbolic_link_is_refused(target: str, source: Path) -> None:
    (source / "link").symlink_to(target)
    assert "“link” is a link" in refused(source)


def test_folder_whose_solution_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/solution.py").symlink_to("/etc/hostname")
    assert "is a link" in refused(tmp_path / "in")


@pytest.mark.parametrize("name", ["kim", "kim.zip", "kim.py"])
def test_submission_that_is_a_link_itself_is_refused(name: str, tmp_path: Path, source: Path) -> None:
    (tmp_path / name).symlink_to(source)
    assert "is a link" in refused(tmp_path / name)


def test_folder_with_pipe_is_refused_without_waiting(source: Path) -> None:
    os.mkfifo(source / "pipe.py")
    assert "special file" in refused(source)


def test_pipe_as_submission_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "kim.zip")
    assert "special file" in refused(tmp_path / "kim.zip")


def test_folder_with_socket_is_refused(source: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(source / "s"))
        assert "special file" in refused(source)


def test_device_as_submission_is_refused() -> None:
    with pytest.raises(SubmissionInvalid, match="special file"):
        collect(Path("/dev/zero"), Path("/nonexistent/out"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_folder_with_hard_link_to_a_foreign_file_is_refused(tmp_path: Path, source: Path) -> None:
    (tmp_path / "secret").write_text("answers")
    os.link(tmp_path / "secret", source / "data.txt")
    os.chown(source, 1234, 1234)
    assert "“data.txt” is a link" in refused(source)


def test_folder_with_hard_link_of_its_owner_is_taken(tmp_path: Path, source: Path) -> None:
    os.link(source / "solution.py", tmp_path / "backup.py")
    assert collect(source, tmp_path / "out").files == (("solution.py", len(SOLUTION)),)


def test_file_swapped_for_a_link_while_reading_is_refused(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (source / "data.txt").write_text("x")
    genuine = os.stat

    def stat_then_swap(path: object, **how: object) -> os.stat_result:
        facts = genuine(path, **how)  # type: ignore[call-overload]
        if path == b"data.txt":
            (source / "data.txt").unlink()
            (source / "data.txt").symlink_to("/etc/passwd")
        return facts  # type: ignore[no-any-return]

    monkeypatch.setattr(os, "stat", stat_then_swap)
    assert "is a link" in refused(source)


@pytest.mark.parametrize("raw_name", [b"a\\b", b"a\nb", b"\xe2\x80\xaegnp.py", b"\xff\xff\xff", b"C:x"])
def test_folder_with_hostile_name_is_refused(raw_name: bytes, source: Path) -> None:
    (Path(os.fsdecode(os.fsencode(source) + b"/" + raw_name))).write_text("x")
    message = refused(source)
    assert "\u202e" not in message
    assert "a\nb" not in message


def test_folder_deeper_than_allowed_is_refused(source: Path) -> None:
    source.joinpath(*["d"] * 40).mkdir(parents=True)
    assert "too deep" in refused(source)


def test_names_that_differ_by_case_only_are_refused(source: Path) -> None:
    (source / "Net.py").write_text("x = 1")
    (source / "net.py").write_text("x = 2")
    assert "same name" in refused(source)


def test_names_that_differ_by_normal_form_only_are_refused(source: Path) -> None:
    (source / "\u00e9.py").write_text("x = 1")
    (source / "e\u0301.py").write_text("x = 2")
    assert "same name" in refused(source)


def test_sparse_file_is_read_no_further_than_its_limit(source: Path) -> None:
    with (source / "huge.bin").open("wb") as file:
        file.truncate(1 << 40)
    assert "“huge.bin” is larger than 20 MiB" in refused(source)


def test_too_many_files_are_refused(source: Path) -> None:
    for number in range(10):
        (source / f"{number}.txt").touch()
    assert "more than 10 files" in refused(source, CollectLimits(files=10))


def test_too_many_junk_entries_are_refused(source: Path) -> None:
    for number in range(10):
        (source / f".{number}").touch()
    assert "more than 10 files" in refused(source, CollectLimits(entries=10))


def test_files_too_large_together_are_refused(source: Path) -> None:
    for name in "abc":
        (source / name).write_bytes(b"x" * 1000)
    assert "The submission is larger" in refused(source, CollectLimits(total_bytes=2500))
