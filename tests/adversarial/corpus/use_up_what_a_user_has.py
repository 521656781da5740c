"""Takes all pipe buffers, watches and queued signals that the kernel gives one user, who may be the grader's as well.

Goal: a crash
Ends: graded, train_error
"""

import contextlib
import ctypes
import fcntl
import os

from kit import plain

KEPT = []


def train():
    libc = ctypes.CDLL(None)
    with contextlib.suppress(OSError):
        for _ in range(300):
            pipe = os.pipe()
            KEPT.append(pipe)
            with contextlib.suppress(OSError):
                fcntl.fcntl(pipe[1], fcntl.F_SETPIPE_SZ, 2**20)
    for _ in range(200):
        watch = libc.inotify_init()
        for name in (b"/", b"/data", b"/usr", b"/scratch"):
            libc.inotify_add_watch(watch, name, 0xFFF)
    libc.setpriority(2, 0, 19)
    return plain()
