"""Looking into folders whose entries are untrusted: no link is followed, no file opened, no junk shown."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from grader.cohort.handed_in import Skipped
from grader.errors import SubmissionInvalid
from grader.submission.names import MAX_DEPTH, decode_name, is_junk, printable, vet_name
from grader.text import Text

MODEL_SUFFIX = ".pt2"
MAX_DATED_ENTRIES = 5_000
"""Entries of one submission that are looked at to date it; `collect` refuses folders far smaller than that."""

_LINK = Text("It is a link; links are not followed.", "링크입니다. 링크는 따라가지 않습니다.")
_SPECIAL = Text("It is neither a file nor a folder.", "파일도 폴더도 아닙니다.")
_UNREADABLE = Text("It can't be opened.", "열 수 없습니다.")


@dataclass(frozen=True, slots=True)
class Entry:
    """A plain file or a folder.

    Attributes:
        path: where, with the name as the file system has it.
        name: one vetted component, in NFC.
    """

    path: Path
    name: str
    is_folder: bool

    @property
    def is_model(self) -> bool:
        """Whether it is an exported model, by its name."""
        return not self.is_folder and self.name.casefold().endswith(MODEL_SUFFIX)


def list_folder(folder: Path, skipped: list[Skipped]) -> list[Entry]:
    """Files and folders right in `folder`, sorted by name, without junk.

    Args:
        folder: its entries are untrusted; each costs no system call but the listing's own.
        skipped: takes links, devices and names that can't be accepted.

    Raises:
        OSError: `folder` itself can't be listed.
    """
    entries = []
    with os.scandir(folder) as listing:
        for raw_entry in listing:
            try:
                name = vet_name(decode_name(os.fsencode(raw_entry.name)))
            except SubmissionInvalid as refusal:
                skipped.append(Skipped(Path(raw_entry.path), refusal.message))
                continue
            if _is_noise(name):
                continue
            if raw_entry.is_symlink():
                skipped.append(Skipped(Path(raw_entry.path), _LINK))
            elif raw_entry.is_dir(follow_symlinks=False):
                entries.append(Entry(Path(raw_entry.path), name, is_folder=True))
            elif raw_entry.is_file(follow_symlinks=False):
                entries.append(Entry(Path(raw_entry.path), name, is_folder=False))
            else:
                skipped.append(Skipped(Path(raw_entry.path), _SPECIAL))
    return sorted(entries, key=lambda entry: (entry.name, entry.path))


def list_inner_folder(folder: Path, skipped: list[Skipped]) -> list[Entry]:
    """Like `list_folder`, for a folder that a student may have laid out: what can't be listed is skipped."""
    try:
        return list_folder(folder, skipped)
    except OSError:
        skipped.append(Skipped(folder, _UNREADABLE))
        return []


def modified(path: Path) -> datetime:
    """When a file was changed; for a folder, its newest file. In UTC; links count for nothing."""
    facts = path.stat(follow_symlinks=False)
    newest = max(_file_times(path), default=facts.st_mtime) if stat.S_ISDIR(facts.st_mode) else facts.st_mtime
    try:
        return datetime.fromtimestamp(newest, UTC)
    except (OverflowError, ValueError, OSError):  # an archive may carry any time
        return datetime.fromtimestamp(0, UTC)


def shown_name(path: Path) -> str:
    """The last component of a listed path, fit to print."""
    return printable(decode_name(os.fsencode(path.name)))


def _is_noise(name: str) -> bool:
    """What `collect` leaves out, but for models, which are handed in beside the source."""
    return is_junk(name.casefold().removesuffix(MODEL_SUFFIX) or ".")


def _file_times(folder: Path) -> Iterator[float]:
    return islice(_walk_times(os.fspath(folder), MAX_DEPTH), MAX_DATED_ENTRIES)


def _walk_times(folder: str, depth: int) -> Iterator[float]:
    try:
        with os.scandir(folder) as listing:
            for entry in listing:
                if entry.name.startswith(".") or is_junk(entry.name):
                    continue
                if entry.is_file(follow_symlinks=False):
                    yield entry.stat(follow_symlinks=False).st_mtime
                elif depth > 0 and entry.is_dir(follow_symlinks=False):
                    yield from _walk_times(entry.path, depth - 1)
    except OSError:  # unreadable or gone: `collect` will say so
        return
