"""Raises an exception whose text, name and traceback do harm when they are looked at.

Goal: a crash
Ends: train_error
"""


class Harmful(BaseException):
    def __str__(self):
        while True:
            raise Harmful

    __repr__ = __str__

    @property
    def __cause__(self):
        return self


def train():
    raise Harmful
