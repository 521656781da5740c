"""Reads every file it can see, again and again, so that the machine's cache holds nothing else.

Goal: a crash
Ends: graded
"""

import contextlib
import time
from pathlib import Path

import torch

from kit import plain


def train():
    # Piece by piece, and not for long: a larger file than the memory limit, or a slow disk, would end it otherwise.
    until, late = time.process_time() + 1.5, time.monotonic() + 5
    for path in Path(torch.__file__).parent.rglob("*.so*"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            while file.read(1024**2) and time.process_time() < until and time.monotonic() < late:
                pass
    return plain()
