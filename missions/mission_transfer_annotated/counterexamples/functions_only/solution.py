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

# 가장 좋았던 가중치를 통째로 복제해 두기 위해 쓰는 표준 라이브러리
import copy

# 학습에 걸린 시간을 재기 위한 도구
import time

# 운영체제와 상관없이 폴더 경로를 다루게 해 준다
from pathlib import Path

# 그림을 그려 사진과 예측을 눈으로 확인하는 데 쓴다
import matplotlib.pyplot as plt

# 텐서 연산과 자동 미분을 제공하는 딥러닝 프레임워크
import torch

# 신경망 층(nn)과 최적화 알고리즘(optim)
from torch import nn, optim

# 데이터를 미니배치로 묶어 하나씩 꺼내 주는 도구
from torch.utils.data import DataLoader

# 비전용 데이터셋, 사전 학습 모델, 변환, 격자 그리기
from torchvision import datasets, models, transforms, utils

DATA_DIR = Path("data")
MEAN = [0.485, 0.456, 0.406]
STD = [0.229, 0.224, 0.225]
WEIGHTS = "IMAGENET1K_V1"
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


# 학습용과 검증용 전처리를 따로 준비하는 함수
def make_transforms():
    random_crop = transforms.RandomResizedCrop(224)
    random_flip = transforms.RandomHorizontalFlip()
    resize = transforms.Resize(256)
    center_crop = transforms.CenterCrop(224)
    to_tensor = transforms.ToTensor()
    normalize = transforms.Normalize(MEAN, STD)
    train_transform = transforms.Compose([random_crop, random_flip, to_tensor, normalize])
    valid_transform = transforms.Compose([resize, center_crop, to_tensor, normalize])
    return train_transform, valid_transform


# 배치 크기를 받아 데이터를 읽어 오는 통로를 만드는 함수
def make_loaders(batch_size):
    train_transform, valid_transform = make_transforms()
    train_set = datasets.ImageFolder(DATA_DIR / "train", train_transform)
    valid_set = datasets.ImageFolder(DATA_DIR / "valid", valid_transform)
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, num_workers=2)
    valid_loader = DataLoader(valid_set, batch_size=batch_size)
    return train_loader, valid_loader, train_set.classes


# 텐서 사진 한 장을 제목과 함께 그리는 함수
def show_image(image, title):
    pixels = image.permute(1, 2, 0)
    pixels = pixels * torch.tensor(STD) + torch.tensor(MEAN)
    plt.imshow(pixels.clamp(0, 1))
    plt.title(title)
    plt.axis("off")


# 학습 데이터가 제대로 들어오는지 몇 장 확인하는 함수
def show_batch(loader, classes):
    images, labels = next(iter(loader))
    grid = utils.make_grid(images[:4])
    show_image(grid, ", ".join(classes[label] for label in labels[:4]))
    plt.show()


# 학습 데이터를 처음부터 끝까지 한 번 도는 함수
def train_epoch(model, loader, criterion, optimizer):
    model.train()
    total_loss, hits = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(DEVICE), labels.to(DEVICE)
        optimizer.zero_grad()
        logits = model(images)
        loss = criterion(logits, labels)
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(images)
        hits += (logits.argmax(dim=1) == labels).sum().item()
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# 학습하지 않은 데이터로 실력을 재는 함수
def validate(model, loader, criterion):
    model.eval()
    total_loss, hits = 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(DEVICE), labels.to(DEVICE)
            logits = model(images)
            total_loss += criterion(logits, labels).item() * len(images)
            hits += (logits.argmax(dim=1) == labels).sum().item()
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# 여러 에포크를 학습하고 가장 좋았던 모델을 돌려주는 함수
def fit(model, train_loader, valid_loader, optimizer, epochs):
    criterion = nn.CrossEntropyLoss()
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    best_accuracy, best_weights = 0.0, copy.deepcopy(model.state_dict())
    started = time.perf_counter()
    for epoch in range(1, epochs + 1):
        train_loss, train_accuracy = train_epoch(model, train_loader, criterion, optimizer)
        valid_loss, valid_accuracy = validate(model, valid_loader, criterion)
        scheduler.step()
        print(f"{epoch}: loss {train_loss:.3f} / {valid_loss:.3f}, correct {train_accuracy:.3f} / {valid_accuracy:.3f}")
        if valid_accuracy > best_accuracy:
            best_accuracy, best_weights = valid_accuracy, copy.deepcopy(model.state_dict())
    print(f"best accuracy {best_accuracy:.3f} after {time.perf_counter() - started:.0f} s")
    model.load_state_dict(best_weights)
    return model


# 방법 1: 신경망 전체를 새 데이터에 맞게 미세 조정하는 함수
def finetune(train_loader, valid_loader, class_count, epochs):
    model = models.resnet18(weights=WEIGHTS)
    model.fc = nn.Linear(model.fc.in_features, class_count)
    model.to(DEVICE)
    optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# 방법 2: 특징 추출기는 그대로 두고 분류기만 학습하는 함수
def train_head(train_loader, valid_loader, class_count, epochs):
    model = models.resnet18(weights=WEIGHTS)
    for parameter in model.parameters():
        parameter.requires_grad = False
    model.fc = nn.Linear(model.fc.in_features, class_count)
    model.to(DEVICE)
    optimizer = optim.SGD(model.fc.parameters(), lr=0.001, momentum=0.9)
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# 학습된 모델의 예측을 정답과 나란히 보여 주는 함수
def show_predictions(model, loader, classes, count):
    model.eval()
    images, labels = next(iter(loader))
    with torch.no_grad():
        predictions = model(images.to(DEVICE)).argmax(dim=1).cpu()
    for index in range(min(count, len(images))):
        plt.subplot(2, count // 2, index + 1)
        show_image(images[index], f"{classes[predictions[index]]} ({classes[labels[index]]})")
    plt.show()


# 전체 실험의 순서를 정하는 함수
def main():
    torch.manual_seed(0)
    train_loader, valid_loader, classes = make_loaders(batch_size=16)
    show_batch(train_loader, classes)
    finetuned = finetune(train_loader, valid_loader, len(classes), epochs=10)
    show_predictions(finetuned, valid_loader, classes, count=6)
    extractor = train_head(train_loader, valid_loader, len(classes), epochs=10)
    show_predictions(extractor, valid_loader, classes, count=6)


if __name__ == "__main__":
    main()
