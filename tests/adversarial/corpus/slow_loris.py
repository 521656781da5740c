"""Sends half of a header, a byte of it late, and never the rest: a grader that waits for it waits for ever.

Goal: free compute
Ends: time_limit
"""

import time

from kit import write


def train():
    write(b"J\x00")
    time.sleep(1)
    write(b"\x00")
    while True:
        time.sleep(1)
