"""Returns a network whose parameters are of a tensor class that computes what it likes.

Goal: marks
Ends: export_failed, train_error, artifact_rejected
"""

import torch
from torch import nn

from kit import Net


class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, arguments=(), options=None):
        raise RuntimeError("computed elsewhere")


class Lying(Net):
    def __init__(self):
        super().__init__()
        self.out.weight = nn.Parameter(self.out.weight.detach().as_subclass(Liar))


def train():
    return Lying()
