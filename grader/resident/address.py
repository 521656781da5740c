"""Where a resident grader listens: a socket in a folder that only its user can enter, and who is at its other end."""

import hashlib
import os
import socket
import stat
import struct
from collections.abc import Mapping
from pathlib import Path

import platformdirs

MAX_PATH_BYTES = 100
"""Of a socket's path: Linux takes 107, macOS 103."""
TELLS_WHO_ASKS = hasattr(socket, "SO_PEERCRED")
"""Whether the platform tells whose process is at the other end: Linux does."""
_CREDENTIALS = struct.Struct("3i")
"""Process, user and group, as `SO_PEERCRED` gives them."""


def socket_path(course: Path, cache_dir: Path | None, environment: Mapping[str, str]) -> Path:
    """Where the grader that is resident for a course listens on this machine: below `XDG_RUNTIME_DIR`, else below the
    cache folder.

    Args:
        course: the course's folder.
        cache_dir: as configured; None for the user's.
        environment: variables of this process.
    """
    # A home folder, in which caches lie, may be shared by machines.
    told = f"{socket.gethostname()}\0{course.resolve()}".encode("utf-8", "surrogateescape")
    name = f"{hashlib.sha256(told).hexdigest()[:16]}.sock"
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        folder = Path(runtime, "deep-grader")
    else:
        # As `grader.data` has it, which would load NumPy for this.
        folder = (cache_dir or Path(platformdirs.user_cache_dir("deep-grader"))).absolute() / "resident"
    if len(os.fsencode(folder / name)) > MAX_PATH_BYTES:
        folder = Path("/tmp", f"deep-grader-{os.getuid()}")  # noqa: S108 - used only where it is this user's alone
    return folder / name


def is_private(folder: Path) -> bool:
    """Whether it is a folder of this user's, no link, and closed to all others."""
    try:
        facts = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & 0o077


def is_own(connection: socket.socket) -> bool:
    """Whether a process of this user is at the other end; False where the platform does not tell."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return False
    _, user, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size))
    return bool(user == os.getuid())
