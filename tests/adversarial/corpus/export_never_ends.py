"""Computes for ever in forward(), which is called when the model is exported.

Goal: free compute
Ends: time_limit
Limits: export_s=4
"""

from kit import Net


class Endless(Net):
    def forward(self, images):
        while True:
            pass


def train():
    return Endless()
