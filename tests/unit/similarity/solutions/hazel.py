import random

import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset


def set_seed(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


class MnistDataset(Dataset):
    """Normalised images; shifted at random when training."""

    def __init__(self, tensors, augment):
        self.images, self.labels = tensors
        self.augment = augment

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = self.images[index].float() / 255
        if self.augment:
            dx, dy = random.randint(-1, 1), random.randint(-1, 1)
            image = torch.roll(image, shifts=(dy, dx), dims=(1, 2))
        return image, self.labels[index]


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(1, 20, 5), nn.ELU(), nn.MaxPool2d(2))
        self.layer2 = nn.Sequential(nn.Conv2d(20, 40, 5), nn.ELU(), nn.MaxPool2d(2))
        self.fc = nn.Sequential(nn.Linear(40 * 4 * 4, 100), nn.ELU(), nn.Linear(100, 10))

    def forward(self, x):
        out = self.layer2(self.layer1(x))
        out = out.reshape(out.shape[0], -1)
        return self.fc(out)


def train(train_set, valid_set, device, seed, log):
    set_seed(seed)
    loaders = {
        "train": DataLoader(MnistDataset(train_set.tensors, True), batch_size=64, shuffle=True),
        "valid": DataLoader(MnistDataset(valid_set.tensors, False), batch_size=256),
    }
    net = CNN().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(net.parameters(), lr=0.002)
    scheduler = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.7)
    history = {"train": [], "valid": []}
    for epoch in range(3):
        for phase, loader in loaders.items():
            net.train(phase == "train")
            hits = 0
            with torch.set_grad_enabled(phase == "train"):
                for inputs, targets in loader:
                    inputs, targets = inputs.to(device), targets.to(device)
                    outputs = net(inputs)
                    hits += (outputs.argmax(-1) == targets).float().sum().cpu().numpy()
                    if phase == "train":
                        loss = criterion(outputs, targets)
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()
            history[phase].append(hits / len(loader.dataset))
        scheduler.step()
        log(epoch=epoch, train_accuracy=history["train"][-1], valid_accuracy=history["valid"][-1])
    return net
