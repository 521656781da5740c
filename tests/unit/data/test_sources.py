"""Every source gives the same arrays, or says why not."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from grader.data.cache import obtain
from grader.data.decode import DecodeError, read_idx
from grader.data.packs import Array, PackSpec
from grader.data.sources import FolderSource, MirrorSource
from grader.data.supply import SourceError
from tests.unit.data.server import IdxServer

Seen = list[tuple[str, int, int | None]]


def silent(what: str, done_bytes: int, total_bytes: int | None) -> None:
    pass


def fetched(server: IdxServer, spec: PackSpec, downloads: Path) -> dict[str, Array]:
    downloads.mkdir(exist_ok=True)
    return MirrorSource((server.url,)).contents(spec, downloads, silent)


def assert_same(found: dict[str, Array], arrays: dict[str, Array]) -> None:
    assert found.keys() == arrays.keys()
    for file, array in arrays.items():
        assert found[file].dtype == array.dtype
        np.testing.assert_array_equal(found[file], array)


@pytest.mark.parametrize("inner", ["", "raw", "Tiny/raw", "tiny"])
@pytest.mark.parametrize("form", ["gz", "raw", "dotted"])
def test_folder_in_any_known_layout_is_read(
    inner: str, form: str, spec: PackSpec, arrays: dict[str, Array], idx_files: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / inner
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in idx_files.items():
        if form == "gz":
            (folder / name).write_bytes(content)
        else:
            plain = name.removesuffix(".gz").replace("-idx", ".idx" if form == "dotted" else "-idx")
            (folder / plain).write_bytes(gzip.decompress(content))
    assert_same(FolderSource(tmp_path).contents(spec, tmp_path, silent), arrays)


def test_folder_without_the_files_says_which(spec: PackSpec, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="train-images-idx3-ubyte"):
        FolderSource(tmp_path).contents(spec, tmp_path, silent)


def test_folder_with_other_content_is_refused(spec: PackSpec, idx_files: dict[str, bytes], tmp_path: Path) -> None:
    for name, content in idx_files.items():
        plain = bytearray(gzip.decompress(content))
        plain[-1] ^= 1
        (tmp_path / name.removesuffix(".gz")).write_bytes(plain)
    with pytest.raises(SourceError, match="checksum"):
        FolderSource(tmp_path).contents(spec, tmp_path, silent)


@pytest.mark.parametrize("damage", ["short", "long", "magic", "shape", "cut gzip", "bad gzip", "bomb", "empty"])
def test_idx_that_is_not_as_expected_is_refused(
    damage: str, spec: PackSpec, idx_files: dict[str, bytes], tmp_path: Path
) -> None:
    zipped = idx_files["train-labels-idx1-ubyte.gz"]
    plain = gzip.decompress(zipped)
    content = {
        "short": plain[:-1],
        "long": plain + b"x",
        "magic": b"\x00\x00\x0d" + plain[3:],
        "shape": plain[:4] + b"\xff" * 4 + plain[8:],
        "cut gzip": zipped[:-20],
        "bad gzip": zipped[:-5] + b"xxxxx",
        "bomb": gzip.compress(plain + bytes(50_000_000)),
        "empty": b"",
    }[damage]
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(DecodeError):
        read_idx(tmp_path / "f", spec.arrays[1])


def test_mirror_gives_the_arrays_and_leaves_no_download(
    server: IdxServer, spec: PackSpec, arrays: dict[str, Array], tmp_path: Path
) -> None:
    assert_same(fetched(server, spec, tmp_path / "d"), arrays)
    assert list((tmp_path / "d").iterdir()) == []


def test_mirror_reports_progress_to_the_last_byte(
    server: IdxServer, spec: PackSpec, idx_files: dict[str, bytes], tmp_path: Path
) -> None:
    seen: Seen = []
    MirrorSource((server.url,)).contents(spec, tmp_path, lambda *step: seen.append(step))
    for name, content in idx_files.items():
        assert (name, len(content), len(content)) in seen


def test_mirror_that_breaks_off_is_resumed(
    server: IdxServer, spec: PackSpec, arrays: dict[str, Array], tmp_path: Path
) -> None:
    server.break_after = [50_000, 30_000]
    assert_same(fetched(server, spec, tmp_path / "d"), arrays)
    assert [wanted for _, wanted in server.requests[:3]] == [None, "bytes=50000-", "bytes=80000-"]


def test_mirror_without_ranges_is_read_again_from_the_start(
    server: IdxServer, spec: PackSpec, arrays: dict[str, Array], tmp_path: Path
) -> None:
    server.break_after = [50_000]
    server.ranges = False
    assert_same(fetched(server, spec, tmp_path / "d"), arrays)


def test_mirror_that_sends_nothing_is_given_up(server: IdxServer, spec: PackSpec, tmp_path: Path) -> None:
    server.break_after = [0] * 100
    with pytest.raises(SourceError, match="127"):
        fetched(server, spec, tmp_path / "d")
    assert len(server.requests) == 2


def test_download_of_a_killed_process_is_resumed(
    server: IdxServer, spec: PackSpec, arrays: dict[str, Array], idx_files: dict[str, bytes], tmp_path: Path
) -> None:
    name = "train-images-idx3-ubyte.gz"
    (tmp_path / f"{name}.part").write_bytes(idx_files[name][:1234])
    assert_same(fetched(server, spec, tmp_path), arrays)
    assert server.requests[0] == (name, "bytes=1234-")


def test_download_that_was_complete_is_used(
    server: IdxServer, spec: PackSpec, arrays: dict[str, Array], idx_files: dict[str, bytes], tmp_path: Path
) -> None:
    name = "train-images-idx3-ubyte.gz"
    (tmp_path / f"{name}.part").write_bytes(idx_files[name])
    assert_same(fetched(server, spec, tmp_path), arrays)


@pytest.mark.parametrize("leftover", [b"garbage", b"x" * 10_000_000])
def test_leftover_that_does_not_fit_is_dropped(
    leftover: bytes, server: IdxServer, spec: PackSpec, arrays: dict[str, Array], tmp_path: Path
) -> None:
    (tmp_path / "train-images-idx3-ubyte.gz.part").write_bytes(leftover)
    assert_same(fetched(server, spec, tmp_path), arrays)


def test_mirror_with_other_content_is_refused(
    server: IdxServer, spec: PackSpec, idx_files: dict[str, bytes], tmp_path: Path
) -> None:
    name = "t10k-labels-idx1-ubyte.gz"
    plain = bytearray(gzip.decompress(idx_files[name]))
    plain[-1] ^= 1
    server.files[name] = gzip.compress(bytes(plain))
    with pytest.raises(SourceError, match="checksum"):
        fetched(server, spec, tmp_path / "d")
    assert list((tmp_path / "d").iterdir()) == []


def test_mirror_that_floods_is_cut(server: IdxServer, spec: PackSpec, tmp_path: Path) -> None:
    server.files["train-images-idx3-ubyte.gz"] = bytes(3_000_000)
    with pytest.raises(SourceError, match="more than"):
        fetched(server, spec, tmp_path / "d")


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_mirror_that_refuses_is_given_up(status: int, server: IdxServer, spec: PackSpec, tmp_path: Path) -> None:
    server.status = status
    with pytest.raises(SourceError, match=f"answered {status}"):
        fetched(server, spec, tmp_path / "d")


def test_second_mirror_is_asked_where_the_first_fails(
    server: IdxServer, spec: PackSpec, arrays: dict[str, Array], tmp_path: Path
) -> None:
    mirrors = MirrorSource(("http://127.0.0.1:1/none/", "not a url", server.url))
    assert_same(mirrors.contents(spec, tmp_path, silent), arrays)


def test_pack_is_byte_identical_from_folder_and_mirror(
    server: IdxServer, spec: PackSpec, idx_files: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "idx").mkdir()
    for name, content in idx_files.items():
        (tmp_path / "idx" / name).write_bytes(content)
    first = obtain(spec, [FolderSource(tmp_path / "idx")], tmp_path / "1", silent)
    second = obtain(spec, [MirrorSource((server.url,))], tmp_path / "2", silent)
    for file, _ in first.files:
        assert (first.root / file).read_bytes() == (second.root / file).read_bytes()
