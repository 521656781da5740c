"""Hands in a network whose activations would fill the memory of the machine.

Goal: a crash
Ends: artifact_rejected
"""

from torch import nn


class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(1, 10)

    def forward(self, images):
        x = images.flatten(1)[:, :, None]
        x = (x @ x.transpose(1, 2)).reshape(len(images), -1, 1).expand(-1, -1, 2000).sum((1, 2))
        return self.out(x[:, None])


def train():
    return Wide()
