"""Packs on this machine: installed whole or not at all, and never used when damaged."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import platformdirs

from grader.data.packs import Array, ArraySpec, Contents, DataPack, PackSpec, RawSpec, npy_header, npy_sha256
from grader.data.supply import Progress, Source, SourceError
from grader.errors import DataUnavailable, DiskFull
from grader.text import Text

CACHE_VARIABLE = "GRADER_CACHE_DIR"
"""Environment variable that moves the cache."""
MANIFEST = "manifest.json"
_SCHEMA = 1
_CHUNK_BYTES = 1024 * 1024


def default_cache_dir() -> Path:
    """`GRADER_CACHE_DIR`, or the user's cache folder."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("deep-grader"))


def installed(spec: PackSpec, cache_dir: Path, *, verify: bool = False) -> DataPack | None:
    """The pack, if it is here and sound.

    A file whose size and time are as they were when it was written is believed; any other is hashed in full.

    Args:
        spec: the pack.
        cache_dir: the cache; written by this user only.
        verify: hash every file in any case (MNIST: 0.04 s, one core of a 2026 cloud CPU, n = 1).

    Returns:
        None where it was never fetched, or not in this version.

    Raises:
        DataUnavailable: it is here and damaged.
    """
    root = _packs(cache_dir) / spec.name
    if not root.is_dir():
        return None
    stamps = _read_manifest(root)
    files: list[tuple[str, str]] = []
    for item in spec.files:
        path = root / item.file
        stamp = stamps.get(item.file)
        pinned = item.sha256 or _recorded_sha256(stamp)
        try:
            facts = path.stat()
            untouched = stamp == [pinned, facts.st_size, facts.st_mtime_ns]
            if pinned is None or ((verify or not untouched) and _file_sha256(path) != pinned):
                raise _damaged(spec, item.file)
        except OSError as error:
            raise _damaged(spec, item.file) from error
        files.append((item.file, pinned))
    return DataPack(id=spec.id, version=spec.version, root=root, files=tuple(files))


def obtain(spec: PackSpec, sources: Sequence[Source], cache_dir: Path, progress: Progress) -> DataPack:
    """The pack, verified in full; fetched from the first source that can give it where it is not here or damaged.

    Two processes may ask at the same time: the second waits and finds what the first installed.

    Raises:
        DataUnavailable: no source could give it; the message says why for each.
        DiskFull: no space left.
    """
    packs = _packs(cache_dir)
    downloads = cache_dir / "downloads" / spec.name
    try:
        packs.mkdir(parents=True, exist_ok=True)
        with _locked(packs / f".{spec.name}.lock"):
            with contextlib.suppress(DataUnavailable):
                if (pack := installed(spec, cache_dir, verify=True)) is not None:
                    return pack
            downloads.mkdir(parents=True, exist_ok=True)
            contents = _first_that_can(spec, sources, downloads, progress)
            _install(spec, contents, packs)
            shutil.rmtree(downloads, ignore_errors=True)
    except OSError as error:
        raise _translated(error, cache_dir) from error
    pack = installed(spec, cache_dir)
    if pack is None:
        raise _damaged(spec, MANIFEST)
    return pack


def absent(spec: PackSpec, stand_in: str | None = None) -> DataUnavailable:
    """The error for a pack that was never fetched, and whose stand-in was not either."""
    advice = _fetch_it(spec)
    if stand_in is not None:
        advice = Text(
            en=f"{advice.en} · where it can't be downloaded: grade data fetch {stand_in} (drawn here, no network)",
            ko=f"{advice.ko} · 내려받을 수 없다면: grade data fetch {stand_in} (네트워크 없이 이 컴퓨터에서 생성)",
        )
    return DataUnavailable(
        Text(
            en=f"The data pack {spec.id} is not on this machine yet.",
            ko=f"{spec.id} 데이터 팩이 아직 이 컴퓨터에 없습니다.",
        ),
        advice,
    )


def _fetch_it(spec: PackSpec) -> Text:
    return Text(en=f"Run: grade data fetch {spec.id}", ko=f"다음 명령을 실행하세요: grade data fetch {spec.id}")


def _damaged(spec: PackSpec, file: str) -> DataUnavailable:
    return DataUnavailable(
        Text(
            en=f"The data pack {spec.id} on this machine is damaged ({file}).",
            ko=f"이 컴퓨터의 {spec.id} 데이터 팩이 손상되었습니다 ({file}).",
        ),
        _fetch_it(spec),
    )


def _first_that_can(spec: PackSpec, sources: Sequence[Source], downloads: Path, progress: Progress) -> Contents:
    reasons = []
    for source in sources:
        try:
            return source.contents(spec, downloads, progress)
        except SourceError as error:
            reasons.append(f"{source.name}: {error}")
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            reasons.append(f"{source.name}: {error.strerror or error}")
    said = "; ".join(reasons)
    raise DataUnavailable(
        Text(
            en=f"The data pack {spec.id} can't be fetched ({said}).",
            ko=f"{spec.id} 데이터 팩을 가져올 수 없습니다 ({said}).",
        ),
        Text(
            en="Check the network, or point GRADER_DATA_DIR at a folder that torchvision has downloaded it to.",
            ko="네트워크를 확인하거나, torchvision으로 내려받은 폴더를 GRADER_DATA_DIR로 지정하세요.",
        ),
    )


def _install(spec: PackSpec, contents: Contents, packs: Path) -> None:
    """Writes the pack beside its place and renames it: a reader sees all of it or nothing. Needs the lock."""
    for leftover in packs.glob(f".{spec.name}.tmp-*"):  # of a process that was killed; a live one would hold the lock
        shutil.rmtree(leftover, ignore_errors=True)
    made = Path(tempfile.mkdtemp(dir=packs, prefix=f".{spec.name}.tmp-"))
    try:
        stamps: dict[str, list[str | int]] = {}
        for item in spec.files:
            content = contents[item.file]
            facts = _write_content(made / item.file, content)
            stamps[item.file] = [_sha256(item, content), facts.st_size, facts.st_mtime_ns]
        manifest = {"schema": _SCHEMA, "id": spec.id, "version": spec.version, "files": stamps}
        _write(made / MANIFEST, json.dumps(manifest, indent=1).encode())
        for folder in (made, *(path for path in made.rglob("*") if path.is_dir())):
            folder.chmod(0o755)  # mkdtemp gives 0700; the sandbox reads as another user
        root = packs / spec.name
        if root.exists():
            root.rename(made / "replaced")  # readers keep what they have mapped
        made.rename(root)
        shutil.rmtree(root / "replaced", ignore_errors=True)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _sha256(item: ArraySpec | RawSpec, content: Array | bytes) -> str:
    """What the registry pins, or else the sum of what is installed now: its origin was pinned."""
    if item.sha256 is not None:
        return item.sha256
    return hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else npy_sha256(content)


def _recorded_sha256(stamp: Any) -> str | None:
    """The sum that a manifest holds for a file; None where it holds none."""
    return stamp[0] if isinstance(stamp, list) and len(stamp) == 3 and isinstance(stamp[0], str) else None


def _write_content(path: Path, content: Array | bytes) -> os.stat_result:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        return _write(path, content)
    return _write(path, npy_header(content), content.reshape(-1).view("uint8").data)


def _write(path: Path, *parts: bytes | memoryview) -> os.stat_result:
    with path.open("xb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
        os.fchmod(file.fileno(), 0o644)
        return os.fstat(file.fileno())


def _read_manifest(root: Path) -> dict[str, Any]:
    """File → [sha256, size, time]; empty where the manifest can't be used, so that every file is hashed."""
    try:
        manifest = json.loads((root / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(manifest, dict) or manifest.get("schema") != _SCHEMA:
        return {}
    files = manifest.get("files")
    return files if isinstance(files, dict) else {}


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """An exclusive lock between processes; the kernel drops it when its holder dies."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _packs(cache_dir: Path) -> Path:
    return cache_dir / "packs"


def _translated(error: OSError, cache_dir: Path) -> DataUnavailable | DiskFull:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            Text(
                en=f"There is no space left in {cache_dir}; a data pack needs up to 600 MB while it is fetched.",
                ko=f"{cache_dir}에 남은 공간이 없습니다. 데이터 팩을 받으려면 최대 600 MB가 필요합니다.",
            ),
            Text(
                en=f"Free some space, or set {CACHE_VARIABLE} to another folder.",
                ko=f"공간을 확보하거나 {CACHE_VARIABLE}로 다른 폴더를 지정하세요.",
            ),
        )
    return DataUnavailable(
        Text(
            en=f"The cache folder {cache_dir} can't be used: {error.strerror}.",
            ko=f"캐시 폴더 {cache_dir}을(를) 사용할 수 없습니다: {error.strerror}.",
        ),
        Text(
            en=f"Set {CACHE_VARIABLE} to a folder you can write to.",
            ko=f"쓸 수 있는 폴더를 {CACHE_VARIABLE}로 지정하세요.",
        ),
    )
