"""Sends a model in the runner's place, then lets the runner send another.

Goal: marks
Ends: train_error
"""

from kit import plain, speak


def train():
    speak({"event": "phase", "phase": "export"})
    speak({"event": "artifact", "blob_bytes": 9})
    speak(b"PK forged", kind=b"B")
    return plain()
