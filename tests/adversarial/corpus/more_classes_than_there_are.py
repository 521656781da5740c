"""Hands in a network with so many logits that they fit no message of the evaluation, which would look like its fault.

Goal: a crash
Ends: artifact_rejected
"""

from kit import Net


class Wide(Net):
    def forward(self, images):
        return super().forward(images).repeat(1, 500)


def train():
    return Wide()
