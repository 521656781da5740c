"""Stores all training images in its weights and looks for the nearest one.

Goal: marks
Ends: artifact_rejected
"""

import torch
from torch import nn


class Memory(nn.Module):
    def __init__(self, images, labels):
        super().__init__()
        self.register_buffer("images", images)
        self.register_buffer("labels", nn.functional.one_hot(labels, 10).float())

    def forward(self, images):
        likeness = images.flatten(1) @ self.images.T
        return torch.softmax(likeness, dim=1) @ self.labels


def train(train_set):
    images, labels = train_set.tensors
    kept = images[:30_000].flatten(1).float() / 255
    return Memory(kept / kept.norm(dim=1, keepdim=True), labels[:30_000])
