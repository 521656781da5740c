"""F.dropout without `training=self.training` drops features at inference as well."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 16, 5, stride=4, padding=2)
        self.classes = nn.Conv2d(16, 10, 7)

    def forward(self, images):
        return self.classes(F.dropout(torch.relu(self.first(images)), 0.2)).flatten(1)


def train(train_set, device, seed):
    torch.manual_seed(seed)
    images, labels = (tensor.to(device) for tensor in train_set.tensors)
    model = Network().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
    for batch in torch.randperm(len(images), device=device)[: 10 * 256].split(256):
        loss = F.cross_entropy(model(images[batch].float() / 255), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model
