"""Holds memory in files without a name, which no folder shows and no process maps.

Goal: a crash
Ends: memory_limit, train_error
"""

import ctypes
import os


def train():
    kept = []
    while True:
        descriptor = ctypes.CDLL(None).memfd_create(b"hidden", 0)
        if descriptor < 0:
            raise OSError("memfd_create is refused")
        kept.append(descriptor)
        for _ in range(16):
            os.write(descriptor, bytes(2**22))
