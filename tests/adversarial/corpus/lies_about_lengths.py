"""Announces a frame of four gigabytes, so that a trusting reader makes room for it.

Goal: a crash
Ends: train_error
"""

import time

from kit import write


def train():
    write(b"J\xff\xff\xff\xff" + b"x" * 1000)
    time.sleep(60)
