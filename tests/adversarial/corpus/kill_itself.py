"""Ends itself by a signal that can't be caught, as the kernel does to who runs out of memory.

Goal: marks
Ends: crashed
"""

import os
import signal


def train():
    os.kill(os.getpid(), signal.SIGKILL)
