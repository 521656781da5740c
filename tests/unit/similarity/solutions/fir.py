import torch
from torch import nn
from torch.utils.data import DataLoader, RandomSampler

# VGG like
cfg = [16, 16, "M", 32, 32, "M", 64, "M"]


def make_layers(cfg, in_channels=1):
    layers = []
    for v in cfg:
        if v == "M":
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
        else:
            layers.append(nn.Conv2d(in_channels, v, kernel_size=3, padding=1))
            layers.append(nn.BatchNorm2d(v))
            layers.append(nn.ReLU())
            in_channels = v
    return nn.Sequential(*layers)


class VGG(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.features = make_layers(cfg)
        self.classifier = nn.Sequential(nn.Dropout(0.5), nn.Linear(64 * 3 * 3, num_classes))
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = self.features(x)
        x = x.view(x.size(0), -1)
        return self.classifier(x)


def train(train_set, valid_set, device, seed, log):
    torch.manual_seed(seed)
    sampler = RandomSampler(train_set)
    loader = DataLoader(train_set, batch_size=200, sampler=sampler, drop_last=True)
    model = VGG().to(device)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.01)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(1, 4):
        model.train()
        for i, (img, lab) in enumerate(loader):
            img = img.float().to(device) / 255
            lab = lab.to(device)
            out = model(img)
            loss = loss_fn(out, lab)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if i % 50 == 0:
                log(epoch=epoch, batch=i, train_loss=loss.item())
        # validation
        model.eval()
        n_right = 0
        with torch.no_grad():
            for img, lab in DataLoader(valid_set, batch_size=500):
                guess = torch.max(model(img.float().to(device) / 255), 1)[1]
                n_right += (guess.cpu() == lab).sum().item()
        print("epoch", epoch, "accuracy", n_right / len(valid_set))
        log(epoch=epoch, valid_accuracy=n_right / len(valid_set))
    return model
