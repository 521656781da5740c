"""Asks for far more memory than there is, in one piece, and touches all of it.

Goal: a crash
Ends: memory_limit
"""


def train():
    return bytearray(b"x") * (2**40)
