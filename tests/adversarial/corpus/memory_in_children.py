"""Spreads its memory over many processes, each of which stays below the limit.

Goal: a crash
Ends: memory_limit
"""

import os
import time


def train():
    for _ in range(16):
        if os.fork() == 0:
            kept = bytearray(b"x") * (120 * 2**20)
            time.sleep(600)
            os._exit(len(kept) % 2)
    while True:
        time.sleep(1)
