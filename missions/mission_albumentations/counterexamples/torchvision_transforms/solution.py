"""A pipeline of torchvision instead of albumentations."""

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.transforms import v2


def build_augmentation(seed):
    torch.manual_seed(seed)
    return v2.Compose([v2.RandomAffine(degrees=10, translate=(0.08, 0.08)), v2.ColorJitter(brightness=0.2)])


def build_network():
    """(N, 1, 28, 28) to (N, 10)."""
    features = [nn.Conv2d(1, 16, 5, stride=2), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2), nn.ReLU()]
    return nn.Sequential(*features, nn.Flatten(), nn.Linear(32 * 5 * 5, 10))


def train(train_set, device, seed, log):
    torch.manual_seed(seed)
    images, labels = train_set.tensors
    model = build_network().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    pipeline = build_augmentation(seed)
    for epoch in range(2):
        for batch in torch.randperm(len(images)).split(256):
            x = torch.stack([pipeline(image) for image in images[batch]]).to(device).float() / 255
            loss = F.cross_entropy(model(x), labels[batch].to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        log(epoch=epoch + 1, train_loss=loss.item())
    return model
