# Sequential network, SGD with momentum, step decay; everything stays on the device.
from torch import manual_seed, nn, no_grad, optim, randperm


def conv(inputs, outputs, size):
    return [nn.Conv2d(inputs, outputs, size, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def build_model():
    layers = []
    layers += conv(1, 24, 5)  # 24x24
    layers += conv(24, 24, 3)  # 22x22
    layers += [nn.MaxPool2d(2)]  # 11x11
    layers += conv(24, 48, 3)  # 9x9
    layers += conv(48, 48, 3)  # 7x7
    layers += [nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(432, 10)]
    return nn.Sequential(*layers)


def train(train_set, device, seed):
    manual_seed(seed)
    pixels = train_set.tensors[0].to(device)
    digits = train_set.tensors[1].to(device)
    net = build_model().to(device)
    sgd = optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)
    decay = optim.lr_scheduler.MultiStepLR(sgd, milestones=[2, 3], gamma=0.1)
    n = pixels.shape[0]
    for _ in range(4):
        shuffled = randperm(n, device=device)
        for start in range(0, n, 100):
            chosen = shuffled[start : start + 100]
            scores = net(pixels[chosen].div(255))
            sgd.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(scores, digits[chosen], label_smoothing=0.05).backward()
            sgd.step()
        decay.step()
    with no_grad():
        net.eval()
    return net
