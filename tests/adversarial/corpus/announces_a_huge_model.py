"""Announces a model of a terabyte and begins to send it.

Goal: a crash
Ends: artifact_rejected
"""

import time

from kit import speak


def train():
    speak({"event": "phase", "phase": "export"})
    speak({"event": "artifact", "blob_bytes": 10**12})
    time.sleep(60)
