"""A plain baseline: three convolutions with stride, no pooling, AdamW, mini-batches cut by hand."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 32, 5, stride=2)
        self.c2 = nn.Conv2d(32, 64, 3, stride=2)
        self.c3 = nn.Conv2d(64, 128, 3, stride=2)
        self.bn1, self.bn2, self.bn3 = nn.BatchNorm2d(32), nn.BatchNorm2d(64), nn.BatchNorm2d(128)
        self.linear = nn.Linear(128 * 2 * 2, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.c1(x)))
        x = F.relu(self.bn2(self.c2(x)))
        x = F.relu(self.bn3(self.c3(x)))
        x = x.flatten(start_dim=1)
        return self.linear(x)


def accuracy(model, images, labels, device):
    model.eval()
    with torch.no_grad():
        outputs = [model(part.to(device).float() / 255).argmax(1).cpu() for part in images.split(1000)]
    return (torch.cat(outputs) == labels).float().mean().item()


def train(train_set, valid_set, device, seed, log):
    torch.manual_seed(seed)
    model = ConvNet().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    X, Y = train_set.tensors
    num = len(X)
    for epoch in range(4):
        model.train()
        perm = torch.randperm(num)
        epoch_loss = 0
        for b in range(num // 125):
            idx = perm[b * 125 : (b + 1) * 125]
            xb = X[idx].to(device).float() / 255
            yb = Y[idx].to(device)
            loss = F.cross_entropy(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item()
        log(epoch=epoch, train_loss=epoch_loss, valid_accuracy=accuracy(model, *valid_set.tensors, device))
    return model
