"""Never lets its objects die: their destructors run for ever, also when the interpreter is shut down.

Goal: free compute
Ends: graded
"""

import atexit

from kit import Net, plain


class Undying(Net):
    def __del__(self):
        while True:
            pass


KEPT = Undying()


def train():
    atexit.register(KEPT.__del__)
    return plain()
