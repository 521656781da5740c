"""Writes until nothing more fits.

Goal: a crash
Ends: disk_limit
"""

from pathlib import Path


def train():
    with Path("filled").open("wb") as file:
        while True:
            file.write(bytes(2**20))
