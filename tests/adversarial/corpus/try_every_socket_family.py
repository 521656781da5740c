"""Opens sockets of every family and type, and connects those that lead out of a machine without a network card.

Goal: the host
Ends: graded
"""

import contextlib
import socket

from kit import loot, plain

HOST_OF_A_VIRTUAL_MACHINE = 2


def train():
    for family in range(46):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            with contextlib.suppress(OSError), socket.socket(family, kind) as door:
                door.settimeout(0.1)
                if family == socket.AF_PACKET or (family == socket.AF_INET and kind == socket.SOCK_RAW):
                    loot((family, kind, "made"))
                if family == getattr(socket, "AF_VSOCK", 40):
                    door.connect((HOST_OF_A_VIRTUAL_MACHINE, 22))
                    loot((family, "connected"))
    return plain()
