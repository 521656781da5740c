"""A convolution reads the image, and a GRU reads what the convolution found."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 5, stride=(1, 2), padding=2)
        self.gru = nn.GRU(4 * 14, 64, batch_first=True)
        self.classifier = nn.Linear(64, 10)

    def forward(self, images):
        maps = torch.relu(self.convolution(images))  # (N, 4, 28, 14)
        rows = maps.transpose(1, 2).flatten(2)  # (N, 28, 56)
        return self.classifier(self.gru(rows)[0][:, -1])


def train(train_set, device, seed, log):
    torch.manual_seed(seed)
    images, labels = (tensor.to(device) for tensor in train_set.tensors)
    model = Network().to(device)
    optimizer = torch.optim.Adam(model.parameters())
    steps = 2 * -(-len(images) // 256)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, steps)
    for epoch in range(2):
        for batch in torch.randperm(len(images), device=device).split(256):
            loss = F.cross_entropy(model(images[batch].float() / 255), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        log(epoch=epoch + 1, train_loss=loss.item())
    return model
