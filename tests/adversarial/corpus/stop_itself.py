"""Stops itself by SIGSTOP: no CPU second is used any more, so only the wall clock can end it.

Goal: free compute
Ends: time_limit
"""

import os
import signal


def train():
    os.kill(os.getpid(), signal.SIGSTOP)
