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

# 이 줄은 import 변수에 copy 값을 사용하는 copy 함수를 호출하여 결과를 저장하는 코드입니다
import copy

# 이 줄은 import 변수에 time 값을 사용하는 time 함수를 호출하여 결과를 저장하는 코드입니다
import time

# 이 줄은 from 변수에 Path 값을 사용하는 import 함수를 호출하여 결과를 저장하는 코드입니다
from pathlib import Path

# 이 줄은 import 변수에 plt 값을 사용하는 pyplot 함수를 호출하여 결과를 저장하는 코드입니다
import matplotlib.pyplot as plt

# 이 줄은 import 변수에 torch 값을 사용하는 torch 함수를 호출하여 결과를 저장하는 코드입니다
import torch

# 이 줄은 from 변수에 optim 값을 사용하는 import 함수를 호출하여 결과를 저장하는 코드입니다
from torch import nn, optim

# 이 줄은 from 변수에 DataLoader 값을 사용하는 data 함수를 호출하여 결과를 저장하는 코드입니다
from torch.utils.data import DataLoader

# 이 줄은 from 변수에 utils 값을 사용하는 datasets 함수를 호출하여 결과를 저장하는 코드입니다
from torchvision import datasets, models, transforms, utils

# 이 줄은 DATA 변수에 data 값을 사용하는 Path 함수를 호출하여 결과를 저장하는 코드입니다
DATA_DIR = Path("data")
# 이 줄은 MEAN 변수에 406 값을 사용하는 0 함수를 호출하여 결과를 저장하는 코드입니다
MEAN = [0.485, 0.456, 0.406]
# 이 줄은 STD 변수에 225 값을 사용하는 0 함수를 호출하여 결과를 저장하는 코드입니다
STD = [0.229, 0.224, 0.225]
# 이 줄은 WEIGHTS 변수에 V1 값을 사용하는 IMAGENET1K 함수를 호출하여 결과를 저장하는 코드입니다
WEIGHTS = "IMAGENET1K_V1"
# 이 줄은 DEVICE 변수에 cpu 값을 사용하는 torch 함수를 호출하여 결과를 저장하는 코드입니다
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


# 이 줄은 def 변수에 transforms 값을 사용하는 make 함수를 호출하여 결과를 저장하는 코드입니다
def make_transforms():
    # 이 줄은 random 변수에 224 값을 사용하는 transforms 함수를 호출하여 결과를 저장하는 코드입니다
    random_crop = transforms.RandomResizedCrop(224)
    # 이 줄은 random 변수에 RandomHorizontalFlip 값을 사용하는 transforms 함수를 호출하여 결과를 저장하는 코드입니다
    random_flip = transforms.RandomHorizontalFlip()
    # 이 줄은 resize 변수에 256 값을 사용하는 Resize 함수를 호출하여 결과를 저장하는 코드입니다
    resize = transforms.Resize(256)
    # 이 줄은 center 변수에 224 값을 사용하는 transforms 함수를 호출하여 결과를 저장하는 코드입니다
    center_crop = transforms.CenterCrop(224)
    # 이 줄은 to 변수에 ToTensor 값을 사용하는 transforms 함수를 호출하여 결과를 저장하는 코드입니다
    to_tensor = transforms.ToTensor()
    # 이 줄은 normalize 변수에 STD 값을 사용하는 Normalize 함수를 호출하여 결과를 저장하는 코드입니다
    normalize = transforms.Normalize(MEAN, STD)
    # 이 줄은 train 변수에 normalize 값을 사용하는 crop 함수를 호출하여 결과를 저장하는 코드입니다
    train_transform = transforms.Compose([random_crop, random_flip, to_tensor, normalize])
    # 이 줄은 valid 변수에 normalize 값을 사용하는 center 함수를 호출하여 결과를 저장하는 코드입니다
    valid_transform = transforms.Compose([resize, center_crop, to_tensor, normalize])
    # 이 줄은 return 변수에 transform 값을 사용하는 transform 함수를 호출하여 결과를 저장하는 코드입니다
    return train_transform, valid_transform


# 이 줄은 def 변수에 size 값을 사용하는 loaders 함수를 호출하여 결과를 저장하는 코드입니다
def make_loaders(batch_size):
    # 이 줄은 train 변수에 transforms 값을 사용하는 transform 함수를 호출하여 결과를 저장하는 코드입니다
    train_transform, valid_transform = make_transforms()
    # 이 줄은 train 변수에 transform 값을 사용하는 DATA 함수를 호출하여 결과를 저장하는 코드입니다
    train_set = datasets.ImageFolder(DATA_DIR / "train", train_transform)
    # 이 줄은 valid 변수에 transform 값을 사용하는 DATA 함수를 호출하여 결과를 저장하는 코드입니다
    valid_set = datasets.ImageFolder(DATA_DIR / "valid", valid_transform)
    # 이 줄은 train 변수에 2 값을 사용하는 batch 함수를 호출하여 결과를 저장하는 코드입니다
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, num_workers=2)
    # 이 줄은 valid 변수에 size 값을 사용하는 set 함수를 호출하여 결과를 저장하는 코드입니다
    valid_loader = DataLoader(valid_set, batch_size=batch_size)
    # 이 줄은 return 변수에 classes 값을 사용하는 loader 함수를 호출하여 결과를 저장하는 코드입니다
    return train_loader, valid_loader, train_set.classes


# 이 줄은 def 변수에 title 값을 사용하는 image 함수를 호출하여 결과를 저장하는 코드입니다
def show_image(image, title):
    # 이 줄은 pixels 변수에 0 값을 사용하는 1 함수를 호출하여 결과를 저장하는 코드입니다
    pixels = image.permute(1, 2, 0)
    # 이 줄은 pixels 변수에 MEAN 값을 사용하는 STD 함수를 호출하여 결과를 저장하는 코드입니다
    pixels = pixels * torch.tensor(STD) + torch.tensor(MEAN)
    # 이 줄은 plt 변수에 1 값을 사용하는 clamp 함수를 호출하여 결과를 저장하는 코드입니다
    plt.imshow(pixels.clamp(0, 1))
    # 이 줄은 plt 변수에 title 값을 사용하는 title 함수를 호출하여 결과를 저장하는 코드입니다
    plt.title(title)
    # 이 줄은 plt 변수에 off 값을 사용하는 axis 함수를 호출하여 결과를 저장하는 코드입니다
    plt.axis("off")


# 이 줄은 def 변수에 classes 값을 사용하는 batch 함수를 호출하여 결과를 저장하는 코드입니다
def show_batch(loader, classes):
    # 이 줄은 images 변수에 loader 값을 사용하는 next 함수를 호출하여 결과를 저장하는 코드입니다
    images, labels = next(iter(loader))
    # 이 줄은 grid 변수에 4 값을 사용하는 grid 함수를 호출하여 결과를 저장하는 코드입니다
    grid = utils.make_grid(images[:4])
    # 이 줄은 show 변수에 4 값을 사용하는 label 함수를 호출하여 결과를 저장하는 코드입니다
    show_image(grid, ", ".join(classes[label] for label in labels[:4]))
    # 이 줄은 plt 변수에 show 값을 사용하는 show 함수를 호출하여 결과를 저장하는 코드입니다
    plt.show()


# 이 줄은 def 변수에 optimizer 값을 사용하는 model 함수를 호출하여 결과를 저장하는 코드입니다
def train_epoch(model, loader, criterion, optimizer):
    # 이 줄은 model 변수에 train 값을 사용하는 train 함수를 호출하여 결과를 저장하는 코드입니다
    model.train()
    # 이 줄은 total 변수에 0 값을 사용하는 0 함수를 호출하여 결과를 저장하는 코드입니다
    total_loss, hits = 0.0, 0
    # 이 줄은 for 변수에 loader 값을 사용하는 labels 함수를 호출하여 결과를 저장하는 코드입니다
    for images, labels in loader:
        # 이 줄은 images 변수에 DEVICE 값을 사용하는 DEVICE 함수를 호출하여 결과를 저장하는 코드입니다
        images, labels = images.to(DEVICE), labels.to(DEVICE)
        # 이 줄은 optimizer 변수에 grad 값을 사용하는 zero 함수를 호출하여 결과를 저장하는 코드입니다
        optimizer.zero_grad()
        # 이 줄은 logits 변수에 images 값을 사용하는 model 함수를 호출하여 결과를 저장하는 코드입니다
        logits = model(images)
        # 이 줄은 loss 변수에 labels 값을 사용하는 logits 함수를 호출하여 결과를 저장하는 코드입니다
        loss = criterion(logits, labels)
        # 이 줄은 loss 변수에 backward 값을 사용하는 backward 함수를 호출하여 결과를 저장하는 코드입니다
        loss.backward()
        # 이 줄은 optimizer 변수에 step 값을 사용하는 step 함수를 호출하여 결과를 저장하는 코드입니다
        optimizer.step()
        # 이 줄은 total 변수에 images 값을 사용하는 item 함수를 호출하여 결과를 저장하는 코드입니다
        total_loss += loss.item() * len(images)
        # 이 줄은 hits 변수에 item 값을 사용하는 1 함수를 호출하여 결과를 저장하는 코드입니다
        hits += (logits.argmax(dim=1) == labels).sum().item()
    # 이 줄은 return 변수에 dataset 값을 사용하는 dataset 함수를 호출하여 결과를 저장하는 코드입니다
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# 이 줄은 def 변수에 criterion 값을 사용하는 model 함수를 호출하여 결과를 저장하는 코드입니다
def validate(model, loader, criterion):
    # 이 줄은 model 변수에 eval 값을 사용하는 eval 함수를 호출하여 결과를 저장하는 코드입니다
    model.eval()
    # 이 줄은 total 변수에 0 값을 사용하는 0 함수를 호출하여 결과를 저장하는 코드입니다
    total_loss, hits = 0.0, 0
    # 이 줄은 with 변수에 grad 값을 사용하는 no 함수를 호출하여 결과를 저장하는 코드입니다
    with torch.no_grad():
        # 이 줄은 for 변수에 loader 값을 사용하는 labels 함수를 호출하여 결과를 저장하는 코드입니다
        for images, labels in loader:
            # 이 줄은 images 변수에 DEVICE 값을 사용하는 DEVICE 함수를 호출하여 결과를 저장하는 코드입니다
            images, labels = images.to(DEVICE), labels.to(DEVICE)
            # 이 줄은 logits 변수에 images 값을 사용하는 model 함수를 호출하여 결과를 저장하는 코드입니다
            logits = model(images)
            # 이 줄은 total 변수에 images 값을 사용하는 labels 함수를 호출하여 결과를 저장하는 코드입니다
            total_loss += criterion(logits, labels).item() * len(images)
            # 이 줄은 hits 변수에 item 값을 사용하는 1 함수를 호출하여 결과를 저장하는 코드입니다
            hits += (logits.argmax(dim=1) == labels).sum().item()
    # 이 줄은 return 변수에 dataset 값을 사용하는 dataset 함수를 호출하여 결과를 저장하는 코드입니다
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# 이 줄은 def 변수에 epochs 값을 사용하는 loader 함수를 호출하여 결과를 저장하는 코드입니다
def fit(model, train_loader, valid_loader, optimizer, epochs):
    # 이 줄은 criterion 변수에 CrossEntropyLoss 값을 사용하는 nn 함수를 호출하여 결과를 저장하는 코드입니다
    criterion = nn.CrossEntropyLoss()
    # 이 줄은 scheduler 변수에 1 값을 사용하는 step 함수를 호출하여 결과를 저장하는 코드입니다
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    # 이 줄은 best 변수에 dict 값을 사용하는 0 함수를 호출하여 결과를 저장하는 코드입니다
    best_accuracy, best_weights = 0.0, copy.deepcopy(model.state_dict())
    # 이 줄은 started 변수에 counter 값을 사용하는 perf 함수를 호출하여 결과를 저장하는 코드입니다
    started = time.perf_counter()
    # 이 줄은 for 변수에 1 값을 사용하는 range 함수를 호출하여 결과를 저장하는 코드입니다
    for epoch in range(1, epochs + 1):
        # 이 줄은 train 변수에 optimizer 값을 사용하는 epoch 함수를 호출하여 결과를 저장하는 코드입니다
        train_loss, train_accuracy = train_epoch(model, train_loader, criterion, optimizer)
        # 이 줄은 valid 변수에 criterion 값을 사용하는 validate 함수를 호출하여 결과를 저장하는 코드입니다
        valid_loss, valid_accuracy = validate(model, valid_loader, criterion)
        # 이 줄은 scheduler 변수에 step 값을 사용하는 step 함수를 호출하여 결과를 저장하는 코드입니다
        scheduler.step()
        # 이 줄은 print 변수에 3f 값을 사용하는 loss 함수를 호출하여 결과를 저장하는 코드입니다
        print(f"{epoch}: loss {train_loss:.3f} / {valid_loss:.3f}, correct {train_accuracy:.3f} / {valid_accuracy:.3f}")
        # 이 줄은 if 변수에 accuracy 값을 사용하는 accuracy 함수를 호출하여 결과를 저장하는 코드입니다
        if valid_accuracy > best_accuracy:
            # 이 줄은 best 변수에 dict 값을 사용하는 accuracy 함수를 호출하여 결과를 저장하는 코드입니다
            best_accuracy, best_weights = valid_accuracy, copy.deepcopy(model.state_dict())
    # 이 줄은 print 변수에 s 값을 사용하는 after 함수를 호출하여 결과를 저장하는 코드입니다
    print(f"best accuracy {best_accuracy:.3f} after {time.perf_counter() - started:.0f} s")
    # 이 줄은 model 변수에 weights 값을 사용하는 dict 함수를 호출하여 결과를 저장하는 코드입니다
    model.load_state_dict(best_weights)
    # 이 줄은 return 변수에 model 값을 사용하는 model 함수를 호출하여 결과를 저장하는 코드입니다
    return model


# 이 줄은 def 변수에 epochs 값을 사용하는 valid 함수를 호출하여 결과를 저장하는 코드입니다
def finetune(train_loader, valid_loader, class_count, epochs):
    # 이 줄은 model 변수에 WEIGHTS 값을 사용하는 resnet18 함수를 호출하여 결과를 저장하는 코드입니다
    model = models.resnet18(weights=WEIGHTS)
    # 이 줄은 model 변수에 count 값을 사용하는 fc 함수를 호출하여 결과를 저장하는 코드입니다
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # 이 줄은 model 변수에 DEVICE 값을 사용하는 to 함수를 호출하여 결과를 저장하는 코드입니다
    model.to(DEVICE)
    # 이 줄은 optimizer 변수에 9 값을 사용하는 lr 함수를 호출하여 결과를 저장하는 코드입니다
    optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    # 이 줄은 return 변수에 epochs 값을 사용하는 loader 함수를 호출하여 결과를 저장하는 코드입니다
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# 이 줄은 def 변수에 epochs 값을 사용하는 valid 함수를 호출하여 결과를 저장하는 코드입니다
def train_head(train_loader, valid_loader, class_count, epochs):
    # 이 줄은 model 변수에 WEIGHTS 값을 사용하는 resnet18 함수를 호출하여 결과를 저장하는 코드입니다
    model = models.resnet18(weights=WEIGHTS)
    # 이 줄은 for 변수에 parameters 값을 사용하는 in 함수를 호출하여 결과를 저장하는 코드입니다
    for parameter in model.parameters():
        # 이 줄은 parameter 변수에 False 값을 사용하는 grad 함수를 호출하여 결과를 저장하는 코드입니다
        parameter.requires_grad = False
    # 이 줄은 model 변수에 count 값을 사용하는 fc 함수를 호출하여 결과를 저장하는 코드입니다
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # 이 줄은 model 변수에 DEVICE 값을 사용하는 to 함수를 호출하여 결과를 저장하는 코드입니다
    model.to(DEVICE)
    # 이 줄은 optimizer 변수에 9 값을 사용하는 lr 함수를 호출하여 결과를 저장하는 코드입니다
    optimizer = optim.SGD(model.fc.parameters(), lr=0.001, momentum=0.9)
    # 이 줄은 return 변수에 epochs 값을 사용하는 loader 함수를 호출하여 결과를 저장하는 코드입니다
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# 이 줄은 def 변수에 count 값을 사용하는 model 함수를 호출하여 결과를 저장하는 코드입니다
def show_predictions(model, loader, classes, count):
    # 이 줄은 model 변수에 eval 값을 사용하는 eval 함수를 호출하여 결과를 저장하는 코드입니다
    model.eval()
    # 이 줄은 images 변수에 loader 값을 사용하는 next 함수를 호출하여 결과를 저장하는 코드입니다
    images, labels = next(iter(loader))
    # 이 줄은 with 변수에 grad 값을 사용하는 no 함수를 호출하여 결과를 저장하는 코드입니다
    with torch.no_grad():
        # 이 줄은 predictions 변수에 cpu 값을 사용하는 DEVICE 함수를 호출하여 결과를 저장하는 코드입니다
        predictions = model(images.to(DEVICE)).argmax(dim=1).cpu()
    # 이 줄은 for 변수에 images 값을 사용하는 min 함수를 호출하여 결과를 저장하는 코드입니다
    for index in range(min(count, len(images))):
        # 이 줄은 plt 변수에 1 값을 사용하는 count 함수를 호출하여 결과를 저장하는 코드입니다
        plt.subplot(2, count // 2, index + 1)
        # 이 줄은 show 변수에 index 값을 사용하는 classes 함수를 호출하여 결과를 저장하는 코드입니다
        show_image(images[index], f"{classes[predictions[index]]} ({classes[labels[index]]})")
    # 이 줄은 plt 변수에 show 값을 사용하는 show 함수를 호출하여 결과를 저장하는 코드입니다
    plt.show()


# 이 줄은 def 변수에 main 값을 사용하는 main 함수를 호출하여 결과를 저장하는 코드입니다
def main():
    # 이 줄은 torch 변수에 0 값을 사용하는 seed 함수를 호출하여 결과를 저장하는 코드입니다
    torch.manual_seed(0)
    # 이 줄은 train 변수에 16 값을 사용하는 make 함수를 호출하여 결과를 저장하는 코드입니다
    train_loader, valid_loader, classes = make_loaders(batch_size=16)
    # 이 줄은 show 변수에 classes 값을 사용하는 train 함수를 호출하여 결과를 저장하는 코드입니다
    show_batch(train_loader, classes)
    # 이 줄은 finetuned 변수에 10 값을 사용하는 loader 함수를 호출하여 결과를 저장하는 코드입니다
    finetuned = finetune(train_loader, valid_loader, len(classes), epochs=10)
    # 이 줄은 show 변수에 6 값을 사용하는 loader 함수를 호출하여 결과를 저장하는 코드입니다
    show_predictions(finetuned, valid_loader, classes, count=6)
    # 이 줄은 extractor 변수에 10 값을 사용하는 valid 함수를 호출하여 결과를 저장하는 코드입니다
    extractor = train_head(train_loader, valid_loader, len(classes), epochs=10)
    # 이 줄은 show 변수에 6 값을 사용하는 loader 함수를 호출하여 결과를 저장하는 코드입니다
    show_predictions(extractor, valid_loader, classes, count=6)


# 이 줄은 if 변수에 main 값을 사용하는 name 함수를 호출하여 결과를 저장하는 코드입니다
if __name__ == "__main__":
    # 이 줄은 main 변수에 main 값을 사용하는 main 함수를 호출하여 결과를 저장하는 코드입니다
    main()
