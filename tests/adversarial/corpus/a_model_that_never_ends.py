"""Hands in a network that takes hours for the test images.

Goal: free compute
Ends: artifact_rejected
"""

import torch
from torch import nn


class Slow(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 64, 9, padding=4)
        self.out = nn.Linear(64, 10)

    def forward(self, images):
        x = images.expand(-1, 64, -1, -1)
        for _ in range(100):
            x = torch.relu(self.conv(x))
        return self.out(x.mean((2, 3)))


def train():
    return Slow()
