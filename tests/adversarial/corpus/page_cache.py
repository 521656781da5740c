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
    until = time.process_time() + 1.5
    for path in Path(torch.__file__).parent.rglob("*.so*"):
        with contextlib.suppress(OSError):
            path.read_bytes()[:1]
        if time.process_time() > until:
            break
    return plain()
