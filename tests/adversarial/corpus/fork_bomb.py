"""Forks for ever, and every child does.

Goal: a crash
Ends: process_limit
"""

import os


def train():
    while True:
        try:
            os.fork()
        except OSError:
            pass
