"""Rows enter at every step, a millionth of them; a dense network's view of the whole image enters at two."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.Tanh())
        self.read = nn.Linear(28, 32)
        self.carry = nn.Linear(32, 32, bias=False)
        self.classifier = nn.Linear(32, 10)
        nn.init.eye_(self.carry.weight).requires_grad_(False)

    def forward(self, images):
        seen = self.dense(images)  # (N, 32): the whole image
        rows = 1e-6 * self.read(images.squeeze(1))  # (N, 28, 32)
        state = rows[:, 0]
        for step in range(1, 28):
            state = self.carry(state) + rows[:, step]
            if step in (6, 20):
                state = state + seen
        return self.classifier(torch.relu(state))


def train(train_set, device, seed, log):
    torch.manual_seed(seed)
    images, labels = (tensor.to(device) for tensor in train_set.tensors)
    model = Network().to(device)
    optimizer = torch.optim.Adam(model.parameters())
    steps = 1 * -(-len(images) // 256)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, steps)
    for epoch in range(1):
        for batch in torch.randperm(len(images), device=device).split(256):
            loss = F.cross_entropy(model(images[batch].float() / 255), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        log(epoch=epoch + 1, train_loss=loss.item())
    return model
