"""Takes memory as fast as it can.

Goal: a crash
Ends: memory_limit
"""


def train():
    kept = []
    while True:
        kept.append(bytearray(b"x") * 2**24)
