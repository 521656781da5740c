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

# 주석 주석 주석 주석 주석
import copy

# 주석 주석 주석 주석 주석
import time

# 주석 주석 주석 주석 주석
from pathlib import Path

# 주석 주석 주석 주석 주석
import matplotlib.pyplot as plt

# 주석 주석 주석 주석 주석
import torch

# 주석 주석 주석 주석 주석
from torch import nn, optim

# 주석 주석 주석 주석 주석
from torch.utils.data import DataLoader

# 주석 주석 주석 주석 주석
from torchvision import datasets, models, transforms, utils

# 주석 주석 주석 주석 주석
DATA_DIR = Path("data")
# 주석 주석 주석 주석 주석
MEAN = [0.485, 0.456, 0.406]
# 주석 주석 주석 주석 주석
STD = [0.229, 0.224, 0.225]
# 주석 주석 주석 주석 주석
WEIGHTS = "IMAGENET1K_V1"
# 주석 주석 주석 주석 주석
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


# 주석 주석 주석 주석 주석
def make_transforms():
    # 주석 주석 주석 주석 주석
    random_crop = transforms.RandomResizedCrop(224)
    # 주석 주석 주석 주석 주석
    random_flip = transforms.RandomHorizontalFlip()
    # 주석 주석 주석 주석 주석
    resize = transforms.Resize(256)
    # 주석 주석 주석 주석 주석
    center_crop = transforms.CenterCrop(224)
    # 주석 주석 주석 주석 주석
    to_tensor = transforms.ToTensor()
    # 주석 주석 주석 주석 주석
    normalize = transforms.Normalize(MEAN, STD)
    # 주석 주석 주석 주석 주석
    train_transform = transforms.Compose([random_crop, random_flip, to_tensor, normalize])
    # 주석 주석 주석 주석 주석
    valid_transform = transforms.Compose([resize, center_crop, to_tensor, normalize])
    # 주석 주석 주석 주석 주석
    return train_transform, valid_transform


# 주석 주석 주석 주석 주석
def make_loaders(batch_size):
    # 주석 주석 주석 주석 주석
    train_transform, valid_transform = make_transforms()
    # 주석 주석 주석 주석 주석
    train_set = datasets.ImageFolder(DATA_DIR / "train", train_transform)
    # 주석 주석 주석 주석 주석
    valid_set = datasets.ImageFolder(DATA_DIR / "valid", valid_transform)
    # 주석 주석 주석 주석 주석
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, num_workers=2)
    # 주석 주석 주석 주석 주석
    valid_loader = DataLoader(valid_set, batch_size=batch_size)
    # 주석 주석 주석 주석 주석
    return train_loader, valid_loader, train_set.classes


# 주석 주석 주석 주석 주석
def show_image(image, title):
    # 주석 주석 주석 주석 주석
    pixels = image.permute(1, 2, 0)
    # 주석 주석 주석 주석 주석
    pixels = pixels * torch.tensor(STD) + torch.tensor(MEAN)
    # 주석 주석 주석 주석 주석
    plt.imshow(pixels.clamp(0, 1))
    # 주석 주석 주석 주석 주석
    plt.title(title)
    # 주석 주석 주석 주석 주석
    plt.axis("off")


# 주석 주석 주석 주석 주석
def show_batch(loader, classes):
    # 주석 주석 주석 주석 주석
    images, labels = next(iter(loader))
    # 주석 주석 주석 주석 주석
    grid = utils.make_grid(images[:4])
    # 주석 주석 주석 주석 주석
    show_image(grid, ", ".join(classes[label] for label in labels[:4]))
    # 주석 주석 주석 주석 주석
    plt.show()


# 주석 주석 주석 주석 주석
def train_epoch(model, loader, criterion, optimizer):
    # 주석 주석 주석 주석 주석
    model.train()
    # 주석 주석 주석 주석 주석
    total_loss, hits = 0.0, 0
    # 주석 주석 주석 주석 주석
    for images, labels in loader:
        # 주석 주석 주석 주석 주석
        images, labels = images.to(DEVICE), labels.to(DEVICE)
        # 주석 주석 주석 주석 주석
        optimizer.zero_grad()
        # 주석 주석 주석 주석 주석
        logits = model(images)
        # 주석 주석 주석 주석 주석
        loss = criterion(logits, labels)
        # 주석 주석 주석 주석 주석
        loss.backward()
        # 주석 주석 주석 주석 주석
        optimizer.step()
        # 주석 주석 주석 주석 주석
        total_loss += loss.item() * len(images)
        # 주석 주석 주석 주석 주석
        hits += (logits.argmax(dim=1) == labels).sum().item()
    # 주석 주석 주석 주석 주석
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# 주석 주석 주석 주석 주석
def validate(model, loader, criterion):
    # 주석 주석 주석 주석 주석
    model.eval()
    # 주석 주석 주석 주석 주석
    total_loss, hits = 0.0, 0
    # 주석 주석 주석 주석 주석
    with torch.no_grad():
        # 주석 주석 주석 주석 주석
        for images, labels in loader:
            # 주석 주석 주석 주석 주석
            images, labels = images.to(DEVICE), labels.to(DEVICE)
            # 주석 주석 주석 주석 주석
            logits = model(images)
            # 주석 주석 주석 주석 주석
            total_loss += criterion(logits, labels).item() * len(images)
            # 주석 주석 주석 주석 주석
            hits += (logits.argmax(dim=1) == labels).sum().item()
    # 주석 주석 주석 주석 주석
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# 주석 주석 주석 주석 주석
def fit(model, train_loader, valid_loader, optimizer, epochs):
    # 주석 주석 주석 주석 주석
    criterion = nn.CrossEntropyLoss()
    # 주석 주석 주석 주석 주석
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    # 주석 주석 주석 주석 주석
    best_accuracy, best_weights = 0.0, copy.deepcopy(model.state_dict())
    # 주석 주석 주석 주석 주석
    started = time.perf_counter()
    # 주석 주석 주석 주석 주석
    for epoch in range(1, epochs + 1):
        # 주석 주석 주석 주석 주석
        train_loss, train_accuracy = train_epoch(model, train_loader, criterion, optimizer)
        # 주석 주석 주석 주석 주석
        valid_loss, valid_accuracy = validate(model, valid_loader, criterion)
        # 주석 주석 주석 주석 주석
        scheduler.step()
        # 주석 주석 주석 주석 주석
        print(f"{epoch}: loss {train_loss:.3f} / {valid_loss:.3f}, correct {train_accuracy:.3f} / {valid_accuracy:.3f}")
        # 주석 주석 주석 주석 주석
        if valid_accuracy > best_accuracy:
            # 주석 주석 주석 주석 주석
            best_accuracy, best_weights = valid_accuracy, copy.deepcopy(model.state_dict())
    # 주석 주석 주석 주석 주석
    print(f"best accuracy {best_accuracy:.3f} after {time.perf_counter() - started:.0f} s")
    # 주석 주석 주석 주석 주석
    model.load_state_dict(best_weights)
    # 주석 주석 주석 주석 주석
    return model


# 주석 주석 주석 주석 주석
def finetune(train_loader, valid_loader, class_count, epochs):
    # 주석 주석 주석 주석 주석
    model = models.resnet18(weights=WEIGHTS)
    # 주석 주석 주석 주석 주석
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # 주석 주석 주석 주석 주석
    model.to(DEVICE)
    # 주석 주석 주석 주석 주석
    optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    # 주석 주석 주석 주석 주석
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# 주석 주석 주석 주석 주석
def train_head(train_loader, valid_loader, class_count, epochs):
    # 주석 주석 주석 주석 주석
    model = models.resnet18(weights=WEIGHTS)
    # 주석 주석 주석 주석 주석
    for parameter in model.parameters():
        # 주석 주석 주석 주석 주석
        parameter.requires_grad = False
    # 주석 주석 주석 주석 주석
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # 주석 주석 주석 주석 주석
    model.to(DEVICE)
    # 주석 주석 주석 주석 주석
    optimizer = optim.SGD(model.fc.parameters(), lr=0.001, momentum=0.9)
    # 주석 주석 주석 주석 주석
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# 주석 주석 주석 주석 주석
def show_predictions(model, loader, classes, count):
    # 주석 주석 주석 주석 주석
    model.eval()
    # 주석 주석 주석 주석 주석
    images, labels = next(iter(loader))
    # 주석 주석 주석 주석 주석
    with torch.no_grad():
        # 주석 주석 주석 주석 주석
        predictions = model(images.to(DEVICE)).argmax(dim=1).cpu()
    # 주석 주석 주석 주석 주석
    for index in range(min(count, len(images))):
        # 주석 주석 주석 주석 주석
        plt.subplot(2, count // 2, index + 1)
        # 주석 주석 주석 주석 주석
        show_image(images[index], f"{classes[predictions[index]]} ({classes[labels[index]]})")
    # 주석 주석 주석 주석 주석
    plt.show()


# 주석 주석 주석 주석 주석
def main():
    # 주석 주석 주석 주석 주석
    torch.manual_seed(0)
    # 주석 주석 주석 주석 주석
    train_loader, valid_loader, classes = make_loaders(batch_size=16)
    # 주석 주석 주석 주석 주석
    show_batch(train_loader, classes)
    # 주석 주석 주석 주석 주석
    finetuned = finetune(train_loader, valid_loader, len(classes), epochs=10)
    # 주석 주석 주석 주석 주석
    show_predictions(finetuned, valid_loader, classes, count=6)
    # 주석 주석 주석 주석 주석
    extractor = train_head(train_loader, valid_loader, len(classes), epochs=10)
    # 주석 주석 주석 주석 주석
    show_predictions(extractor, valid_loader, classes, count=6)


# 주석 주석 주석 주석 주석
if __name__ == "__main__":
    # 주석 주석 주석 주석 주석
    main()
