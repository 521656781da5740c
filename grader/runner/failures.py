"""Turn an exception of the student's code into plain data: what, where, in which of their lines."""

import errno
import linecache
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from .protocol import DISK_FULL

MAX_MESSAGE_CHARS = 2_000
MAX_SOURCE_CHARS = 200
MAX_FRAMES = 20


class ContractError(Exception):
    """The submission does not keep the mission's contract.

    Args:
        code: which clause, such as `no_train`; the host has the words for it.
        details: names and types that the words need.
    """

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def describe(error: BaseException, submission: Path) -> dict[str, Any]:
    """The fields of a `failure` message: type, message, and the frames that lie in the submission."""
    return {
        "kind": "contract" if isinstance(error, ContractError) else "exception",
        "code": error.code if isinstance(error, ContractError) else _cause(error),
        "details": {key: _short(value) for key, value in error.details.items()}
        if isinstance(error, ContractError)
        else {},
        "type": _type_name(error),
        "message": _short(error),
        "frames": _student_frames(error, submission),
    }


def _cause(error: BaseException) -> str:
    """What the host can't tell from type and message: torch and NumPy name a full disk each in their own way."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DISK_FULL
    if isinstance(error, (OSError, RuntimeError)):
        space = os.statvfs(".")
        return DISK_FULL if space.f_bavail == 0 or space.f_files > 0 == space.f_favail else ""
    return ""


def _student_frames(error: BaseException, submission: Path) -> list[dict[str, Any]]:
    frames = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = _relative(frame.f_code.co_filename, submission)
        if name is not None:
            source = linecache.getline(frame.f_code.co_filename, line).strip()
            frames.append(_frame(name, line, frame.f_code.co_name, source))
    if isinstance(error, SyntaxError) and error.filename:
        name = _relative(error.filename, submission)
        if name is not None:
            frames.append(_frame(name, error.lineno or 0, "", (error.text or "").strip()))
    return frames[-MAX_FRAMES:]


def _frame(file: str, line: int, function: str, source: str) -> dict[str, Any]:
    return {"file": file[:200], "line": line, "function": function[:100], "source": source[:MAX_SOURCE_CHARS]}


def _relative(filename: str, submission: Path) -> str | None:
    try:
        return Path(filename).resolve().relative_to(submission.resolve()).as_posix()
    except (ValueError, OSError, RuntimeError):
        return None


def _type_name(error: BaseException) -> str:
    return type(error).__name__[:100]


def _short(value: object) -> str:
    """`str(value)`, whatever the student's `__str__` does."""
    try:
        text = value if isinstance(value, str) else str(value)
    except BaseException:
        text = f"<{type(value).__name__} that can't be shown>"
    return text[:MAX_MESSAGE_CHARS]


def flush_student_output() -> None:
    """Pushes out what the student printed, if their streams still work."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # noqa: S112 - the student may have replaced the streams by anything
            continue
