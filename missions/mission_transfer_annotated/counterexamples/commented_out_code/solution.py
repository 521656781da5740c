"""mission_transfer_annotated: read this transfer-learning script and explain it, line by line, in comments.

전이 학습 스크립트를 읽고, 한 줄 한 줄이 무엇을 왜 하는지 주석으로 설명하세요.

Write a comment for every statement, at its end or directly above it, in Korean, English or both. Leave the code as it
is: comments, blank lines and line breaks may change, nothing else. Text in quotes is no comment.
모든 문장에 주석을 다세요. 줄 끝이나 바로 윗줄에 한국어나 영어로 쓰면 됩니다. 코드는 그대로 두세요. 주석, 빈 줄,
줄바꿈만 바꿀 수 있습니다. 따옴표로 감싼 글은 주석이 아닙니다.

A good comment says what a reader can't see in the names: why the line is there, what would happen without it.
좋은 주석은 이름만 봐서는 알 수 없는 것을 말합니다. 이 줄이 왜 필요한지, 없으면 어떻게 되는지를 쓰세요.

To run it, put pictures into data/train/<class>/ and data/valid/<class>/; grading does not run it.
직접 실행해 보려면 data/train/<클래스>/와 data/valid/<클래스>/에 사진을 넣으세요. 채점할 때는 실행하지 않습니다.
Check before you hand in / 제출 전 확인: `grade check mission_transfer_annotated`
"""

# import copy
import copy

# import time
import time

# from pathlib import Path
from pathlib import Path

# import matplotlib.pyplot as plt
import matplotlib.pyplot as plt

# import torch
import torch

# from torch import nn, optim
from torch import nn, optim

# from torch.utils.data import DataLoader
from torch.utils.data import DataLoader

# from torchvision import datasets, models, transforms, utils
from torchvision import datasets, models, transforms, utils

# DATA_DIR = Path('data')
DATA_DIR = Path("data")
# MEAN = [0.485, 0.456, 0.406]
MEAN = [0.485, 0.456, 0.406]
# STD = [0.229, 0.224, 0.225]
STD = [0.229, 0.224, 0.225]
# WEIGHTS = 'IMAGENET1K_V1'
WEIGHTS = "IMAGENET1K_V1"
# DEVICE = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


# def make_transforms():
def make_transforms():
    # random_crop = transforms.RandomResizedCrop(224)
    random_crop = transforms.RandomResizedCrop(224)
    # random_flip = transforms.RandomHorizontalFlip()
    random_flip = transforms.RandomHorizontalFlip()
    # resize = transforms.Resize(256)
    resize = transforms.Resize(256)
    # center_crop = transforms.CenterCrop(224)
    center_crop = transforms.CenterCrop(224)
    # to_tensor = transforms.ToTensor()
    to_tensor = transforms.ToTensor()
    # normalize = transforms.Normalize(MEAN, STD)
    normalize = transforms.Normalize(MEAN, STD)
    # train_transform = transforms.Compose([random_crop, random_flip, to_tensor, normalize])
    train_transform = transforms.Compose([random_crop, random_flip, to_tensor, normalize])
    # valid_transform = transforms.Compose([resize, center_crop, to_tensor, normalize])
    valid_transform = transforms.Compose([resize, center_crop, to_tensor, normalize])
    # return (train_transform, valid_transform)
    return train_transform, valid_transform


# def make_loaders(batch_size):
def make_loaders(batch_size):
    # train_transform, valid_transform = make_transforms()
    train_transform, valid_transform = make_transforms()
    # train_set = datasets.ImageFolder(DATA_DIR / 'train', train_transform)
    train_set = datasets.ImageFolder(DATA_DIR / "train", train_transform)
    # valid_set = datasets.ImageFolder(DATA_DIR / 'valid', valid_transform)
    valid_set = datasets.ImageFolder(DATA_DIR / "valid", valid_transform)
    # train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, num_workers=2)
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, num_workers=2)
    # valid_loader = DataLoader(valid_set, batch_size=batch_size)
    valid_loader = DataLoader(valid_set, batch_size=batch_size)
    # return (train_loader, valid_loader, train_set.classes)
    return train_loader, valid_loader, train_set.classes


# def show_image(image, title):
def show_image(image, title):
    # pixels = image.permute(1, 2, 0)
    pixels = image.permute(1, 2, 0)
    # pixels = pixels * torch.tensor(STD) + torch.tensor(MEAN)
    pixels = pixels * torch.tensor(STD) + torch.tensor(MEAN)
    # plt.imshow(pixels.clamp(0, 1))
    plt.imshow(pixels.clamp(0, 1))
    # plt.title(title)
    plt.title(title)
    # plt.axis('off')
    plt.axis("off")


# def show_batch(loader, classes):
def show_batch(loader, classes):
    # images, labels = next(iter(loader))
    images, labels = next(iter(loader))
    # grid = utils.make_grid(images[:4])
    grid = utils.make_grid(images[:4])
    # show_image(grid, ', '.join((classes[label] for label in labels[:4])))
    show_image(grid, ", ".join(classes[label] for label in labels[:4]))
    # plt.show()
    plt.show()


# def train_epoch(model, loader, criterion, optimizer):
def train_epoch(model, loader, criterion, optimizer):
    # model.train()
    model.train()
    # total_loss, hits = (0.0, 0)
    total_loss, hits = 0.0, 0
    # for images, labels in loader:
    for images, labels in loader:
        # images, labels = (images.to(DEVICE), labels.to(DEVICE))
        images, labels = images.to(DEVICE), labels.to(DEVICE)
        # optimizer.zero_grad()
        optimizer.zero_grad()
        # logits = model(images)
        logits = model(images)
        # loss = criterion(logits, labels)
        loss = criterion(logits, labels)
        # loss.backward()
        loss.backward()
        # optimizer.step()
        optimizer.step()
        # total_loss += loss.item() * len(images)
        total_loss += loss.item() * len(images)
        # hits += (logits.argmax(dim=1) == labels).sum().item()
        hits += (logits.argmax(dim=1) == labels).sum().item()
    # return (total_loss / len(loader.dataset), hits / len(loader.dataset))
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# def validate(model, loader, criterion):
def validate(model, loader, criterion):
    # model.eval()
    model.eval()
    # total_loss, hits = (0.0, 0)
    total_loss, hits = 0.0, 0
    # with torch.no_grad():
    with torch.no_grad():
        # for images, labels in loader:
        for images, labels in loader:
            # images, labels = (images.to(DEVICE), labels.to(DEVICE))
            images, labels = images.to(DEVICE), labels.to(DEVICE)
            # logits = model(images)
            logits = model(images)
            # total_loss += criterion(logits, labels).item() * len(images)
            total_loss += criterion(logits, labels).item() * len(images)
            # hits += (logits.argmax(dim=1) == labels).sum().item()
            hits += (logits.argmax(dim=1) == labels).sum().item()
    # return (total_loss / len(loader.dataset), hits / len(loader.dataset))
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# def fit(model, train_loader, valid_loader, optimizer, epochs):
def fit(model, train_loader, valid_loader, optimizer, epochs):
    # criterion = nn.CrossEntropyLoss()
    criterion = nn.CrossEntropyLoss()
    # scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    # best_accuracy, best_weights = (0.0, copy.deepcopy(model.state_dict()))
    best_accuracy, best_weights = 0.0, copy.deepcopy(model.state_dict())
    # started = time.perf_counter()
    started = time.perf_counter()
    # for epoch in range(1, epochs + 1):
    for epoch in range(1, epochs + 1):
        # train_loss, train_accuracy = train_epoch(model, train_loader, criterion, optimizer)
        train_loss, train_accuracy = train_epoch(model, train_loader, criterion, optimizer)
        # valid_loss, valid_accuracy = validate(model, valid_loader, criterion)
        valid_loss, valid_accuracy = validate(model, valid_loader, criterion)
        # scheduler.step()
        scheduler.step()
        # print(f'{epoch}: loss {train_loss:.3f} / {valid_loss:.3f}, correct {train_accuracy:.3f} / {valid_accuracy:.3f}')
        print(f"{epoch}: loss {train_loss:.3f} / {valid_loss:.3f}, correct {train_accuracy:.3f} / {valid_accuracy:.3f}")
        # if valid_accuracy > best_accuracy:
        if valid_accuracy > best_accuracy:
            # best_accuracy, best_weights = (valid_accuracy, copy.deepcopy(model.state_dict()))
            best_accuracy, best_weights = valid_accuracy, copy.deepcopy(model.state_dict())
    # print(f'best accuracy {best_accuracy:.3f} after {time.perf_counter() - started:.0f} s')
    print(f"best accuracy {best_accuracy:.3f} after {time.perf_counter() - started:.0f} s")
    # model.load_state_dict(best_weights)
    model.load_state_dict(best_weights)
    # return model
    return model


# def finetune(train_loader, valid_loader, class_count, epochs):
def finetune(train_loader, valid_loader, class_count, epochs):
    # model = models.resnet18(weights=WEIGHTS)
    model = models.resnet18(weights=WEIGHTS)
    # model.fc = nn.Linear(model.fc.in_features, class_count)
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # model.to(DEVICE)
    model.to(DEVICE)
    # optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    # return fit(model, train_loader, valid_loader, optimizer, epochs)
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# def train_head(train_loader, valid_loader, class_count, epochs):
def train_head(train_loader, valid_loader, class_count, epochs):
    # model = models.resnet18(weights=WEIGHTS)
    model = models.resnet18(weights=WEIGHTS)
    # for parameter in model.parameters():
    for parameter in model.parameters():
        # parameter.requires_grad = False
        parameter.requires_grad = False
    # model.fc = nn.Linear(model.fc.in_features, class_count)
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # model.to(DEVICE)
    model.to(DEVICE)
    # optimizer = optim.SGD(model.fc.parameters(), lr=0.001, momentum=0.9)
    optimizer = optim.SGD(model.fc.parameters(), lr=0.001, momentum=0.9)
    # return fit(model, train_loader, valid_loader, optimizer, epochs)
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# def show_predictions(model, loader, classes, count):
def show_predictions(model, loader, classes, count):
    # model.eval()
    model.eval()
    # images, labels = next(iter(loader))
    images, labels = next(iter(loader))
    # with torch.no_grad():
    with torch.no_grad():
        # predictions = model(images.to(DEVICE)).argmax(dim=1).cpu()
        predictions = model(images.to(DEVICE)).argmax(dim=1).cpu()
    # for index in range(min(count, len(images))):
    for index in range(min(count, len(images))):
        # plt.subplot(2, count // 2, index + 1)
        plt.subplot(2, count // 2, index + 1)
        # show_image(images[index], f'{classes[predictions[index]]} ({classes[labels[index]]})')
        show_image(images[index], f"{classes[predictions[index]]} ({classes[labels[index]]})")
    # plt.show()
    plt.show()


# def main():
def main():
    # torch.manual_seed(0)
    torch.manual_seed(0)
    # train_loader, valid_loader, classes = make_loaders(batch_size=16)
    train_loader, valid_loader, classes = make_loaders(batch_size=16)
    # show_batch(train_loader, classes)
    show_batch(train_loader, classes)
    # finetuned = finetune(train_loader, valid_loader, len(classes), epochs=10)
    finetuned = finetune(train_loader, valid_loader, len(classes), epochs=10)
    # show_predictions(finetuned, valid_loader, classes, count=6)
    show_predictions(finetuned, valid_loader, classes, count=6)
    # extractor = train_head(train_loader, valid_loader, len(classes), epochs=10)
    extractor = train_head(train_loader, valid_loader, len(classes), epochs=10)
    # show_predictions(extractor, valid_loader, classes, count=6)
    show_predictions(extractor, valid_loader, classes, count=6)


# if __name__ == '__main__':
if __name__ == "__main__":
    # main()
    main()
