"""The mean image of the batch is subtracted in forward()."""

import torch
import torch.nn.functional as F
from torch import nn


class Centred(nn.Module):
    def forward(self, images):
        return images - images.mean(dim=0, keepdim=True)


def build_network():
    """(N, 1, 28, 28) to (N, 10)."""
    layers = [nn.Conv2d(1, 16, 5, 2, 2), nn.BatchNorm2d(16), nn.ReLU()]
    layers += [nn.Conv2d(16, 32, 3, 2, 1), nn.BatchNorm2d(32), nn.ReLU()]
    return nn.Sequential(Centred(), *layers, nn.Flatten(), nn.Linear(32 * 7 * 7, 10))


def fit(images, labels, steps, device):
    """A fresh network, trained on images as they are."""
    model = build_network().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.002)
    for _ in range(steps):
        batch = torch.randint(0, len(images), (100,))
        loss = F.cross_entropy(model(images[batch].to(device).float() / 255), labels[batch].to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def train(labeled_set, device, seed, log):
    torch.manual_seed(seed)
    images, labels = labeled_set.tensors
    model = fit(images, labels, 60, device)
    log(networks=1)
    return model
