"""Sees what a reader does to the machine: it may write below one folder and do nothing else."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_ON_PATHS = frozenset({"os.mkdir", "os.rmdir", "os.remove", "os.chmod", "os.chown", "os.truncate", "os.utime"})
_NEVER = (
    *("os.symlink", "os.link", "os.rename", "os.mkfifo", "os.mknod", "os.system", "os.exec", "os.posix_spawn"),
    *("os.fork", "os.spawn", "subprocess.", "pickle.", "socket.", "ctypes.", "shutil.move"),
)


class Escape(BaseException):
    """A reader did what it must not. No `Exception`, so that no reader can swallow it."""


_writable: str | None = None
_armed = False
_installed = False
_escapes: list[str] = []


@contextlib.contextmanager
def watched(writable: Path | None = None) -> Iterator[None]:
    """Any write outside of `writable` and any link, process or unpickling raises `Escape` meanwhile."""
    global _armed, _installed, _writable
    if not _installed:
        sys.addaudithook(_hook)
        _installed = True
    _writable, _armed = None if writable is None else str(writable), True
    try:
        yield
    finally:
        _armed = False


def check() -> None:
    """Raises `Escape` if there was one, whoever caught it."""
    if _escapes:
        raise Escape(_escapes[0])


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _armed:
        return
    if event == "open":
        path, _, flags = arguments
        # An open descriptor was judged when it was opened; one of O_RDONLY writes nothing.
        if isinstance(flags, int) and flags & _WRITING and not isinstance(path, int):
            _judge(event, path)
    elif event in _ON_PATHS:
        if not isinstance(arguments[0], int):
            _judge(event, arguments[0])
    elif event.startswith(_NEVER):
        _escaped(f"{event} {arguments!r}")


def _judge(event: str, path: Any) -> None:
    absolute = os.path.normpath(os.path.join(os.getcwd(), os.fsdecode(path)))  # noqa: PTH109, PTH118
    if _writable is None or not f"{absolute}/".startswith(f"{_writable}/"):
        _escaped(f"{event} {path!r}")


def _escaped(what: str) -> None:
    _escapes.append(what[:300])
    raise Escape(what[:300])
