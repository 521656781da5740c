"""Sends the killing signal to every process it may, its init included.

Goal: a crash
Ends: graded, crashed
"""

import contextlib
import os
import signal

from kit import KNOWN, plain


def train():
    for process in (1, KNOWN["grader_pid"], os.getppid() if os.getppid() != 1 else 1, -1):
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)
    return plain()
