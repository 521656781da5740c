"""Makes files of a terabyte that hold nothing, in case somebody copies or measures them.

Goal: a crash
Ends: graded, train_error
"""

import os

from kit import plain


def train():
    for number in range(100):
        with open(f"sparse-{number}", "wb") as file:
            os.truncate(file.fileno(), 2**40)
    return plain()
