"""Logs infinities, not-a-number and integers of a thousand digits as JSON literals.

Goal: a crash
Ends: train_error
"""

from kit import plain, speak


def train():
    speak(b'{"event": "log", "values": {"loss": NaN, "gain": 1e999, "big": ' + b"9" * 1000 + b"}}")
    return plain()
