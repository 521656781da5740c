"""Leaves with the exit status that an engine gives for a run that an administrator has killed.

Goal: a crash
Ends: crashed
"""

import os


def train():
    os._exit(137)
