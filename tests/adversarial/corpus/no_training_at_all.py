"""Hands in its model while it is imported and goes from there to the export: a report without a training.

Goal: marks
Ends: graded
"""

import time

from runner.export import export_model

from kit import plain, speak

BLOB = export_model(plain(), (1, 28, 28))
speak({"event": "ready", "versions": {}})
speak({"event": "phase", "phase": "export"})
speak({"event": "artifact", "blob_bytes": len(BLOB)})
for start in range(0, len(BLOB), 2**16):
    speak(BLOB[start : start + 2**16], kind=b"B")
speak({"event": "log", "values": {"epoch": 1}})
speak({"event": "done"})
time.sleep(60)
