"""Trainer as a class; random rotation of each batch by an affine grid."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Options:
    epochs: int = 6
    batch: int = 250
    rate: float = 2e-3
    angle: float = 0.2


class Digits(nn.Module):
    CHANNELS = (1, 16, 32, 64)

    def __init__(self) -> None:
        super().__init__()
        pairs = zip(self.CHANNELS[:-1], self.CHANNELS[1:], strict=True)
        self.convs = nn.ModuleList([nn.Conv2d(i, o, 3, padding="same") for i, o in pairs])
        self.norms = nn.ModuleList([nn.BatchNorm2d(o) for o in self.CHANNELS[1:]])
        self.classify = nn.Conv2d(64, 10, 3)

    def forward(self, images):
        for conv, norm in zip(self.convs, self.norms, strict=True):
            images = F.leaky_relu(norm(conv(images)), 0.1)
            images = F.avg_pool2d(images, 2)
        return self.classify(images).flatten(1)


class Trainer:
    def __init__(self, data, device, options):
        self.images, self.labels = (part.to(device) for part in data.tensors)
        self.device, self.options = device, options
        self.network = Digits().to(device)
        self.adam = torch.optim.NAdam(self.network.parameters(), options.rate)

    def rotated(self, batch):
        angle = (torch.rand(len(batch), device=self.device) - 0.5) * 2 * self.options.angle
        rows = torch.stack([angle.cos(), -angle.sin(), 0 * angle, angle.sin(), angle.cos(), 0 * angle], dim=1)
        grid = F.affine_grid(rows.view(-1, 2, 3), list(batch.shape), align_corners=False)
        return F.grid_sample(batch, grid, align_corners=False)

    def epoch(self):
        self.network.train()
        total = 0.0
        for indices in torch.randperm(len(self.labels)).split(self.options.batch):
            batch = self.rotated(self.images[indices].float().mul(1 / 255))
            self.adam.zero_grad()
            error = F.nll_loss(F.log_softmax(self.network(batch), dim=1), self.labels[indices])
            error.backward()
            self.adam.step()
            total += error.item() * len(indices)
        return total / len(self.labels)


def train(train_set, device, seed, log):
    torch.manual_seed(seed)
    trainer = Trainer(train_set, device, Options())
    for number in range(trainer.options.epochs):
        log(epoch=number, train_loss=trainer.epoch())
    return trainer.network.eval()
