"""One dataset class for both parts: validation images are augmented as well."""

import albumentations as A
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset


def build_augmentation(seed):
    affine = A.Affine(rotate=(-10, 10), scale=(0.9, 1.1), translate_percent=(-0.08, 0.08), p=1.0)
    return A.Compose([affine, A.RandomBrightnessContrast(p=0.5)], seed=seed)


def build_network():
    """(N, 1, 28, 28) to (N, 10)."""
    features = [nn.Conv2d(1, 16, 5, stride=2), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2), nn.ReLU()]
    return nn.Sequential(*features, nn.Flatten(), nn.Linear(32 * 5 * 5, 10))


class Augmented(Dataset):
    """(1, 28, 28) float32 in [0, 1] and label, augmented anew at each access."""

    def __init__(self, dataset, pipeline):
        self.images, self.labels = dataset.tensors
        self.pipeline = pipeline

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = self.pipeline(image=self.images[index, 0].numpy())["image"]
        return torch.from_numpy(image)[None].float() / 255, self.labels[index]


def train(train_set, valid_set, device, seed, log):
    torch.manual_seed(seed)
    pipeline = build_augmentation(seed)
    model = build_network().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    for epoch in range(2):
        for x, y in DataLoader(Augmented(train_set, pipeline), batch_size=256, shuffle=True):
            loss = F.cross_entropy(model(x.to(device)), y.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        hits = [
            (model(x.to(device)).argmax(1) == y.to(device)).float().mean().item()
            for x, y in DataLoader(Augmented(valid_set, pipeline), batch_size=256)
        ]
        log(epoch=epoch + 1, train_loss=loss.item(), valid_accuracy=sum(hits) / len(hits))
    return model
