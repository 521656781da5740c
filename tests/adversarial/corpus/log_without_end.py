"""Logs as fast as it can, in the runner's place, to fill the grader's memory.

Goal: a crash
Ends: train_error
"""

from kit import speak


def train():
    while True:
        speak({"event": "log", "values": {str(number): 0.1 for number in range(32)}})
