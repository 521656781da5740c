"""Reads the runner's messages back out of the pipe, so that the run seems to end before this code was reached.

Goal: a crash
Ends: train_error
"""

import contextlib
import os

for name in ("/proc/1/fd/1", "/proc/self/fd/1", *(f"/proc/self/fd/{number}" for number in range(3, 20))):
    with contextlib.suppress(OSError):
        os.read(os.open(name, os.O_RDONLY | os.O_NONBLOCK), 4096)
os._exit(3)
