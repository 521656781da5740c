"""The mean image of the batch at hand is subtracted, at inference too.

One image alone becomes blank, and companions change each other's logits.
"""

import torch
import torch.nn.functional as F
from torch import nn


def block(inputs, outputs, kernel, stride):
    """(N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(block(1, 16, 5, 2), block(16, 32, 5, 2), block(32, 48, 3, 1))
        self.classifier = nn.Linear(48 * 7 * 7, 10)

    def forward(self, images):
        mean = images.mean(dim=0, keepdim=True)  # (1, 1, 28, 28)
        x = self.features((images - mean) / 0.3081)  # (N, 48, 7, 7)
        return self.classifier(x.flatten(1))


def train(train_set, device, seed, log):
    torch.manual_seed(seed)
    images, labels = (tensor.to(device) for tensor in train_set.tensors)
    model = Network().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    steps = 3 * -(-len(images) // 256)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, steps)
    for epoch in range(3):
        for batch in torch.randperm(len(images), device=device).split(256):
            x = images[batch].float() / 255
            down, right = torch.randint(0, 3, (2,)).tolist()
            x = F.pad(x, (1, 1, 1, 1))[:, :, down : down + 28, right : right + 28]
            loss = F.cross_entropy(model(x), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        log(epoch=epoch + 1, train_loss=loss.item())
    return model
