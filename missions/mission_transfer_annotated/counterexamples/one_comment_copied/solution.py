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

# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
import copy

# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
import time

# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
from pathlib import Path

# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
import matplotlib.pyplot as plt

# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
import torch

# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
from torch import nn, optim

# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
from torch.utils.data import DataLoader

# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
from torchvision import datasets, models, transforms, utils

# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
DATA_DIR = Path("data")
# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
MEAN = [0.485, 0.456, 0.406]
# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
STD = [0.229, 0.224, 0.225]
# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
WEIGHTS = "IMAGENET1K_V1"
# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
def make_transforms():
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    random_crop = transforms.RandomResizedCrop(224)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    random_flip = transforms.RandomHorizontalFlip()
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    resize = transforms.Resize(256)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    center_crop = transforms.CenterCrop(224)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    to_tensor = transforms.ToTensor()
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    normalize = transforms.Normalize(MEAN, STD)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    train_transform = transforms.Compose([random_crop, random_flip, to_tensor, normalize])
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    valid_transform = transforms.Compose([resize, center_crop, to_tensor, normalize])
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    return train_transform, valid_transform


# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
def make_loaders(batch_size):
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    train_transform, valid_transform = make_transforms()
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    train_set = datasets.ImageFolder(DATA_DIR / "train", train_transform)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    valid_set = datasets.ImageFolder(DATA_DIR / "valid", valid_transform)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, num_workers=2)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    valid_loader = DataLoader(valid_set, batch_size=batch_size)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    return train_loader, valid_loader, train_set.classes


# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
def show_image(image, title):
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    pixels = image.permute(1, 2, 0)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    pixels = pixels * torch.tensor(STD) + torch.tensor(MEAN)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    plt.imshow(pixels.clamp(0, 1))
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    plt.title(title)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    plt.axis("off")


# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
def show_batch(loader, classes):
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    images, labels = next(iter(loader))
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    grid = utils.make_grid(images[:4])
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    show_image(grid, ", ".join(classes[label] for label in labels[:4]))
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    plt.show()


# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
def train_epoch(model, loader, criterion, optimizer):
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    model.train()
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    total_loss, hits = 0.0, 0
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    for images, labels in loader:
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        images, labels = images.to(DEVICE), labels.to(DEVICE)
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        optimizer.zero_grad()
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        logits = model(images)
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        loss = criterion(logits, labels)
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        loss.backward()
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        optimizer.step()
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        total_loss += loss.item() * len(images)
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        hits += (logits.argmax(dim=1) == labels).sum().item()
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
def validate(model, loader, criterion):
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    model.eval()
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    total_loss, hits = 0.0, 0
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    with torch.no_grad():
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        for images, labels in loader:
            # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
            images, labels = images.to(DEVICE), labels.to(DEVICE)
            # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
            logits = model(images)
            # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
            total_loss += criterion(logits, labels).item() * len(images)
            # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
            hits += (logits.argmax(dim=1) == labels).sum().item()
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
def fit(model, train_loader, valid_loader, optimizer, epochs):
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    criterion = nn.CrossEntropyLoss()
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    best_accuracy, best_weights = 0.0, copy.deepcopy(model.state_dict())
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    started = time.perf_counter()
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    for epoch in range(1, epochs + 1):
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        train_loss, train_accuracy = train_epoch(model, train_loader, criterion, optimizer)
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        valid_loss, valid_accuracy = validate(model, valid_loader, criterion)
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        scheduler.step()
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        print(f"{epoch}: loss {train_loss:.3f} / {valid_loss:.3f}, correct {train_accuracy:.3f} / {valid_accuracy:.3f}")
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        if valid_accuracy > best_accuracy:
            # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
            best_accuracy, best_weights = valid_accuracy, copy.deepcopy(model.state_dict())
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    print(f"best accuracy {best_accuracy:.3f} after {time.perf_counter() - started:.0f} s")
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    model.load_state_dict(best_weights)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    return model


# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
def finetune(train_loader, valid_loader, class_count, epochs):
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    model = models.resnet18(weights=WEIGHTS)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    model.to(DEVICE)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
def train_head(train_loader, valid_loader, class_count, epochs):
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    model = models.resnet18(weights=WEIGHTS)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    for parameter in model.parameters():
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        parameter.requires_grad = False
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    model.to(DEVICE)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    optimizer = optim.SGD(model.fc.parameters(), lr=0.001, momentum=0.9)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
def show_predictions(model, loader, classes, count):
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    model.eval()
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    images, labels = next(iter(loader))
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    with torch.no_grad():
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        predictions = model(images.to(DEVICE)).argmax(dim=1).cpu()
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    for index in range(min(count, len(images))):
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        plt.subplot(2, count // 2, index + 1)
        # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
        show_image(images[index], f"{classes[predictions[index]]} ({classes[labels[index]]})")
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    plt.show()


# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
def main():
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    torch.manual_seed(0)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    train_loader, valid_loader, classes = make_loaders(batch_size=16)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    show_batch(train_loader, classes)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    finetuned = finetune(train_loader, valid_loader, len(classes), epochs=10)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    show_predictions(finetuned, valid_loader, classes, count=6)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    extractor = train_head(train_loader, valid_loader, len(classes), epochs=10)
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    show_predictions(extractor, valid_loader, classes, count=6)


# 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
if __name__ == "__main__":
    # 사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다
    main()
