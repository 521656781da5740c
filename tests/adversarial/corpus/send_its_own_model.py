"""Exports by itself, sends that through the runner's channel and leaves: it is a model like any other.

Goal: marks
Ends: graded
"""

import io
import os

import torch

from kit import plain, speak


def train():
    batch = torch.export.Dim("batch", min=1, max=4096)
    program = torch.export.export(
        plain().eval(), (torch.rand(2, 1, 28, 28),), dynamic_shapes=({0: batch},), strict=False
    ).run_decompositions({})
    archive = io.BytesIO()
    torch.export.save(program, archive)
    blob = archive.getvalue()
    speak({"event": "phase", "phase": "export"})
    speak({"event": "artifact", "blob_bytes": len(blob)})
    for start in range(0, len(blob), 2**16):
        speak(blob[start : start + 2**16], kind=b"B")
    speak({"event": "done"})
    os._exit(0)
