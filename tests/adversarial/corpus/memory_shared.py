"""Takes memory as shared mappings without a name, which belong to no process in particular.

Goal: a crash
Ends: memory_limit
"""

import mmap


def train():
    kept = []
    while True:
        piece = mmap.mmap(-1, 2**26)
        for page in range(0, 2**26, 4096):
            piece[page] = 1
        kept.append(piece)
