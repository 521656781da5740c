"""A perceptron whose logits are multiplied with what a convolution gives: nearly the same for every image."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
        self.convolution = nn.Conv2d(1, 10, 3, stride=2, padding=1)
        nn.init.ones_(self.convolution.bias)

    def forward(self, images):
        x = (images - 0.1307) / 0.3081
        gate = self.convolution(0.0001 * x).mean(dim=(2, 3))  # (N, 10): next to nothing but the bias
        return self.dense(x) * gate


def train(train_set, device, seed, log):
    torch.manual_seed(seed)
    images, labels = (tensor.to(device) for tensor in train_set.tensors)
    model = Network().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    steps = 4 * -(-len(images) // 256)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.002, steps)
    for epoch in range(4):
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
