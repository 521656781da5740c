"""Leaves a daemon behind that listens on a port and an abstract name, for the next submission to talk to.

Goal: others' work
Ends: graded
"""

import contextlib
import os
import socket
import time

from kit import KNOWN, plain


def train():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            with contextlib.suppress(OSError), socket.socket() as port, socket.socket(socket.AF_UNIX) as name:
                port.bind(("0.0.0.0", KNOWN["own_port"]))
                port.listen()
                name.bind("\0" + KNOWN["own_name"])
                name.listen()
                time.sleep(600)
        os._exit(0)
    os.wait()
    return plain()
