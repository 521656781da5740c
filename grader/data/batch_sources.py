"""Where packs of CIFAR-10's batch files come from: a folder, the published archive, or our own pencil."""

import hashlib
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np

from grader.data.batches import read_batch
from grader.data.decode import DecodeError
from grader.data.download import DownloadError, download, new_client
from grader.data.packs import Archive, Array, Contents, Drawing, PackSpec, RawSpec
from grader.data.shapes import CLASSES, draw
from grader.data.supply import Progress, SourceError, checked
from grader.runner.batches import META_FILE, TEST_BATCH, TRAIN_BATCHES, encode_batch, encode_meta

MAX_BATCH_BYTES = 40 * 1024**2
"""A batch of 10,000 pictures has 31 MB."""
_CHUNK_BYTES = 1024**2


class BatchFolderSource:
    """Batch files in a folder: torchvision's `root`, the batches' own folder, or the archive, downloaded by hand."""

    name = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def contents(self, spec: PackSpec, downloads: Path, progress: Progress) -> Contents:
        """See `Source`."""
        first = spec.raw_files[0].name
        for inner in (self._folder, self._folder / spec.folder_name, self._folder / spec.id / spec.folder_name):
            if (inner / first).is_file():
                return _decoded(spec, lambda item: _read_capped(inner / item.name), str(inner), progress)  # noqa: B023
        if spec.archive is not None and (self._folder / spec.archive.name).is_file():
            return _unpacked(spec, spec.archive, self._folder / spec.archive.name, progress)
        raise SourceError(f"{self._folder} has no {first}")


class ArchiveSource:
    """The archive over HTTP, from the first mirror that gives it whole."""

    name = "mirror"

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._urls = tuple(url if url.endswith("/") else f"{url}/" for url in urls)

    def contents(self, spec: PackSpec, downloads: Path, progress: Progress) -> Contents:
        """See `Source`."""
        archive = spec.archive
        if archive is None:
            raise SourceError("this pack is published in no archive")
        target = downloads / f"{archive.name}.part"
        reason = "no mirror is known"
        with new_client() as client:
            for url in self._urls:
                for _ in range(2):  # once more from the first byte, if what was resumed turns out wrong
                    began_empty = not target.exists()
                    try:
                        self._download(client, url, archive, target, progress)
                        return _unpacked(spec, archive, target, progress)
                    except DownloadError as error:
                        reason = str(error)
                        break  # what there is of it may be completed elsewhere
                    except SourceError as error:
                        reason = str(error)
                        target.unlink(missing_ok=True)
                        if began_empty:
                            break
        raise SourceError(reason)

    def _download(self, client: httpx.Client, url: str, archive: Archive, target: Path, progress: Progress) -> None:
        download(
            client,
            url + archive.name,
            target,
            limit_bytes=archive.size_bytes,
            advance=lambda done, total: progress(archive.name, done, total),
        )


class DrawnSource:
    """Pictures drawn here, from the seeds that the registry names."""

    name = "drawn"

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing

    def contents(self, spec: PackSpec, downloads: Path, progress: Progress) -> Contents:
        """See `Source`. About 15 s and 200 MB of memory for 30,000 pictures (one core of a cloud CPU, n = 1)."""
        progress("train", 0, None)
        images, labels = draw(self._drawing.train_images, self._drawing.train_seed)
        per_batch = len(images) // len(TRAIN_BATCHES)
        files = {META_FILE: encode_meta(CLASSES, cases_per_batch=per_batch)}
        for number, name in enumerate(TRAIN_BATCHES):
            part = slice(number * per_batch, (number + 1) * per_batch)
            files[name] = drawn_batch(
                images[part], labels[part], f"training batch {number + 1} of {len(TRAIN_BATCHES)}", part.start
            )
        progress("test", 0, None)
        test = draw(self._drawing.test_images, self._drawing.test_seed)
        files[TEST_BATCH] = drawn_batch(*test, "testing batch 1 of 1", 0)
        return _decoded(spec, lambda item: files[item.name], "drawn here", progress)


def drawn_batch(images: Array, labels: Array, batch_label: str, first: int) -> bytes:
    """Pictures as a batch file, each with a name of its own.

    Args:
        images: uint8 (N, 3, 32, 32).
        labels: (N,), 0 to 9.
        batch_label: as in the file.
        first: number of the first picture, for the names.
    """
    names = [f"{CLASSES[label]}_s_{first + position:06d}.png" for position, label in enumerate(labels.tolist())]
    return encode_batch(images.tobytes(), labels.tolist(), batch_label=batch_label, filenames=names)


def _decoded(spec: PackSpec, read: Callable[[RawSpec], bytes], origin: str, progress: Progress) -> Contents:
    """The pack's files, each batch compared with its sum before it is parsed.

    Raises:
        SourceError: another content than the registry's.
    """
    contents: dict[str, Array | bytes] = {}
    decoded: dict[str, list[tuple[Array, Array]]] = {"train": [], "test": []}
    try:
        for item in spec.raw_files:
            progress(item.name, 0, None)
            content = _same(item, read(item), origin)
            if item.kept:
                contents[item.file] = content
            if item.name != META_FILE:
                decoded[item.part].append(read_batch(content, item.name))
        for array_spec in spec.arrays:
            pieces = [pair[0 if array_spec.kind == "images" else 1] for pair in decoded[array_spec.part]]
            contents[array_spec.file] = checked(np.concatenate(pieces), array_spec, origin)
    except DecodeError as error:
        raise SourceError(str(error)) from error
    return contents


def _same(item: RawSpec, content: bytes, origin: str) -> bytes:
    """`content`, if it is the file that the registry means."""
    sums = {"sha256": item.sha256, "md5": item.md5}
    for algorithm, expected in sums.items():
        if expected and hashlib.new(algorithm, content, usedforsecurity=False).hexdigest() != expected:
            raise DecodeError(f"{origin}: {item.name} does not have its checksum")
    return content


def _unpacked(spec: PackSpec, archive: Archive, path: Path, progress: Progress) -> Contents:
    """The pack out of its archive, which is compared with its SHA-256 before one byte is unpacked.

    Raises:
        SourceError: it is another file, or lacks a member.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    if digest.hexdigest() != archive.sha256:
        raise SourceError(f"{path.name} does not have its checksum")
    try:
        with tarfile.open(path, "r:gz") as opened:
            return _decoded(spec, lambda item: _member(opened, f"{spec.folder_name}/{item.name}"), path.name, progress)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise SourceError(f"{path.name} is damaged") from error


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    try:
        member = archive.getmember(name)
    except KeyError:
        raise DecodeError(f"the archive has no {name}") from None
    file = archive.extractfile(member) if member.isfile() and member.size <= MAX_BATCH_BYTES else None
    if file is None:
        raise DecodeError(f"{name} in the archive is no file of a batch's size")
    return file.read()


def _read_capped(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BATCH_BYTES)
