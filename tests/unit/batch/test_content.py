"""Whether a submission is the one that was graded: told from names and contents, read only where need be."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.batch import content as module
from grader.batch.content import Contents
from grader.cohort import HandedIn, LooseFile
from grader.submission import CollectLimits
from tests.unit.batch.kit import handed_in

LATER_NS = 10**18
"""So long after every change that the clock of no disk can hide another one."""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "parts").mkdir(parents=True)
    (folder / "solution.py").write_text("answer = 1\n")
    (folder / "parts" / "net.py").write_text("width = 8\n")
    return folder


def content(one: Path | HandedIn) -> str:
    return Contents({}).of(handed_in(one) if isinstance(one, Path) else one)


def settled(known: dict[str, tuple[str, str]]) -> Contents:
    return Contents(known, now_ns=lambda: LATER_NS * 10)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files that were read."""
    paths: list[Path] = []
    original = module._file

    def count(path: Path, left: int) -> tuple[bytes, int]:
        paths.append(path)
        return original(path, left)

    monkeypatch.setattr(module, "_file", count)
    return paths


def add_file(work: Path) -> None:
    (work / "more.py").write_text("")


def change_byte(work: Path) -> None:
    (work / "solution.py").write_text("answer = 2\n")


def rename(work: Path) -> None:
    (work / "parts" / "net.py").rename(work / "parts" / "nets.py")


def move_out(work: Path) -> None:
    (work / "parts" / "net.py").rename(work / "net.py")


def add_folder(work: Path) -> None:
    (work / "empty").mkdir()


def file_to_folder(work: Path) -> None:
    (work / "parts" / "net.py").unlink()
    (work / "parts" / "net.py").mkdir()


def swap_contents(work: Path) -> None:
    (work / "solution.py").write_text("width = 8\n")
    (work / "parts" / "net.py").write_text("answer = 1\n")


@pytest.mark.parametrize("change", [change_byte, add_file, rename, move_out, add_folder, file_to_folder, swap_contents])
def test_change_of_a_submission_is_another_content(work: Path, change: Callable[[Path], None]) -> None:
    before = content(work)
    change(work)
    assert content(work) != before


@pytest.mark.parametrize("junk", [".git/HEAD", "__pycache__/solution.pyc", "parts/x.pyc", ".DS_Store", "venv/bin/x"])
def test_what_no_submission_holds_is_no_content(work: Path, junk: str) -> None:
    before = content(work)
    (work / junk).parent.mkdir(parents=True, exist_ok=True)
    (work / junk).write_text("junk")
    assert content(work) == before


def test_place_name_and_times_are_no_content(work: Path, tmp_path: Path) -> None:
    before = content(work)
    os.utime(work / "solution.py", (1, 1))
    assert content(work.rename(tmp_path / "elsewhere")) == before


def test_model_beside_the_code_counts(work: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.pt2"
    model.write_bytes(b"weights")
    with_model = content(handed_in(work, model=model))
    assert with_model != content(work)
    model.write_bytes(b"Weights")
    assert content(handed_in(work, model=model)) != with_model


def test_loose_files_count_under_their_own_names(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("kim_1_2_solution.py", "kim_1_3_net.py")]
    for path in paths:
        path.write_text(path.name)

    def loose(*names: str) -> HandedIn:
        files = tuple(LooseFile(path, name) for path, name in zip(paths, names, strict=True))
        return handed_in(paths[0], loose=files)

    before = content(loose("solution.py", "net.py"))
    assert content(loose("solution.py", "nets.py")) != before
    paths[1].write_text("other")
    assert content(loose("solution.py", "net.py")) != before


@pytest.mark.parametrize(("one", "other"), [("a.py", "a.ipynb"), ("a.zip", "a.tar"), ("a.tar.gz", "a.gz")])
def test_same_bytes_as_another_kind_of_file_are_another_content(tmp_path: Path, one: str, other: str) -> None:
    """The kind decides what is made of the bytes: a file that was refused may be accepted under another name."""
    for name in (one, other):
        (tmp_path / name).write_bytes(b"bytes")
    assert content(tmp_path / one) != content(tmp_path / other)


def test_file_under_another_name_of_its_kind_is_the_same_content(tmp_path: Path) -> None:
    for name in ("kim.v1.tar.gz", "kim.v2.tar.gz"):
        (tmp_path / name).write_bytes(b"bytes")
    assert content(tmp_path / "kim.v1.tar.gz") == content(tmp_path / "kim.v2.tar.gz")


def test_links_pipes_and_endless_devices_are_neither_followed_nor_waited_for(work: Path, tmp_path: Path) -> None:
    before = content(work)
    secret = tmp_path / "secret"
    secret.write_text("one")
    (work / "link.py").symlink_to(secret)
    (work / "loop").symlink_to(work)
    (work / "zero").symlink_to("/dev/zero")
    os.mkfifo(work / "pipe.py")
    found = content(work)
    assert found != before
    secret.write_text("another")
    assert content(work) == found


def test_submission_that_is_itself_a_link_pipe_or_gone_has_a_content(work: Path, tmp_path: Path) -> None:
    (tmp_path / "link.py").symlink_to(work / "solution.py")
    os.mkfifo(tmp_path / "pipe.py")
    contents = {content(tmp_path / name) for name in ("link.py", "pipe.py", "gone.py")}
    assert len(contents) == 3


def test_file_swapped_for_a_pipe_after_the_look_is_not_waited_for(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = module.walk

    def swap(name: str, path: Path) -> list[module.Entry]:
        entries = list(original(name, path))
        (work / "solution.py").unlink()
        os.mkfifo(work / "solution.py")
        return entries

    monkeypatch.setattr(module, "walk", swap)
    assert len(content(work)) == 64


def test_unreadable_file_is_a_content_of_its_own(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readable = content(work)
    original = os.open

    def refuse(path: Path, *arguments: int, **keywords: int) -> int:
        if Path(path).name == "solution.py":
            raise PermissionError(13, "Permission denied")
        return original(path, *arguments, **keywords)

    monkeypatch.setattr(os, "open", refuse)
    assert content(work) not in ("", readable)


def test_folder_that_may_not_be_searched_ends_nothing(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, **keywords: bool) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    monkeypatch.setattr(Path, "lstat", refuse)
    assert len(content(work)) == 64


def test_huge_file_is_read_to_the_limit_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[Path]
) -> None:
    monkeypatch.setattr(module, "_LIMITS", CollectLimits(total_bytes=4096))
    monkeypatch.setattr(module, "_MODEL_BYTES", 4096)
    huge = tmp_path / "huge.zip"
    with huge.open("wb") as file:
        file.truncate(2**40)
    assert len(content(huge)) == 64
    assert module._file(huge, 8192)[1] == 8192


def test_tree_of_endless_entries_is_walked_to_the_limit_only(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LIMITS", CollectLimits(entries=5))
    for place in range(50):
        (work / f"{place}.py").touch()
    assert len(list(module.walk("submission", work))) <= 6


def test_unchanged_files_are_not_read_again(work: Path, opened: list[Path]) -> None:
    first = settled({})
    before = first.of(handed_in(work))
    assert len(opened) == 2
    second = settled(first.fresh)
    assert second.of(handed_in(work)) == before
    assert len(opened) == 2
    assert second.fresh == {}


def test_change_whose_time_was_set_back_is_noticed(work: Path) -> None:
    first = settled({})
    before = first.of(handed_in(work))
    found = (work / "solution.py").stat()
    (work / "solution.py").write_text("answer = 2\n")
    os.utime(work / "solution.py", ns=(found.st_atime_ns, found.st_mtime_ns))
    assert (work / "solution.py").stat().st_mtime_ns == found.st_mtime_ns
    assert settled(first.fresh).of(handed_in(work)) != before


def test_change_within_the_same_tick_of_the_clock_is_noticed(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was changed just now may change again without its times telling: it is read again next time."""
    first = Contents({})
    before = first.of(handed_in(work))
    (work / "solution.py").write_text("answer = 2\n")
    # As on a disk whose clock stands still between the two.
    fingerprints = {place: fingerprint for place, (fingerprint, _) in first.fresh.items()}
    monkeypatch.setattr(module, "_fingerprint", lambda entries: next(iter(fingerprints.values()), "same"))
    assert Contents(first.fresh).of(handed_in(work)) != before


def test_another_file_in_the_place_of_one_is_noticed(work: Path) -> None:
    first = settled({})
    before = first.of(handed_in(work))
    (work / "solution.py").rename(work / "old")
    (work / "solution.py").write_text("answer = 3\n")
    (work / "old").unlink()
    assert settled(first.fresh).of(handed_in(work)) != before
