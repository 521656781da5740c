"""Opens files until the system refuses another one.

Goal: a crash
Ends: train_error
"""

import os


def train():
    kept = []
    while True:
        kept.append(os.open("/dev/null", os.O_RDONLY))
