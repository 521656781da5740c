"""The residual block comes from torchvision.models, with its norms taken out."""

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models.resnet import BasicBlock


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 16, 5, stride=4, padding=2)
        self.block = BasicBlock(16, 16, norm_layer=nn.Identity)
        self.classes = nn.Conv2d(16, 10, 7)

    def forward(self, images):
        return self.classes(self.block(torch.relu(self.first(images)))).flatten(1)


def train(train_set, device, seed, log):
    torch.manual_seed(seed)
    images, labels = (tensor.to(device) for tensor in train_set.tensors)
    model = Network().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    steps = 2 * -(-len(images) // 256)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.004, steps)
    for epoch in range(2):
        for batch in torch.randperm(len(images), device=device).split(256):
            loss = F.cross_entropy(model(images[batch].float() / 255), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        log(epoch=epoch + 1, train_loss=loss.item())
    return model
