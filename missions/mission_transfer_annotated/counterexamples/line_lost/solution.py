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

# train과 valid 폴더가 들어 있는 최상위 폴더
DATA_DIR = Path("data")
# ImageNet 학습 이미지의 RGB 채널별 평균. 사전 학습 때와 같은 값을 써야 한다
MEAN = [0.485, 0.456, 0.406]
# ImageNet 채널별 표준편차. 평균과 짝을 이루어 정규화에 쓴다
STD = [0.229, 0.224, 0.225]
# ImageNet으로 미리 학습된 가중치를 내려받으라는 뜻
WEIGHTS = "IMAGENET1K_V1"
# GPU가 있으면 GPU에서, 없으면 CPU에서 계산한다
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


# 학습용과 검증용 전처리를 따로 준비하는 함수
def make_transforms():
    # 크기와 위치를 무작위로 바꿔 잘라 데이터 증강을 한다. 224는 ResNet의 입력 크기이다
    random_crop = transforms.RandomResizedCrop(224)
    # 절반의 확률로 좌우를 뒤집어 더 다양한 사진을 보게 한다
    random_flip = transforms.RandomHorizontalFlip()
    # 검증 이미지는 짧은 변을 256으로 줄여 크기를 통일한다
    resize = transforms.Resize(256)
    # 늘 가운데를 잘라 평가할 때마다 같은 입력이 들어가게 한다
    center_crop = transforms.CenterCrop(224)
    # 0~255 정수 이미지를 0~1 실수 텐서(C, H, W)로 바꾼다
    to_tensor = transforms.ToTensor()
    # 평균을 빼고 표준편차로 나누어 사전 학습 때의 입력 분포와 맞춘다
    normalize = transforms.Normalize(MEAN, STD)
    # 학습 데이터에는 무작위 증강을 포함해 차례로 적용한다
    train_transform = transforms.Compose([random_crop, random_flip, to_tensor, normalize])
    # 검증 데이터에는 무작위 변환을 넣지 않아 평가가 일정하다
    valid_transform = transforms.Compose([resize, center_crop, to_tensor, normalize])
    # 두 가지 전처리를 함께 돌려준다
    return train_transform, valid_transform


# 배치 크기를 받아 데이터를 읽어 오는 통로를 만드는 함수
def make_loaders(batch_size):
    # 앞에서 준비한 두 전처리를 받아 온다
    train_transform, valid_transform = make_transforms()
    # 하위 폴더 이름을 클래스 레이블로 삼아 학습 사진을 읽는다
    train_set = datasets.ImageFolder(DATA_DIR / "train", train_transform)
    # 검증 사진도 같은 폴더 규칙으로 읽되 증강은 하지 않는다
    valid_set = datasets.ImageFolder(DATA_DIR / "valid", valid_transform)
    # 에포크마다 순서를 섞고, 프로세스 두 개가 미리 사진을 읽어 학습이 기다리지 않게 한다
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, num_workers=2)
    # 검증은 순서가 결과에 영향을 주지 않으므로 섞지 않는다
    valid_loader = DataLoader(valid_set, batch_size=batch_size)
    # 로더 두 개와 폴더에서 알아낸 클래스 이름 목록을 넘긴다
    return train_loader, valid_loader, train_set.classes


# 텐서 사진 한 장을 제목과 함께 그리는 함수
def show_image(image, title):
    # (C, H, W)를 matplotlib이 원하는 (H, W, C) 순서로 바꾼다
    pixels = image.permute(1, 2, 0)
    # 정규화를 거꾸로 되돌려 원래 색으로 복원한다
    pixels = pixels * torch.tensor(STD) + torch.tensor(MEAN)
    # 반올림 오차로 0~1을 벗어난 값을 잘라 낸 뒤 화면에 그린다
    plt.imshow(pixels.clamp(0, 1))
    # 사진 위에 정답이나 예측을 적는다
    plt.title(title)
    # 눈금은 사진을 보는 데 방해가 되므로 숨긴다
    plt.axis("off")


# 학습 데이터가 제대로 들어오는지 몇 장 확인하는 함수
def show_batch(loader, classes):
    # 첫 번째 배치 하나만 꺼내 본다
    images, labels = next(iter(loader))
    # 사진 네 장을 한 장의 큰 격자로 이어 붙인다
    grid = utils.make_grid(images[:4])
    # 숫자 레이블을 사람이 읽을 클래스 이름으로 바꾸어 제목으로 단다
    show_image(grid, ", ".join(classes[label] for label in labels[:4]))
    # 그린 창을 화면에 띄운다
    plt.show()


# 학습 데이터를 처음부터 끝까지 한 번 도는 함수
def train_epoch(model, loader, criterion, optimizer):
    # 드롭아웃과 배치 정규화를 학습 모드로 바꾼다
    model.train()
    # 손실 합과 맞힌 개수를 0에서 세기 시작한다
    total_loss, hits = 0.0, 0
    # 미니배치를 하나씩 꺼내며 반복한다
    for images, labels in loader:
        # 모델과 같은 장치에 있어야 계산할 수 있으므로 옮긴다
        images, labels = images.to(DEVICE), labels.to(DEVICE)
        # 기울기는 누적되므로 매번 0으로 비운다
        # 순전파로 클래스별 점수를 구한다
        logits = model(images)
        # 예측과 정답의 차이를 하나의 숫자로 나타낸다
        loss = criterion(logits, labels)
        # 역전파로 모든 파라미터의 기울기를 계산한다
        loss.backward()
        # 계산한 기울기 방향으로 가중치를 갱신한다
        optimizer.step()
        # 배치 평균 손실에 사진 수를 곱해 합으로 되돌려 쌓는다
        total_loss += loss.item() * len(images)
        # 점수가 가장 높은 클래스가 정답과 같은 사진을 센다
        hits += (logits.argmax(dim=1) == labels).sum().item()
    # 전체 사진 수로 나누어 평균 손실과 정확도를 구한다
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# 학습하지 않은 데이터로 실력을 재는 함수
def validate(model, loader, criterion):
    # 드롭아웃을 끄고 배치 정규화가 저장된 통계를 쓰는 평가 모드로 바꾼다
    model.eval()
    # 손실 합과 맞힌 개수를 0에서 세기 시작한다
    total_loss, hits = 0.0, 0
    # 평가에는 기울기가 필요 없으므로 계산 기록을 꺼서 메모리를 아낀다
    with torch.no_grad():
        # 미니배치를 하나씩 꺼내며 반복한다
        for images, labels in loader:
            # 모델과 같은 장치에 있어야 계산할 수 있으므로 옮긴다
            images, labels = images.to(DEVICE), labels.to(DEVICE)
            # 순전파로 클래스별 점수를 구한다
            logits = model(images)
            # 검증 손실도 사진 수만큼 가중해 더한다
            total_loss += criterion(logits, labels).item() * len(images)
            # 점수가 가장 높은 클래스가 정답과 같은 사진을 센다
            hits += (logits.argmax(dim=1) == labels).sum().item()
    # 전체 사진 수로 나누어 평균 손실과 정확도를 구한다
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# 여러 에포크를 학습하고 가장 좋았던 모델을 돌려주는 함수
def fit(model, train_loader, valid_loader, optimizer, epochs):
    # 다중 분류에 쓰는 손실 함수. 소프트맥스가 안에 들어 있어 로짓을 그대로 넣는다
    criterion = nn.CrossEntropyLoss()
    # 7에포크마다 학습률을 10분의 1로 줄여 막바지에 섬세하게 학습한다
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    # 최고 기록과 그때의 가중치를 복사해 둘 자리. 복사하지 않으면 학습하면서 함께 바뀌어 버린다
    best_accuracy, best_weights = 0.0, copy.deepcopy(model.state_dict())
    # 학습 시작 시각을 기억한다
    started = time.perf_counter()
    # 정해진 에포크 수만큼 반복하며, 번호는 1부터 센다
    for epoch in range(1, epochs + 1):
        # 먼저 학습 데이터로 한 에포크 가르친다
        train_loss, train_accuracy = train_epoch(model, train_loader, criterion, optimizer)
        # 이어서 검증 데이터로 성능을 잰다
        valid_loss, valid_accuracy = validate(model, valid_loader, criterion)
        # 한 에포크가 끝났으니 학습률 일정을 한 칸 진행한다
        scheduler.step()
        # 학습과 검증 수치를 나란히 찍어 과적합이 생기는지 본다
        print(f"{epoch}: loss {train_loss:.3f} / {valid_loss:.3f}, correct {train_accuracy:.3f} / {valid_accuracy:.3f}")
        # 검증 정확도가 지금까지의 최고 기록을 넘었는지 본다
        if valid_accuracy > best_accuracy:
            # 넘었다면 기록을 고치고 그 순간의 가중치를 깊은 복사로 보관한다
            best_accuracy, best_weights = valid_accuracy, copy.deepcopy(model.state_dict())
    # 최고 정확도와 걸린 시간을 알린다
    print(f"best accuracy {best_accuracy:.3f} after {time.perf_counter() - started:.0f} s")
    # 마지막이 아니라 검증 성능이 가장 좋았던 때의 가중치로 되돌린다
    model.load_state_dict(best_weights)
    # 가장 좋은 상태의 모델을 돌려준다
    return model


# 방법 1: 신경망 전체를 새 데이터에 맞게 미세 조정하는 함수
def finetune(train_loader, valid_loader, class_count, epochs):
    # ImageNet으로 사전 학습된 ResNet-18에서 출발한다
    model = models.resnet18(weights=WEIGHTS)
    # 1000개 클래스용 마지막 층을 우리 클래스 수에 맞는 새 층으로 갈아 끼운다
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # 모델의 가중치를 GPU 같은 계산 장치로 옮긴다
    model.to(DEVICE)
    # 모든 층의 파라미터를 작은 학습률로 조금씩 고친다. 모멘텀은 이전 방향을 이어 간다
    optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    # 준비한 모델과 최적화기로 학습을 맡긴다
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# 방법 2: 특징 추출기는 그대로 두고 분류기만 학습하는 함수
def train_head(train_loader, valid_loader, class_count, epochs):
    # ImageNet으로 사전 학습된 ResNet-18에서 출발한다
    model = models.resnet18(weights=WEIGHTS)
    # 사전 학습된 모든 파라미터를 하나씩 살펴본다
    for parameter in model.parameters():
        # 기울기를 구하지 않게 하여 가중치를 동결한다
        parameter.requires_grad = False
    # 새로 만든 층은 기본으로 학습 가능하므로 이 분류기만 배우게 된다
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # 모델의 가중치를 GPU 같은 계산 장치로 옮긴다
    model.to(DEVICE)
    # 마지막 층의 파라미터만 최적화기에 넘긴다
    optimizer = optim.SGD(model.fc.parameters(), lr=0.001, momentum=0.9)
    # 준비한 모델과 최적화기로 학습을 맡긴다
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# 학습된 모델의 예측을 정답과 나란히 보여 주는 함수
def show_predictions(model, loader, classes, count):
    # 드롭아웃을 끄고 배치 정규화가 저장된 통계를 쓰는 평가 모드로 바꾼다
    model.eval()
    # 검증 데이터에서 사진 한 묶음을 꺼낸다
    images, labels = next(iter(loader))
    # 예측만 하므로 기울기 기록을 끈다
    with torch.no_grad():
        # 가장 점수가 높은 클래스를 고르고, 그림을 그리려고 CPU로 가져온다
        predictions = model(images.to(DEVICE)).argmax(dim=1).cpu()
    # 보여 줄 장수와 배치 크기 중 작은 쪽까지만 돈다
    for index in range(min(count, len(images))):
        # 두 줄짜리 바둑판에서 이번 사진이 놓일 칸을 고른다
        plt.subplot(2, count // 2, index + 1)
        # 예측한 이름을 쓰고 괄호 안에 정답을 적는다
        show_image(images[index], f"{classes[predictions[index]]} ({classes[labels[index]]})")
    # 그린 창을 화면에 띄운다
    plt.show()


# 전체 실험의 순서를 정하는 함수
def main():
    # 난수 시드를 고정해 다시 돌려도 같은 결과를 얻는다
    torch.manual_seed(0)
    # 사진을 16장씩 묶어 읽도록 준비한다
    train_loader, valid_loader, classes = make_loaders(batch_size=16)
    # 증강된 학습 사진을 눈으로 먼저 확인한다
    show_batch(train_loader, classes)
    # 첫 번째 방법으로 모델 전체를 10에포크 미세 조정한다
    finetuned = finetune(train_loader, valid_loader, len(classes), epochs=10)
    # 미세 조정한 모델이 무엇을 맞히고 틀리는지 본다
    show_predictions(finetuned, valid_loader, classes, count=6)
    # 두 번째 방법으로 분류기만 10에포크 학습한다
    extractor = train_head(train_loader, valid_loader, len(classes), epochs=10)
    # 특징을 고정한 모델의 예측과 비교해 본다
    show_predictions(extractor, valid_loader, classes, count=6)


# 다른 파일에서 import할 때는 돌지 않고 직접 실행할 때만 돈다
if __name__ == "__main__":
    # 실험을 시작한다
    main()
