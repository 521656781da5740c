"""Connects to the grading machine, its gateway and the internet, over IPv4 and IPv6.

Goal: the host
Ends: graded
Bare: loots
"""

import contextlib
import socket

from kit import KNOWN, loot, plain

PLACES = (
    (socket.AF_INET, ("127.0.0.1", KNOWN["tcp_port"])),
    (socket.AF_INET, ("172.17.0.1", KNOWN["tcp_port"])),
    (socket.AF_INET, ("1.1.1.1", 443)),
    (socket.AF_INET6, ("::1", KNOWN["tcp_port"])),
    (socket.AF_INET6, ("2606:4700:4700::1111", 443)),
)


def train():
    for family, address in PLACES:
        with contextlib.suppress(OSError), socket.socket(family) as door:
            door.settimeout(0.3)
            door.connect(address)
            loot((address, door.recv(100)))
    return plain()
