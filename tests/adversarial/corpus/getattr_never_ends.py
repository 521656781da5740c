"""Answers every question for an attribute by never answering.

Goal: free compute
Ends: time_limit
Limits: export_s=4
"""

from kit import Net


class Endless(Net):
    def __getattribute__(self, name):
        if name in ("to", "eval", "modules"):
            while True:
                pass
        return super().__getattribute__(name)


def train():
    return Endless()
