"""Floods both streams by system calls, beside whatever Python counts.

Goal: a crash
Ends: output_limit, train_error
"""

import os


def train():
    noise = bytes(2**16)
    while True:
        os.write(2, noise)
