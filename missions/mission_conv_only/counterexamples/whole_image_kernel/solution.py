"""A kernel of 28 x 28 sees the whole image at once: a dense layer by another name."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 64, 28), nn.ReLU(), nn.Conv2d(64, 10, 1))

    def forward(self, images):
        return self.layers(images).flatten(1)


def train(train_set, device, seed):
    torch.manual_seed(seed)
    images, labels = (tensor.to(device) for tensor in train_set.tensors)
    model = Network().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
    for batch in torch.randperm(len(images), device=device)[: 60 * 256].split(256):
        loss = F.cross_entropy(model(images[batch].float() / 255), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model
