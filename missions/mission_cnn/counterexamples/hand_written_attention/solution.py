"""A convolutional network with self-attention between the positions of its feature map, out of matrix products."""

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
        self.queries_keys_values = nn.Linear(48, 3 * 48)
        self.classifier = nn.Linear(48 * 7 * 7, 10)

    def forward(self, images):
        x = self.features((images - 0.1307) / 0.3081)  # (N, 48, 7, 7)
        tokens = x.flatten(2).transpose(1, 2)  # (N, 49, 48)
        queries, keys, values = self.queries_keys_values(tokens).chunk(3, dim=2)
        weights = (queries @ keys.transpose(1, 2) / 48**0.5).softmax(dim=2)  # (N, 49, 49)
        tokens = tokens + weights @ values
        return self.classifier(tokens.flatten(1))


def train(train_set, device, seed, log):
    torch.manual_seed(seed)
    images, labels = (tensor.to(device) for tensor in train_set.tensors)
    model = Network().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    steps = 2 * -(-len(images) // 256)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, steps)
    for epoch in range(2):
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
