"""Becomes root by asking, and by every set-user-id program that it finds.

Goal: the host
Ends: graded
"""

import contextlib
import os
import subprocess
from pathlib import Path

from kit import loot, plain


def train():
    for become in (
        lambda: os.setuid(0),
        lambda: os.setresuid(0, 0, 0),
        lambda: os.setgid(0),
        lambda: os.setgroups([0]),
    ):
        with contextlib.suppress(OSError):
            become()
            loot("root by asking")
    for folder in ("/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/lib/openssh"):
        for path in Path(folder).glob("*"):
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                if path.stat().st_mode & 0o4000 and path.name in ("su", "mount", "passwd", "newgrp"):
                    done = subprocess.run([path, "--help"], capture_output=True, timeout=2, check=False)
                    if b"uid=0" in done.stdout:
                        loot(path)
    privileges = Path("/proc/self/status").read_text()
    effective = next(line for line in privileges.splitlines() if line.startswith("CapEff"))
    if int(effective.split()[1], 16):
        loot(effective)
    return plain()
