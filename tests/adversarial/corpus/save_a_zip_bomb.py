"""Replaces the exported model by an archive that unpacks to gigabytes.

Goal: a crash
Ends: artifact_rejected
"""

import zipfile

import torch

from kit import plain


def bomb(program, archive):
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(20):
            packed.writestr(f"model/data/weights/weight_{number}", bytes(100 * 2**20), compresslevel=1)


def train():
    torch.export.save = bomb
    return plain()
