"""What was handed in, as a hash, without collecting it: read only where it may have changed."""

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.cohort import HandedIn
from grader.submission import CollectLimits
from grader.submission.names import is_junk

_LIMITS = CollectLimits()
_MODEL_BYTES = 256 * 1024**2
"""More of a model is never read: no mission accepts one so large."""
_CHUNK = 1024 * 1024
_SETTLED_NS = 2 * 10**9
"""Within so short a time a file may change twice under one time of change: clocks of disks tick in up to 2 s (FAT)."""
# Kinds are looked at before, but a submission may lie where its student can still write: a pipe is not waited for.
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


@dataclass(slots=True)
class Contents:
    """Hashes of what was handed in; what the last batch read need not be read again.

    Attributes:
        known: by path's hash: fingerprint and content's hash, as of the last batch.
        fresh: what was read now, and had not changed just before.
        now_ns: wall clock in nanoseconds.
    """

    known: Mapping[str, tuple[str, str]]
    fresh: dict[str, tuple[str, str]] = field(default_factory=dict)
    now_ns: Callable[[], int] = time.time_ns

    def of(self, handed_in: HandedIn) -> str:
        """SHA-256 of names and contents; of something unreadable, a hash of what can be seen of it.

        A file is as it was where its size, its times and its place on the disk are: its time of change can't be set.
        """
        settled_ns = self.now_ns() - _SETTLED_NS
        parts = _parts(handed_in)
        place = hashlib.sha256("\0".join(os.fspath(path) for _, path in parts).encode("utf-8", "surrogateescape"))
        entries = [(name, path, found) for name, path in parts for name, path, found in walk(name, path)]
        fingerprint = _fingerprint(entries)
        earlier = self.known.get(place.hexdigest())
        if earlier is not None and earlier[0] == fingerprint:
            return earlier[1]
        content = _content(entries)
        if all(found.st_ctime_ns < settled_ns for _, _, found in entries):
            self.fresh[place.hexdigest()] = (fingerprint, content)
        return content


Entry = tuple[str, Path, os.stat_result]


def _parts(handed_in: HandedIn) -> list[tuple[str, Path]]:
    """What makes up the submission, by name; a model beside the code counts as part of it."""
    path = handed_in.path
    found = [(file.name, file.path) for file in handed_in.loose] or [(f"submission{_kind(path)}", path)]
    return found + ([("model", handed_in.model)] if handed_in.model is not None else [])


def _kind(path: Path) -> str:
    """Suffix of a file: it decides what is made of the bytes, whatever else the name says."""
    try:
        is_folder = stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        is_folder = False
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed_tar = suffixes[-2:-1] == [".tar"]
    return "" if is_folder else "".join(suffixes[-2:] if packed_tar else suffixes[-1:])


def walk(name: str, path: Path) -> Iterator[Entry]:
    """Everything at a path that could become part of the submission, in order of name; links are not followed."""
    pending, seen = [(name, path)], 0
    while pending and seen <= _LIMITS.entries:
        name, path = pending.pop()
        seen += 1
        try:
            found = path.lstat()
        except OSError:
            continue
        yield name, path, found
        if stat.S_ISDIR(found.st_mode):
            pending += sorted(_inside(name, path), reverse=True)


def _inside(name: str, folder: Path) -> list[tuple[str, Path]]:
    try:
        with os.scandir(folder) as entries:
            return [(f"{name}/{entry.name}", Path(entry.path)) for entry in entries if not _skipped(entry.name)]
    except OSError:
        return []


def _skipped(name: str) -> bool:
    return name.startswith(".") or is_junk(name)


def _fingerprint(entries: list[Entry]) -> str:
    digest = hashlib.sha256()
    for name, _, found in entries:
        facts = (found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
        digest.update(f"{name}\0{facts}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _content(entries: list[Entry]) -> str:
    digest = hashlib.sha256()
    left = _LIMITS.total_bytes + _MODEL_BYTES
    for name, path, found in entries:
        digest.update(f"{len(name)}\0{name}\0{stat.S_IFMT(found.st_mode)}\0".encode("utf-8", "surrogateescape"))
        if stat.S_ISREG(found.st_mode):
            content, read = _file(path, left)
            left -= read
            digest.update(content)
    return digest.hexdigest()


def _file(path: Path, left: int) -> tuple[bytes, int]:
    """Hash of a file's first `left` bytes, with its size: a submission larger than that is refused unread."""
    digest, read = hashlib.sha256(), 0
    try:
        with open(os.open(path, _OPEN), "rb") as file:  # noqa: PTH123 - of a descriptor
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return b"no file", 0
            while read < left and (chunk := file.read(min(_CHUNK, left - read))):
                digest.update(chunk)
                read += len(chunk)
            digest.update(str(os.fstat(file.fileno()).st_size).encode())
    except OSError:
        digest.update(b"unreadable")
    return digest.digest(), read
