"""Hides a call of ordinary Python in the graph, as a custom operation that only its own process knows.

Goal: marks
Ends: artifact_rejected, export_failed
"""

import torch

from kit import Net


@torch.library.custom_op("attack::answers", mutates_args=())
def answers(logits: torch.Tensor) -> torch.Tensor:
    return logits.clone()


@answers.register_fake
def _(logits):
    return torch.empty_like(logits)


class Calling(Net):
    def forward(self, images):
        return answers(super().forward(images))


def train():
    return Calling()
