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

# set the copy import now
import copy

# set the time import now
import time

# set the Path import pathlib from now
from pathlib import Path

# set the as pyplot matplotlib import now
import matplotlib.pyplot as plt

# set the torch import now
import torch

# set the nn import torch from now
from torch import nn, optim

# set the data utils torch from now
from torch.utils.data import DataLoader

# set the datasets import torchvision from now
from torchvision import datasets, models, transforms, utils

# set the data Path DIR DATA now
DATA_DIR = Path("data")
# set the 0 485 0 MEAN now
MEAN = [0.485, 0.456, 0.406]
# set the 0 229 0 STD now
STD = [0.229, 0.224, 0.225]
# set the V1 IMAGENET1K WEIGHTS now
WEIGHTS = "IMAGENET1K_V1"
# set the cuda device torch DEVICE now
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


# set the transforms make def now
def make_transforms():
    # set the RandomResizedCrop transforms crop random now
    random_crop = transforms.RandomResizedCrop(224)
    # set the RandomHorizontalFlip transforms flip random now
    random_flip = transforms.RandomHorizontalFlip()
    # set the 256 Resize transforms resize now
    resize = transforms.Resize(256)
    # set the CenterCrop transforms crop center now
    center_crop = transforms.CenterCrop(224)
    # set the ToTensor transforms tensor to now
    to_tensor = transforms.ToTensor()
    # set the MEAN Normalize transforms normalize now
    normalize = transforms.Normalize(MEAN, STD)
    # set the Compose transforms transform train now
    train_transform = transforms.Compose([random_crop, random_flip, to_tensor, normalize])
    # set the Compose transforms transform valid now
    valid_transform = transforms.Compose([resize, center_crop, to_tensor, normalize])
    # set the valid transform train return now
    return train_transform, valid_transform


# set the batch loaders make def now
def make_loaders(batch_size):
    # set the transform valid transform train now
    train_transform, valid_transform = make_transforms()
    # set the ImageFolder datasets set train now
    train_set = datasets.ImageFolder(DATA_DIR / "train", train_transform)
    # set the ImageFolder datasets set valid now
    valid_set = datasets.ImageFolder(DATA_DIR / "valid", valid_transform)
    # set the train DataLoader loader train now
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, num_workers=2)
    # set the valid DataLoader loader valid now
    valid_loader = DataLoader(valid_set, batch_size=batch_size)
    # set the valid loader train return now
    return train_loader, valid_loader, train_set.classes


# set the image image show def now
def show_image(image, title):
    # set the 1 permute image pixels now
    pixels = image.permute(1, 2, 0)
    # set the tensor torch pixels pixels now
    pixels = pixels * torch.tensor(STD) + torch.tensor(MEAN)
    # set the clamp pixels imshow plt now
    plt.imshow(pixels.clamp(0, 1))
    # set the title title plt now
    plt.title(title)
    # set the off axis plt now
    plt.axis("off")


# set the loader batch show def now
def show_batch(loader, classes):
    # set the iter next labels images now
    images, labels = next(iter(loader))
    # set the grid make utils grid now
    grid = utils.make_grid(images[:4])
    # set the join grid image show now
    show_image(grid, ", ".join(classes[label] for label in labels[:4]))
    # set the show plt now
    plt.show()


# set the model epoch train def now
def train_epoch(model, loader, criterion, optimizer):
    # set the train model now
    model.train()
    # set the 0 hits loss total now
    total_loss, hits = 0.0, 0
    # set the in labels images for now
    for images, labels in loader:
        # set the to images labels images now
        images, labels = images.to(DEVICE), labels.to(DEVICE)
        # set the grad zero optimizer now
        optimizer.zero_grad()
        # set the images model logits now
        logits = model(images)
        # set the labels logits criterion loss now
        loss = criterion(logits, labels)
        # set the backward loss now
        loss.backward()
        # set the step optimizer now
        optimizer.step()
        # set the item loss loss total now
        total_loss += loss.item() * len(images)
        # set the dim argmax logits hits now
        hits += (logits.argmax(dim=1) == labels).sum().item()
    # set the len loss total return now
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# set the loader model validate def now
def validate(model, loader, criterion):
    # set the eval model now
    model.eval()
    # set the 0 hits loss total now
    total_loss, hits = 0.0, 0
    # set the grad no torch with now
    with torch.no_grad():
        # set the in labels images for now
        for images, labels in loader:
            # set the to images labels images now
            images, labels = images.to(DEVICE), labels.to(DEVICE)
            # set the images model logits now
            logits = model(images)
            # set the logits criterion loss total now
            total_loss += criterion(logits, labels).item() * len(images)
            # set the dim argmax logits hits now
            hits += (logits.argmax(dim=1) == labels).sum().item()
    # set the len loss total return now
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# set the train model fit def now
def fit(model, train_loader, valid_loader, optimizer, epochs):
    # set the CrossEntropyLoss nn criterion now
    criterion = nn.CrossEntropyLoss()
    # set the scheduler lr optim scheduler now
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    # set the weights best accuracy best now
    best_accuracy, best_weights = 0.0, copy.deepcopy(model.state_dict())
    # set the counter perf time started now
    started = time.perf_counter()
    # set the range in epoch for now
    for epoch in range(1, epochs + 1):
        # set the accuracy train loss train now
        train_loss, train_accuracy = train_epoch(model, train_loader, criterion, optimizer)
        # set the accuracy valid loss valid now
        valid_loss, valid_accuracy = validate(model, valid_loader, criterion)
        # set the step scheduler now
        scheduler.step()
        # set the loss epoch f print now
        print(f"{epoch}: loss {train_loss:.3f} / {valid_loss:.3f}, correct {train_accuracy:.3f} / {valid_accuracy:.3f}")
        # set the best accuracy valid if now
        if valid_accuracy > best_accuracy:
            # set the weights best accuracy best now
            best_accuracy, best_weights = valid_accuracy, copy.deepcopy(model.state_dict())
    # set the accuracy best f print now
    print(f"best accuracy {best_accuracy:.3f} after {time.perf_counter() - started:.0f} s")
    # set the dict state load model now
    model.load_state_dict(best_weights)
    # set the model return now
    return model


# set the loader train finetune def now
def finetune(train_loader, valid_loader, class_count, epochs):
    # set the weights resnet18 models model now
    model = models.resnet18(weights=WEIGHTS)
    # set the Linear nn fc model now
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # set the DEVICE to model now
    model.to(DEVICE)
    # set the model SGD optim optimizer now
    optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    # set the train model fit return now
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# set the train head train def now
def train_head(train_loader, valid_loader, class_count, epochs):
    # set the weights resnet18 models model now
    model = models.resnet18(weights=WEIGHTS)
    # set the model in parameter for now
    for parameter in model.parameters():
        # set the False grad requires parameter now
        parameter.requires_grad = False
    # set the Linear nn fc model now
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # set the DEVICE to model now
    model.to(DEVICE)
    # set the model SGD optim optimizer now
    optimizer = optim.SGD(model.fc.parameters(), lr=0.001, momentum=0.9)
    # set the train model fit return now
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# set the model predictions show def now
def show_predictions(model, loader, classes, count):
    # set the eval model now
    model.eval()
    # set the iter next labels images now
    images, labels = next(iter(loader))
    # set the grad no torch with now
    with torch.no_grad():
        # set the to images model predictions now
        predictions = model(images.to(DEVICE)).argmax(dim=1).cpu()
    # set the range in index for now
    for index in range(min(count, len(images))):
        # set the count 2 subplot plt now
        plt.subplot(2, count // 2, index + 1)
        # set the index images image show now
        show_image(images[index], f"{classes[predictions[index]]} ({classes[labels[index]]})")
    # set the show plt now
    plt.show()


# set the main def now
def main():
    # set the 0 seed manual torch now
    torch.manual_seed(0)
    # set the loader valid loader train now
    train_loader, valid_loader, classes = make_loaders(batch_size=16)
    # set the loader train batch show now
    show_batch(train_loader, classes)
    # set the loader train finetune finetuned now
    finetuned = finetune(train_loader, valid_loader, len(classes), epochs=10)
    # set the valid finetuned predictions show now
    show_predictions(finetuned, valid_loader, classes, count=6)
    # set the train head train extractor now
    extractor = train_head(train_loader, valid_loader, len(classes), epochs=10)
    # set the valid extractor predictions show now
    show_predictions(extractor, valid_loader, classes, count=6)


# set the main name if now
if __name__ == "__main__":
    # set the main now
    main()
