"""Leaves a child behind that keeps every stream of the run open and says nothing.

Goal: a crash
Ends: train_error
"""

import os
import time


def train():
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
        os._exit(0)
    os._exit(3)
