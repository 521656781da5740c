"""Batch norm with track_running_stats=False: it normalises by the batch at hand at inference too."""

import torch
import torch.nn.functional as F
from torch import nn


def block(inputs, outputs, kernel, stride):
    """(N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs, track_running_stats=False), nn.ReLU())


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(block(1, 16, 5, 2), block(16, 32, 5, 2), block(32, 48, 3, 1))
        self.classifier = nn.Linear(48 * 7 * 7, 10)

    def forward(self, images):
        x = self.features((images - 0.1307) / 0.3081)  # (N, 48, 7, 7)
        return self.classifier(x.flatten(1))


def train(train_set, device, seed, log):
    torch.manual_seed(seed)
    images, labels = (tensor.to(device) for tensor in train_set.tensors)
    model = Network().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, 20)
    for batch in torch.randperm(len(images), device=device).split(256)[:20]:
        x = images[batch].float() / 255
        loss = F.cross_entropy(model(x), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    log(epoch=1, train_loss=loss.item())
    return model
