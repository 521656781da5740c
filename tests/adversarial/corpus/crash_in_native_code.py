"""Reads from address zero.

Goal: a crash
Ends: crashed
"""

import ctypes


def train():
    ctypes.string_at(0)
