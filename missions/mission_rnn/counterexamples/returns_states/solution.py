"""forward() returns the states beside the logits, and a graph with one output is asked for."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(28, 64, batch_first=True)
        self.classifier = nn.Linear(64, 10)

    def forward(self, images):
        states, last = self.gru(images.squeeze(1))
        return self.classifier(states[:, -1]), last


def train(train_set, device, seed):
    torch.manual_seed(seed)
    images, labels = (tensor.to(device) for tensor in train_set.tensors)
    model = Network().to(device)
    optimizer = torch.optim.Adam(model.parameters())
    for batch in torch.randperm(len(images), device=device)[: 10 * 256].split(256):
        logits, _ = model(images[batch].float() / 255)
        loss = F.cross_entropy(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model
