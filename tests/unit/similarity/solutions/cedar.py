"""LeNet-5 in modern dress, with early stopping on the validation set."""

import copy
import time

import torch
from torch import nn
from torch.utils.data import DataLoader

PATIENCE = 2


class LeNet(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.feature_extractor = nn.Sequential(
            nn.Conv2d(1, 6, kernel_size=5, padding=2),
            nn.Tanh(),
            nn.AvgPool2d(kernel_size=2),
            nn.Conv2d(6, 16, kernel_size=5),
            nn.Tanh(),
            nn.AvgPool2d(kernel_size=2),
            nn.Conv2d(16, 120, kernel_size=5),
            nn.Tanh(),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, classes))

    def forward(self, batch):
        return self.head(self.feature_extractor(batch))


def run_epoch(network, batches, device, optimiser=None):
    losses, hits, seen = 0.0, 0, 0
    objective = nn.CrossEntropyLoss(reduction="sum")
    for raw, target in batches:
        image, target = raw.to(device) / 255, target.to(device)
        output = network(image)
        cost = objective(output, target)
        if optimiser is not None:
            optimiser.zero_grad()
            cost.backward()
            optimiser.step()
        losses += float(cost)
        hits += int(output.max(1).indices.eq(target).sum())
        seen += len(target)
    return losses / seen, hits / seen


def train(train_set, valid_set, device, time_budget_s, seed, log):
    torch.manual_seed(seed)
    began = time.monotonic()
    network = LeNet().to(device)
    optimiser = torch.optim.RMSprop(network.parameters(), lr=5e-4)
    best, best_state, waited, epoch = 0.0, None, 0, 0
    while time.monotonic() - began < 0.6 * time_budget_s and waited <= PATIENCE:
        epoch += 1
        network.train()
        fit, _ = run_epoch(network, DataLoader(train_set, 64, shuffle=True), device, optimiser)
        network.eval()
        with torch.inference_mode():
            _, share = run_epoch(network, DataLoader(valid_set, 500), device)
        log(epoch=epoch, train_loss=fit, valid_accuracy=share)
        if share > best:
            best, waited, best_state = share, 0, copy.deepcopy(network.state_dict())
        else:
            waited += 1
    if best_state is not None:
        network.load_state_dict(best_state)
    return network
