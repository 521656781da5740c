"""Raises SystemExit(0), which a careless runner takes for success.

Goal: marks
Ends: train_error
"""

import sys


def train():
    sys.exit(0)
