"""Files and folders on disk that a student may have laid out, opened without following a link anywhere."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from grader.errors import DiskFull, GraderError, InfrastructureError, SubmissionInvalid
from grader.submission.intake import CHUNK_BYTES, Intake, not_plain, too_large_in_all
from grader.submission.names import MAX_DEPTH, decode_name, printable
from grader.text import Text

# O_NONBLOCK: opening a pipe must not wait for a writer. The kind is judged on the open descriptor, so swapping the
# entry between look and open gains nothing.
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_OPEN_FOLDER = _OPEN_FILE | os.O_DIRECTORY

_STUDENT_SIDE = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO, errno.ENAMETOOLONG}
)


def translated(error: OSError, shown_name: str, *, ours: bool = False) -> GraderError:
    """The grader's error for an `OSError`: the student's where the file is at fault, else the machine's.

    Args:
        error: out of an operation on a file.
        shown_name: which file, fit to print.
        ours: the file is the grader's own, so that no student can be at fault.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            Text(en="There is no space left on the disk.", ko="디스크에 남은 공간이 없습니다."),
            Text(en="Free some space and grade again.", ko="공간을 확보한 뒤 다시 채점해 주세요."),
        )
    if ours or error.errno not in _STUDENT_SIDE:
        return InfrastructureError(
            Text(
                en=f"“{shown_name}” can't be read or written: {error.strerror}.",
                ko=f"“{shown_name}”을(를) 읽거나 쓸 수 없습니다: {error.strerror}.",
            )
        )
    if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
        return not_plain(shown_name)
    return SubmissionInvalid(
        Text(en=f"“{shown_name}” can't be opened.", ko=f"“{shown_name}”을(를) 열 수 없습니다."),
        Text(
            en="Check that it is still there and that you may read it.",
            ko="파일이 그대로 있는지, 읽기 권한이 있는지 확인해 주세요.",
        ),
    )


def read_file(path: Path, limit_bytes: int) -> bytes:
    """The bytes of one plain file.

    Args:
        path: its last component is untrusted and may be anything.

    Raises:
        SubmissionInvalid: a link or special file, not readable, or larger than `limit_bytes`.
    """
    shown = printable(path.name)
    with _errors_translated(shown):
        descriptor = os.open(path, _OPEN_FILE)
        with _plain(descriptor, shown, owner=None):
            content = bytearray()
            while chunk := os.read(descriptor, CHUNK_BYTES):
                content += chunk
                if len(content) > limit_bytes:
                    raise too_large_in_all(limit_bytes)
            return bytes(content)


def read_folder(path: Path, intake: Intake) -> None:
    """Reads every file below a folder into `intake`, sorted by name. Junk is neither opened nor entered.

    Args:
        path: untrusted from its last component on; may be changed by others while it is read.

    Raises:
        SubmissionInvalid: it holds links or special files, or passes a limit.
    """
    shown = printable(path.name)
    with _errors_translated(shown):
        descriptor = os.open(path, _OPEN_FOLDER)
        try:
            _read_folder(descriptor, "", os.fstat(descriptor).st_uid, intake)
        finally:
            os.close(descriptor)


def _read_folder(folder: int, prefix: str, owner: int, intake: Intake) -> None:
    """Walks one open folder; depth is bounded by `vet_name` before a subfolder is opened (≤ MAX_DEPTH descriptors)."""
    with os.scandir(folder) as listing:
        raw_names = []
        for entry in listing:
            raw_names.append(os.fsencode(entry.name))
            if len(raw_names) > intake.limits.entries:
                break  # one too many for `vet`, which refuses
    for raw_name in sorted(raw_names):
        name = intake.vet(prefix + decode_name(raw_name))
        if name is None:
            continue
        shown = printable(name)
        with _errors_translated(shown):
            kind = stat.S_IFMT(os.stat(raw_name, dir_fd=folder, follow_symlinks=False).st_mode)
            if kind == stat.S_IFDIR:
                intake.add_folder(name)
                subfolder = os.open(raw_name, _OPEN_FOLDER, dir_fd=folder)
                try:
                    _read_folder(subfolder, name + "/", owner, intake)
                finally:
                    os.close(subfolder)
            elif kind == stat.S_IFREG:
                descriptor = os.open(raw_name, _OPEN_FILE, dir_fd=folder)
                with _plain(descriptor, shown, owner=owner):
                    intake.add_file(name, partial(os.read, descriptor))
            else:
                raise not_plain(shown)


assert MAX_DEPTH < 64, "each level holds a descriptor open and a Python frame"


@contextlib.contextmanager
def _plain(descriptor: int, shown: str, *, owner: int | None) -> Iterator[None]:
    """Closes `descriptor` at the end, and refuses what is not a plain file of the student's own.

    A second hard link is normal (backups, deduplication); one whose owner is not the folder's owner is a student
    pointing at somebody else's file.
    """
    try:
        facts = os.fstat(descriptor)
        foreign_link = owner is not None and facts.st_nlink > 1 and facts.st_uid != owner
        if not stat.S_ISREG(facts.st_mode) or foreign_link:
            raise not_plain(shown)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _errors_translated(shown: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise translated(error, shown) from error
