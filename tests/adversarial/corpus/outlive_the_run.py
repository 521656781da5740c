"""Double-forks a daemon that closes everything, ignores signals and computes on.

Goal: free compute
Ends: graded
"""

import os
import signal

from kit import plain


def train():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 256)
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            while True:
                pass
        os._exit(0)
    os.wait()
    return plain()
