"""The job and its files, as they come over standard input. Standard library only: it runs before torch is imported."""

import io
import json
import os
import sys
import tarfile
from pathlib import Path
from typing import Any

from .protocol import FrameReader

MAX_DELIVERY_BYTES = 2**31
"""The host is trusted; this only keeps a broken one from being believed."""


def take_job(folder: Path) -> dict[str, Any]:
    """Waits for the job, unpacks its files, and gives it; standard input reads as empty from then on.

    Args:
        folder: where the files go; made here.
    """
    reader = FrameReader(max_blob_bytes=MAX_DELIVERY_BYTES, max_messages=1)
    (message,) = reader.feed(sys.stdin.buffer.read())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(message.blob or b"")) as archive:
        # By attribute, as Python before 3.11.4 (Debian 12 has 3.11.2) knows no argument of that name.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        archive.extractall(folder)  # noqa: S202 (of the host's making)
    job: dict[str, Any] = json.loads(message.raw_json)
    return job
