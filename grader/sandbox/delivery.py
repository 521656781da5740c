"""What a program is given over its standard input: one job and the files that go with it.

Files travel this way instead of as mounts, so that a program can be started before it is known what for.
"""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.runner.protocol import encode_message

OVERHEAD_BYTES = 96 * 1024**2
"""Room that delivered files may take in a scratch folder: a submission of 50 MiB, or a model and the test images."""


def encode_delivery(job: Mapping[str, Any], files: Mapping[str, Path | bytes]) -> bytes:
    """The bytes for the program's standard input.

    Args:
        job: what it is to do; JSON.
        files: files and folders, or what is to be in a file, by the name under which the program finds them; links
            are left out.
    """
    return b"".join(encode_message(dict(job), _archive(files)))


def _archive(files: Mapping[str, Path | bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, source in files.items():
            if isinstance(source, Path):
                archive.add(source, arcname=name, filter=plain_member)
            else:
                add_content(archive, name, source)
    return packed.getvalue()


def add_content(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    """Puts a file of that content into the archive."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o444
    archive.addfile(member, io.BytesIO(content))


def plain_member(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Files and folders only, the same bytes for the same content, nothing of the host in them."""
    if not (member.isfile() or member.isdir()):
        return None
    member.mode = 0o755 if member.isdir() else 0o444
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member
