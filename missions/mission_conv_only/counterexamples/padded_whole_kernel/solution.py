"""With a frame of zeros around the image its kernel of 28 x 28 is no longer the largest: a dense layer all the same."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Conv2d(1, 64, 28)
        self.classes = nn.Conv2d(64, 10, 3)

    def forward(self, images):
        x = F.pad(images, (1, 1, 1, 1))  # (N, 1, 30, 30)
        x = torch.relu(self.hidden(x))  # (N, 64, 3, 3), the one in the middle from the whole image
        return self.classes(x).flatten(1)


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
