"""Makes empty files until there is no room for another name.

Goal: a crash
Ends: memory_limit, disk_limit, time_limit
"""

from pathlib import Path


def train():
    number = 0
    while True:
        folder = Path(str(number))
        folder.mkdir()
        for file in range(1000):
            (folder / str(file)).touch()
        number += 1
