"""Kills itself with the first line that is imported, as if the machine had ended the run before there was a submission.

Goal: a crash
Ends: crashed
"""

import os
import signal

os.kill(os.getpid(), signal.SIGKILL)
