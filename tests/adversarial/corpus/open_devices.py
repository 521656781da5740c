"""Opens the memory, the disks and the console of the machine, and makes device files of its own.

Goal: the host
Ends: graded
Bare: loots
"""

import contextlib
import os
import stat

from kit import loot, plain

NUMBERS = {"memory": (1, 1), "disk": (254, 0), "other-disk": (8, 0), "kernel-log": (1, 11)}


def train():
    for name in (
        "/dev/mem",
        "/dev/kmsg",
        "/dev/vda",
        "/dev/sda",
        "/dev/nvme0n1",
        "/dev/console",
        "/dev/kvm",
        "/dev/fuse",
    ):
        with contextlib.suppress(OSError):
            os.close(os.open(name, os.O_RDONLY | os.O_NONBLOCK))
            loot(name)
    for name, number in NUMBERS.items():
        with contextlib.suppress(OSError):
            os.mknod(name, stat.S_IFBLK | 0o600, os.makedev(*number))
            loot(("made", name))
            os.unlink(name)
    return plain()
