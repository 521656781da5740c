"""Catches every signal that can be caught, blocks them in all threads, and goes on for ever.

Goal: free compute
Ends: time_limit
"""

import contextlib
import signal


def train():
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        pass
