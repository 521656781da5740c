"""Leaves a process behind that holds the channel and writes into it while the runner sends the model.

Goal: a crash
Ends: train_error
"""

import os
import time

from kit import plain, write


def train():
    if os.fork() == 0:
        os.setsid()
        while True:
            write(b"J\x00\x00\x00\x02{}")
            time.sleep(0.001)
    time.sleep(0.2)
    return plain()
