"""Prints without ever ending the line.

Goal: a crash
Ends: output_limit
"""


def train():
    while True:
        print("x" * 10_000, end="")
