"""Three networks on strongly distorted copies of the 100 labelled images answer together."""

import torch
import torch.nn.functional as F
from torch import nn


def build_network():
    """(N, 1, 28, 28) to (N, 10)."""
    layers = [nn.Conv2d(1, 16, 5, 2, 2), nn.BatchNorm2d(16), nn.ReLU()]
    layers += [nn.Conv2d(16, 32, 3, 2, 1), nn.BatchNorm2d(32), nn.ReLU()]
    layers += [nn.Conv2d(32, 48, 3, 2, 1), nn.BatchNorm2d(48), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.3), nn.Linear(48 * 4 * 4, 10))


def distorted(images):
    """Each image turned, scaled, slanted, moved and bent a little."""
    draw = lambda limit: torch.empty(len(images), device=images.device).uniform_(-limit, limit)  # noqa: E731
    angle, scale, slant = draw(0.3), torch.exp(draw(0.2)), draw(0.25)
    rows = [angle.cos() * scale, slant - angle.sin(), draw(0.15), angle.sin(), angle.cos() * scale, draw(0.15)]
    grid = F.affine_grid(torch.stack(rows, dim=1).view(-1, 2, 3), list(images.shape), align_corners=False)
    bend = F.interpolate(0.06 * torch.randn(len(images), 2, 5, 5), size=28, mode="bilinear")
    return F.grid_sample(images, grid + bend.permute(0, 2, 3, 1).to(images.device), align_corners=False)


def fit(images, labels, steps, device):
    """A fresh network, trained on distorted images."""
    model = build_network().to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, steps)
    for _ in range(steps):
        logits = model(distorted(images.to(device).float() / 255))
        loss = F.cross_entropy(logits, labels.to(device), label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model


class Ensemble(nn.Module):
    def __init__(self, networks):
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, images):
        return torch.stack([network(images) for network in self.networks]).mean(dim=0)


def train(labeled_set, device, seed, log):
    torch.manual_seed(seed)
    images, labels = labeled_set.tensors
    networks = [fit(images, labels, 200, device) for _ in range(3)]
    log(networks=3)
    return Ensemble(networks)
