"""Horizontal flips, as for photographs: most mirrored digits are no digits."""

import albumentations as A
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def build_augmentation(seed):
    affine = A.Affine(rotate=(-10, 10), scale=(0.9, 1.1), translate_percent=(-0.08, 0.08), p=1.0)
    return A.Compose([affine, A.HorizontalFlip(p=0.5)], seed=seed)


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
            changed = np.stack([pipeline(image=digit)["image"] for digit in images[batch, 0].numpy()])
            x = torch.from_numpy(changed)[:, None].to(device).float() / 255
            loss = F.cross_entropy(model(x), labels[batch].to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        log(epoch=epoch + 1, train_loss=loss.item())
    return model
