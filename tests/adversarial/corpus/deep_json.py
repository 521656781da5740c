"""Sends JSON nested so deep that a parser without bounds overflows its stack.

Goal: a crash
Ends: train_error
"""

from kit import plain, speak


def train():
    speak(b'{"event":' + b"[" * 30_000 + b"]" * 30_000 + b"}")
    return plain()
