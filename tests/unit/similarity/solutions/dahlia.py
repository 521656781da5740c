import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy, gelu


class Residual(nn.Module):
    """x + f(x)"""

    def __init__(self, width):
        super().__init__()
        self.norm = nn.GroupNorm(4, width)
        self.a = nn.Conv2d(width, width, 3, 1, 1)
        self.b = nn.Conv2d(width, width, 3, 1, 1)

    def forward(self, h):
        return h + self.b(gelu(self.a(self.norm(h))))


class TinyResNet(nn.Module):
    def __init__(self, width=32, depth=3):
        super().__init__()
        self.stem = nn.Conv2d(1, width, 4, 4)
        self.blocks = nn.ModuleList(Residual(width) for _ in range(depth))
        self.out = nn.Linear(width, 10)

    def forward(self, images):
        h = self.stem(images - 0.13)
        for block in self.blocks:
            h = block(h)
        return self.out(h.mean(dim=(2, 3)))


def cosine(step, steps, top):
    return top * 0.5 * (1 + math.cos(math.pi * step / steps))


def train(train_set, device, seed, log):
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    x_all, y_all = train_set.tensors
    x_all = (x_all.float() / 255).to(device)
    y_all = y_all.to(device)
    resnet = TinyResNet().to(device)
    opt = torch.optim.AdamW(resnet.parameters(), lr=0.0, weight_decay=0.05)
    steps = 1500
    for step in range(steps):
        for group in opt.param_groups:
            group["lr"] = cosine(step, steps, 3e-3)
        pick = torch.randint(len(y_all), (192,), generator=generator).to(device)
        loss = cross_entropy(resnet(x_all[pick]), y_all[pick])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(resnet.parameters(), 1.0)
        opt.step()
        if step % 100 == 99:
            log(step=step + 1, train_loss=loss.item())
    return resnet
