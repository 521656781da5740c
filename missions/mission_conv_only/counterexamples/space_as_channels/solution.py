"""Every pixel becomes a channel, so that 1x1 convolutions are dense layers."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(784, 64, 1), nn.ReLU(), nn.Conv2d(64, 10, 1))

    def forward(self, images):
        return self.layers(images.reshape(-1, 784, 1, 1)).flatten(1)


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
