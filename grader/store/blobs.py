"""Files by the hash of their content, in a folder: written whole or not at all, never changed."""

import contextlib
import errno
import hashlib
import os
import re
import time
import uuid
from pathlib import Path

from grader.errors import DiskFull, InfrastructureError
from grader.sandbox.owner import OwnerState, owned_name, owner_of_name
from grader.text import Text

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PARTIAL = "partial"
"""Folder of what is being written; beside the rest, so that it is moved in one step."""
_OLD_S = 24 * 3600.0
"""Whether a process on another machine or before the last boot still writes can't be told; none writes so long."""


class Blobs:
    """A folder of contents.

    Args:
        folder: made when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keeps `content` and gives its SHA-256; it is on the disk when this returns.

        Raises:
            DiskFull: there is no room.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        if path.is_file() and path.stat().st_size == len(content):
            return sha256
        partial = self.folder / _PARTIAL / owned_name(uuid.uuid4().hex)
        try:
            partial.parent.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(exist_ok=True)
            try:
                with partial.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise _translated(error, self.folder) from error
        return sha256

    def sweep(self) -> None:
        """Removes what was being written by a process that was killed."""
        with contextlib.suppress(OSError):
            for path in (self.folder / _PARTIAL).iterdir():
                owner = owner_of_name(path.name)
                state = owner.state() if owner is not None else OwnerState.FOREIGN
                is_old = time.time() - path.stat().st_mtime > _OLD_S
                if state is OwnerState.DEAD or (state is OwnerState.FOREIGN and is_old):
                    path.unlink(missing_ok=True)

    def get(self, sha256: str) -> bytes | None:
        """The content; None where it is not here or damaged."""
        with contextlib.suppress(OSError):
            content = self.path(sha256).read_bytes()
            if hashlib.sha256(content).hexdigest() == sha256:
                return content
        return None

    def path(self, sha256: str) -> Path:
        """Where that content lies, or would."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not a SHA-256")
        return self.folder / sha256[:2] / sha256


def _translated(error: OSError, folder: Path) -> InfrastructureError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            Text(f"The disk with {folder} is full.", f"{folder}이(가) 있는 디스크에 남은 공간이 없습니다."),
            Text("Free some space, then start the same batch again.", "공간을 확보한 뒤 같은 명령을 다시 실행하세요."),
        )
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return InfrastructureError(
        Text(f"{folder} can't be written to: {reason}.", f"{folder}에 쓸 수 없습니다: {reason}.")
    )
