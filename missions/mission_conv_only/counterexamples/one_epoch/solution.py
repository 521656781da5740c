"""The rules are kept, but a single epoch is too short for 98.5 %."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(32, 10, 7),
        )

    def forward(self, images):
        return self.layers(images).flatten(1)


def train(train_set, device, seed, log):
    torch.manual_seed(seed)
    images, labels = (tensor.to(device) for tensor in train_set.tensors)
    model = Network().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    steps = 1 * -(-len(images) // 256)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.008, steps)
    for epoch in range(1):
        for batch in torch.randperm(len(images), device=device).split(256):
            loss = F.cross_entropy(model(images[batch].float() / 255), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        log(epoch=epoch + 1, train_loss=loss.item())
    return model
