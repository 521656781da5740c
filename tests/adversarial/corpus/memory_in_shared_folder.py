"""Fills the folder for shared memory, and holds as much again by itself.

Goal: a crash
Ends: memory_limit
"""

from pathlib import Path


def train():
    with Path("/dev/shm/filled").open("wb") as file:
        for _ in range(400):
            file.write(bytes(2**20))
    kept = []
    while True:
        kept.append(b"x" * 2**22)
