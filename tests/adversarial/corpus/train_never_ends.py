"""Trains on after its budget is used up.

Goal: free compute
Ends: time_limit
"""

import torch

from kit import plain


def train():
    net = plain()
    while True:
        net(torch.rand(256, 1, 28, 28)).sum().backward()
