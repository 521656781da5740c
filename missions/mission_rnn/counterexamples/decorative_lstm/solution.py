"""A dense network decides; an LSTM beside it adds a hundredth of its own opinion."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
        self.lstm = nn.LSTM(28, 16, batch_first=True)
        self.classifier = nn.Linear(16, 10)

    def forward(self, images):
        states, _ = self.lstm(images.squeeze(1))  # (N, 28, 16)
        return self.dense(images) + 0.01 * self.classifier(states[:, -1])


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
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        log(epoch=epoch + 1, train_loss=loss.item())
    return model
