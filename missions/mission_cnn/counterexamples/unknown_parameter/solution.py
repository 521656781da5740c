"""train() asks for a `train_loader`, a name this mission does not offer."""

import torch.nn.functional as F
from torch import nn


def block(inputs, outputs, kernel, stride):
    """(N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(block(1, 16, 5, 2), block(16, 32, 5, 2), block(32, 48, 3, 1))
        self.classifier = nn.Linear(48 * 7 * 7, 10)

    def forward(self, images):
        x = self.features((images - 0.1307) / 0.3081)  # (N, 48, 7, 7)
        return self.classifier(x.flatten(1))


def train(train_loader, device):
    model = Network().to(device)
    for images, labels in train_loader:
        F.cross_entropy(model(images.float() / 255), labels).backward()
    return model
