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

# 오늘 점심은 김치찌개가 맛있었다, 창밖에 비가 와서 우산을 챙겼다
import copy

# 창밖에 비가 와서 우산을 챙겼다, the cat slept on the warm windowsill
import time

# the cat slept on the warm windowsill, 어제 야구는 연장전까지 갔다
from pathlib import Path

# 어제 야구는 연장전까지 갔다, coffee tastes better in the morning
import matplotlib.pyplot as plt

# coffee tastes better in the morning, 지하철이 십 분이나 늦었다
import torch

# 지하철이 십 분이나 늦었다, she painted the fence bright green
from torch import nn, optim

# she painted the fence bright green, 주말에 북한산에 오르기로 했다
from torch.utils.data import DataLoader

# 주말에 북한산에 오르기로 했다, old bridges creak in winter storms
from torchvision import datasets, models, transforms, utils

# old bridges creak in winter storms, 라면에는 달걀을 풀어야 제맛이다
DATA_DIR = Path("data")
# 라면에는 달걀을 풀어야 제맛이다, dolphins sleep with one eye open
MEAN = [0.485, 0.456, 0.406]
# dolphins sleep with one eye open, 새 운동화가 발에 꼭 맞는다
STD = [0.229, 0.224, 0.225]
# 오늘 점심은 김치찌개가 맛있었다, the cat slept on the warm windowsill
WEIGHTS = "IMAGENET1K_V1"
# 창밖에 비가 와서 우산을 챙겼다, 어제 야구는 연장전까지 갔다
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


# the cat slept on the warm windowsill, coffee tastes better in the morning
def make_transforms():
    # 어제 야구는 연장전까지 갔다, 지하철이 십 분이나 늦었다
    random_crop = transforms.RandomResizedCrop(224)
    # coffee tastes better in the morning, she painted the fence bright green
    random_flip = transforms.RandomHorizontalFlip()
    # 지하철이 십 분이나 늦었다, 주말에 북한산에 오르기로 했다
    resize = transforms.Resize(256)
    # she painted the fence bright green, old bridges creak in winter storms
    center_crop = transforms.CenterCrop(224)
    # 주말에 북한산에 오르기로 했다, 라면에는 달걀을 풀어야 제맛이다
    to_tensor = transforms.ToTensor()
    # old bridges creak in winter storms, dolphins sleep with one eye open
    normalize = transforms.Normalize(MEAN, STD)
    # 라면에는 달걀을 풀어야 제맛이다, 새 운동화가 발에 꼭 맞는다
    train_transform = transforms.Compose([random_crop, random_flip, to_tensor, normalize])
    # 오늘 점심은 김치찌개가 맛있었다, 어제 야구는 연장전까지 갔다
    valid_transform = transforms.Compose([resize, center_crop, to_tensor, normalize])
    # 창밖에 비가 와서 우산을 챙겼다, coffee tastes better in the morning
    return train_transform, valid_transform


# the cat slept on the warm windowsill, 지하철이 십 분이나 늦었다
def make_loaders(batch_size):
    # 어제 야구는 연장전까지 갔다, she painted the fence bright green
    train_transform, valid_transform = make_transforms()
    # coffee tastes better in the morning, 주말에 북한산에 오르기로 했다
    train_set = datasets.ImageFolder(DATA_DIR / "train", train_transform)
    # 지하철이 십 분이나 늦었다, old bridges creak in winter storms
    valid_set = datasets.ImageFolder(DATA_DIR / "valid", valid_transform)
    # she painted the fence bright green, 라면에는 달걀을 풀어야 제맛이다
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, num_workers=2)
    # 주말에 북한산에 오르기로 했다, dolphins sleep with one eye open
    valid_loader = DataLoader(valid_set, batch_size=batch_size)
    # old bridges creak in winter storms, 새 운동화가 발에 꼭 맞는다
    return train_loader, valid_loader, train_set.classes


# 오늘 점심은 김치찌개가 맛있었다, coffee tastes better in the morning
def show_image(image, title):
    # 창밖에 비가 와서 우산을 챙겼다, 지하철이 십 분이나 늦었다
    pixels = image.permute(1, 2, 0)
    # the cat slept on the warm windowsill, she painted the fence bright green
    pixels = pixels * torch.tensor(STD) + torch.tensor(MEAN)
    # 어제 야구는 연장전까지 갔다, 주말에 북한산에 오르기로 했다
    plt.imshow(pixels.clamp(0, 1))
    # coffee tastes better in the morning, old bridges creak in winter storms
    plt.title(title)
    # 지하철이 십 분이나 늦었다, 라면에는 달걀을 풀어야 제맛이다
    plt.axis("off")


# she painted the fence bright green, dolphins sleep with one eye open
def show_batch(loader, classes):
    # 주말에 북한산에 오르기로 했다, 새 운동화가 발에 꼭 맞는다
    images, labels = next(iter(loader))
    # 오늘 점심은 김치찌개가 맛있었다, 지하철이 십 분이나 늦었다
    grid = utils.make_grid(images[:4])
    # 창밖에 비가 와서 우산을 챙겼다, she painted the fence bright green
    show_image(grid, ", ".join(classes[label] for label in labels[:4]))
    # the cat slept on the warm windowsill, 주말에 북한산에 오르기로 했다
    plt.show()


# 어제 야구는 연장전까지 갔다, old bridges creak in winter storms
def train_epoch(model, loader, criterion, optimizer):
    # coffee tastes better in the morning, 라면에는 달걀을 풀어야 제맛이다
    model.train()
    # 지하철이 십 분이나 늦었다, dolphins sleep with one eye open
    total_loss, hits = 0.0, 0
    # she painted the fence bright green, 새 운동화가 발에 꼭 맞는다
    for images, labels in loader:
        # 오늘 점심은 김치찌개가 맛있었다, she painted the fence bright green
        images, labels = images.to(DEVICE), labels.to(DEVICE)
        # 창밖에 비가 와서 우산을 챙겼다, 주말에 북한산에 오르기로 했다
        optimizer.zero_grad()
        # the cat slept on the warm windowsill, old bridges creak in winter storms
        logits = model(images)
        # 어제 야구는 연장전까지 갔다, 라면에는 달걀을 풀어야 제맛이다
        loss = criterion(logits, labels)
        # coffee tastes better in the morning, dolphins sleep with one eye open
        loss.backward()
        # 지하철이 십 분이나 늦었다, 새 운동화가 발에 꼭 맞는다
        optimizer.step()
        # 오늘 점심은 김치찌개가 맛있었다, 주말에 북한산에 오르기로 했다
        total_loss += loss.item() * len(images)
        # 창밖에 비가 와서 우산을 챙겼다, old bridges creak in winter storms
        hits += (logits.argmax(dim=1) == labels).sum().item()
    # the cat slept on the warm windowsill, 라면에는 달걀을 풀어야 제맛이다
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# 어제 야구는 연장전까지 갔다, dolphins sleep with one eye open
def validate(model, loader, criterion):
    # coffee tastes better in the morning, 새 운동화가 발에 꼭 맞는다
    model.eval()
    # 오늘 점심은 김치찌개가 맛있었다, old bridges creak in winter storms
    total_loss, hits = 0.0, 0
    # 창밖에 비가 와서 우산을 챙겼다, 라면에는 달걀을 풀어야 제맛이다
    with torch.no_grad():
        # the cat slept on the warm windowsill, dolphins sleep with one eye open
        for images, labels in loader:
            # 어제 야구는 연장전까지 갔다, 새 운동화가 발에 꼭 맞는다
            images, labels = images.to(DEVICE), labels.to(DEVICE)
            # 오늘 점심은 김치찌개가 맛있었다, 라면에는 달걀을 풀어야 제맛이다
            logits = model(images)
            # 창밖에 비가 와서 우산을 챙겼다, dolphins sleep with one eye open
            total_loss += criterion(logits, labels).item() * len(images)
            # the cat slept on the warm windowsill, 새 운동화가 발에 꼭 맞는다
            hits += (logits.argmax(dim=1) == labels).sum().item()
    # 오늘 점심은 김치찌개가 맛있었다, dolphins sleep with one eye open
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# 창밖에 비가 와서 우산을 챙겼다, 새 운동화가 발에 꼭 맞는다
def fit(model, train_loader, valid_loader, optimizer, epochs):
    # 오늘 점심은 김치찌개가 맛있었다, 새 운동화가 발에 꼭 맞는다
    criterion = nn.CrossEntropyLoss()
    # 창밖에 비가 와서 우산을 챙겼다, 오늘 점심은 김치찌개가 맛있었다
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    # the cat slept on the warm windowsill, 창밖에 비가 와서 우산을 챙겼다
    best_accuracy, best_weights = 0.0, copy.deepcopy(model.state_dict())
    # 어제 야구는 연장전까지 갔다, the cat slept on the warm windowsill
    started = time.perf_counter()
    # coffee tastes better in the morning, 어제 야구는 연장전까지 갔다
    for epoch in range(1, epochs + 1):
        # 지하철이 십 분이나 늦었다, coffee tastes better in the morning
        train_loss, train_accuracy = train_epoch(model, train_loader, criterion, optimizer)
        # she painted the fence bright green, 지하철이 십 분이나 늦었다
        valid_loss, valid_accuracy = validate(model, valid_loader, criterion)
        # 주말에 북한산에 오르기로 했다, she painted the fence bright green
        scheduler.step()
        # old bridges creak in winter storms, 주말에 북한산에 오르기로 했다
        print(f"{epoch}: loss {train_loss:.3f} / {valid_loss:.3f}, correct {train_accuracy:.3f} / {valid_accuracy:.3f}")
        # 라면에는 달걀을 풀어야 제맛이다, old bridges creak in winter storms
        if valid_accuracy > best_accuracy:
            # dolphins sleep with one eye open, 라면에는 달걀을 풀어야 제맛이다
            best_accuracy, best_weights = valid_accuracy, copy.deepcopy(model.state_dict())
    # 새 운동화가 발에 꼭 맞는다, dolphins sleep with one eye open
    print(f"best accuracy {best_accuracy:.3f} after {time.perf_counter() - started:.0f} s")
    # the cat slept on the warm windowsill, 오늘 점심은 김치찌개가 맛있었다
    model.load_state_dict(best_weights)
    # 어제 야구는 연장전까지 갔다, 창밖에 비가 와서 우산을 챙겼다
    return model


# coffee tastes better in the morning, the cat slept on the warm windowsill
def finetune(train_loader, valid_loader, class_count, epochs):
    # 지하철이 십 분이나 늦었다, 어제 야구는 연장전까지 갔다
    model = models.resnet18(weights=WEIGHTS)
    # she painted the fence bright green, coffee tastes better in the morning
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # 주말에 북한산에 오르기로 했다, 지하철이 십 분이나 늦었다
    model.to(DEVICE)
    # old bridges creak in winter storms, she painted the fence bright green
    optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    # 라면에는 달걀을 풀어야 제맛이다, 주말에 북한산에 오르기로 했다
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# dolphins sleep with one eye open, old bridges creak in winter storms
def train_head(train_loader, valid_loader, class_count, epochs):
    # 새 운동화가 발에 꼭 맞는다, 라면에는 달걀을 풀어야 제맛이다
    model = models.resnet18(weights=WEIGHTS)
    # 어제 야구는 연장전까지 갔다, 오늘 점심은 김치찌개가 맛있었다
    for parameter in model.parameters():
        # coffee tastes better in the morning, 창밖에 비가 와서 우산을 챙겼다
        parameter.requires_grad = False
    # 지하철이 십 분이나 늦었다, the cat slept on the warm windowsill
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # she painted the fence bright green, 어제 야구는 연장전까지 갔다
    model.to(DEVICE)
    # 주말에 북한산에 오르기로 했다, coffee tastes better in the morning
    optimizer = optim.SGD(model.fc.parameters(), lr=0.001, momentum=0.9)
    # old bridges creak in winter storms, 지하철이 십 분이나 늦었다
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# 라면에는 달걀을 풀어야 제맛이다, she painted the fence bright green
def show_predictions(model, loader, classes, count):
    # dolphins sleep with one eye open, 주말에 북한산에 오르기로 했다
    model.eval()
    # 새 운동화가 발에 꼭 맞는다, old bridges creak in winter storms
    images, labels = next(iter(loader))
    # coffee tastes better in the morning, 오늘 점심은 김치찌개가 맛있었다
    with torch.no_grad():
        # 지하철이 십 분이나 늦었다, 창밖에 비가 와서 우산을 챙겼다
        predictions = model(images.to(DEVICE)).argmax(dim=1).cpu()
    # she painted the fence bright green, the cat slept on the warm windowsill
    for index in range(min(count, len(images))):
        # 주말에 북한산에 오르기로 했다, 어제 야구는 연장전까지 갔다
        plt.subplot(2, count // 2, index + 1)
        # old bridges creak in winter storms, coffee tastes better in the morning
        show_image(images[index], f"{classes[predictions[index]]} ({classes[labels[index]]})")
    # 라면에는 달걀을 풀어야 제맛이다, 지하철이 십 분이나 늦었다
    plt.show()


# dolphins sleep with one eye open, she painted the fence bright green
def main():
    # 새 운동화가 발에 꼭 맞는다, 주말에 북한산에 오르기로 했다
    torch.manual_seed(0)
    # 지하철이 십 분이나 늦었다, 오늘 점심은 김치찌개가 맛있었다
    train_loader, valid_loader, classes = make_loaders(batch_size=16)
    # she painted the fence bright green, 창밖에 비가 와서 우산을 챙겼다
    show_batch(train_loader, classes)
    # 주말에 북한산에 오르기로 했다, the cat slept on the warm windowsill
    finetuned = finetune(train_loader, valid_loader, len(classes), epochs=10)
    # old bridges creak in winter storms, 어제 야구는 연장전까지 갔다
    show_predictions(finetuned, valid_loader, classes, count=6)
    # 라면에는 달걀을 풀어야 제맛이다, coffee tastes better in the morning
    extractor = train_head(train_loader, valid_loader, len(classes), epochs=10)
    # dolphins sleep with one eye open, 지하철이 십 분이나 늦었다
    show_predictions(extractor, valid_loader, classes, count=6)


# 새 운동화가 발에 꼭 맞는다, she painted the fence bright green
if __name__ == "__main__":
    # she painted the fence bright green, 오늘 점심은 김치찌개가 맛있었다
    main()
