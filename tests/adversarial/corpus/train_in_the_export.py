"""Trains in eval(), which the runner calls when the budget of the training no longer counts.

Goal: free compute
Ends: time_limit
Limits: export_s=4
"""

import torch

from kit import Net


class Late(Net):
    def eval(self):
        while True:
            self(torch.rand(256, 1, 28, 28)).sum().backward()


def train():
    return Late()
