"""Takes memory a little at a time, as a leak does.

Goal: a crash
Ends: memory_limit
"""

import time


def train():
    kept = []
    while True:
        kept.append(b"x" * 2**22)
        time.sleep(0.005)
