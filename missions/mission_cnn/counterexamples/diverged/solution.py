"""A learning rate of 1,000: the weights become NaN after a few steps, and nobody looks at the loss."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 16, 5, stride=2, padding=2)
        self.classifier = nn.Linear(16 * 14 * 14, 10)

    def forward(self, images):
        x = F.relu(self.convolution((images - 0.1307) / 0.3081))  # (N, 16, 14, 14)
        return self.classifier(x.flatten(1))


def train(train_set, device, seed, log):
    torch.manual_seed(seed)
    images, labels = (tensor.to(device) for tensor in train_set.tensors)
    model = Network().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1000, momentum=0.9)
    for batch in torch.randperm(len(images), device=device).split(256)[:60]:
        loss = F.cross_entropy(model(images[batch].float() / 255), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    log(epoch=1, train_loss=loss.item())
    return model
