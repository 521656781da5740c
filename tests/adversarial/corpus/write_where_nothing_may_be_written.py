"""Writes into the system, the packages, the runner, the training data and its own submission.

Goal: others' work
Ends: graded
"""

import contextlib
import sys
from pathlib import Path

import torch

from kit import loot, plain

FOLDERS = ("/", "/usr", "/etc", "/runner", "/data", "/var", "/root", "/home", "/lib", "/sys", "/proc/sys/kernel")


def train():
    packages = Path(torch.__file__).parent
    for folder in (*FOLDERS, packages, packages.parent, Path(sys.executable).parent, Path(sys.prefix)):
        with contextlib.suppress(OSError):
            path = Path(folder) / "owned"
            path.write_text("owned")
            loot(path)
    return plain()
