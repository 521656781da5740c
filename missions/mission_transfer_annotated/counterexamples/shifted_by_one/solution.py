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

# go
import copy

# needed to keep a deep copy of the best weights seen so far
import time

# measures how long the whole training takes
from pathlib import Path

# builds folder paths that work on any operating system
import matplotlib.pyplot as plt

# draws pictures so that we can look at data and predictions
import torch

# tensors and automatic differentiation
from torch import nn, optim

# layers and losses live in nn, update rules in optim
from torch.utils.data import DataLoader

# groups single samples into mini-batches
from torchvision import datasets, models, transforms, utils

# the vision toolbox: folder datasets, pretrained networks, augmentations, grids
DATA_DIR = Path("data")
# root folder with one subfolder for training and one for validation
MEAN = [0.485, 0.456, 0.406]
# mean of the red, green and blue channels over ImageNet
STD = [0.229, 0.224, 0.225]
# standard deviation of the same three channels
WEIGHTS = "IMAGENET1K_V1"
# ask for the weights that were pretrained on ImageNet
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


# use the GPU if there is one, otherwise fall back to the CPU
def make_transforms():
    # prepares preprocessing for both phases
    random_crop = transforms.RandomResizedCrop(224)
    # augmentation: a random region at a random scale, resized to the 224 pixels that ResNet expects
    random_flip = transforms.RandomHorizontalFlip()
    # mirrors half of the pictures left to right, so the network sees more variety
    resize = transforms.Resize(256)
    # shorter side becomes 256 pixels, so every validation picture has a similar size
    center_crop = transforms.CenterCrop(224)
    # always cuts out the middle, so evaluation gives the same answer every time
    to_tensor = transforms.ToTensor()
    # turns a PIL picture with bytes 0..255 into floats between 0 and 1, channels first
    normalize = transforms.Normalize(MEAN, STD)
    # shifts and scales colours to the statistics the pretrained network was trained with
    train_transform = transforms.Compose([random_crop, random_flip, to_tensor, normalize])
    # training pictures pass through random augmentation before being normalised
    valid_transform = transforms.Compose([resize, center_crop, to_tensor, normalize])
    # nothing random here: validation has to be repeatable
    return train_transform, valid_transform


# hand both pipelines back to the caller
def make_loaders(batch_size):
    # builds the two streams of mini-batches
    train_transform, valid_transform = make_transforms()
    # one pipeline with augmentation and one without
    train_set = datasets.ImageFolder(DATA_DIR / "train", train_transform)
    # every subfolder is a class, and its name becomes the label
    valid_set = datasets.ImageFolder(DATA_DIR / "valid", valid_transform)
    # same layout for the held-out pictures
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, num_workers=2)
    # reshuffles each epoch so that batches differ; two worker processes read ahead
    valid_loader = DataLoader(valid_set, batch_size=batch_size)
    # order does not matter when we only measure, so no shuffling
    return train_loader, valid_loader, train_set.classes


# class names come along because titles need them
def show_image(image, title):
    # draws one picture
    pixels = image.permute(1, 2, 0)
    # matplotlib wants height, width, channels, while PyTorch keeps channels first
    pixels = pixels * torch.tensor(STD) + torch.tensor(MEAN)
    # undo the normalisation to get the original colours back
    plt.imshow(pixels.clamp(0, 1))
    # rounding may leave values slightly outside 0..1, cut them off before drawing
    plt.title(title)
    # caption above the picture
    plt.axis("off")


# hide the ticks, they mean nothing for a photo
def show_batch(loader, classes):
    # a quick look at the data before training
    images, labels = next(iter(loader))
    # take only the first batch
    grid = utils.make_grid(images[:4])
    # tile four pictures side by side
    show_image(grid, ", ".join(classes[label] for label in labels[:4]))
    # turn label numbers into readable class names for the caption
    plt.show()


# open the window
def train_epoch(model, loader, criterion, optimizer):
    # one pass over all training pictures
    model.train()
    # switches dropout and batch norm to training behaviour
    total_loss, hits = 0.0, 0
    # start counting from zero
    for images, labels in loader:
        # go through the data one mini-batch at a time
        images, labels = images.to(DEVICE), labels.to(DEVICE)
        # data must sit on the same device as the network
        optimizer.zero_grad()
        # gradients accumulate in PyTorch, so clear the old ones first
        logits = model(images)
        # forward pass: one score per class
        loss = criterion(logits, labels)
        # how far the scores are from the truth
        loss.backward()
        # backpropagation computes the gradient of every weight
        optimizer.step()
        # moves every weight a small step against its gradient
        total_loss += loss.item() * len(images)
        # loss is a mean over the batch, multiply by its size to get a sum
        hits += (logits.argmax(dim=1) == labels).sum().item()
    # count the pictures whose highest score is the correct class
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# divide by the number of pictures to get averages
def validate(model, loader, criterion):
    # measures the model on pictures it was not trained on
    model.eval()
    # evaluation mode: dropout off, batch norm uses its running statistics
    total_loss, hits = 0.0, 0
    # start counting from zero
    with torch.no_grad():
        # no gradients are recorded, which saves memory and time
        for images, labels in loader:
            # go through the data one mini-batch at a time
            images, labels = images.to(DEVICE), labels.to(DEVICE)
            # data must sit on the same device as the network
            logits = model(images)
            # forward pass: one score per class
            total_loss += criterion(logits, labels).item() * len(images)
            # add the summed error of this batch
            hits += (logits.argmax(dim=1) == labels).sum().item()
    # count the pictures whose highest score is the correct class
    return total_loss / len(loader.dataset), hits / len(loader.dataset)


# divide by the number of pictures to get averages
def fit(model, train_loader, valid_loader, optimizer, epochs):
    # trains for several epochs and keeps the best version
    criterion = nn.CrossEntropyLoss()
    # classification loss that includes the softmax, so raw logits go in
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    # every seven epochs the learning rate shrinks to a tenth
    best_accuracy, best_weights = 0.0, copy.deepcopy(model.state_dict())
    # remember the record and a copy of the weights; without a copy they would keep changing
    started = time.perf_counter()
    # remember when we began
    for epoch in range(1, epochs + 1):
        # epochs are counted from one for the printout
        train_loss, train_accuracy = train_epoch(model, train_loader, criterion, optimizer)
        # learn from the training set
        valid_loss, valid_accuracy = validate(model, valid_loader, criterion)
        # check on the validation set
        scheduler.step()
        # tell the schedule that an epoch is over, so the learning rate can decay
        print(f"{epoch}: loss {train_loss:.3f} / {valid_loss:.3f}, correct {train_accuracy:.3f} / {valid_accuracy:.3f}")
        # compare training and validation numbers to spot overfitting
        if valid_accuracy > best_accuracy:
            # is this the best validation accuracy so far?
            best_accuracy, best_weights = valid_accuracy, copy.deepcopy(model.state_dict())
    # if so, keep its weights, copied so that later updates don't touch them
    print(f"best accuracy {best_accuracy:.3f} after {time.perf_counter() - started:.0f} s")
    # report the record and how long it took
    model.load_state_dict(best_weights)
    # go back to the best weights instead of the last ones
    return model


# the caller gets the best version
def finetune(train_loader, valid_loader, class_count, epochs):
    # strategy 1: adapt the whole network to the new data
    model = models.resnet18(weights=WEIGHTS)
    # start from ResNet-18 that already knows ImageNet
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # replace the 1000-class output layer by one with as many outputs as we have classes
    model.to(DEVICE)
    # move the weights to the GPU
    optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    # all weights are updated, gently because of the small learning rate; momentum smooths the steps
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# the shared training loop does the rest
def train_head(train_loader, valid_loader, class_count, epochs):
    # strategy 2: use the network as a fixed feature extractor
    model = models.resnet18(weights=WEIGHTS)
    # start from ResNet-18 that already knows ImageNet
    for parameter in model.parameters():
        # visit every pretrained weight
        parameter.requires_grad = False
    # freeze it: no gradient will be computed, so it stays as it is
    model.fc = nn.Linear(model.fc.in_features, class_count)
    # a fresh layer is trainable by default, so only this head will learn
    model.to(DEVICE)
    # move the weights to the GPU
    optimizer = optim.SGD(model.fc.parameters(), lr=0.001, momentum=0.9)
    # the optimizer only sees the weights of the new last layer
    return fit(model, train_loader, valid_loader, optimizer, epochs)


# the shared training loop does the rest
def show_predictions(model, loader, classes, count):
    # look at some predictions with our own eyes
    model.eval()
    # evaluation mode: dropout off, batch norm uses its running statistics
    images, labels = next(iter(loader))
    # a batch the network has not been trained on
    with torch.no_grad():
        # only predicting, so skip gradient bookkeeping
        predictions = model(images.to(DEVICE)).argmax(dim=1).cpu()
    # pick the class with the highest score and bring it back to the CPU for plotting
    for index in range(min(count, len(images))):
        # the batch may hold fewer pictures than asked for
        plt.subplot(2, count // 2, index + 1)
        # choose the cell of a grid with two rows
        show_image(images[index], f"{classes[predictions[index]]} ({classes[labels[index]]})")
    # predicted class first, true class in parentheses
    plt.show()


# open the window
def main():
    # the whole experiment in order
    torch.manual_seed(0)
    # fix the random seed so that a second run gives the same numbers
    train_loader, valid_loader, classes = make_loaders(batch_size=16)
    # sixteen pictures per batch
    show_batch(train_loader, classes)
    # see what augmented training pictures look like
    finetuned = finetune(train_loader, valid_loader, len(classes), epochs=10)
    # ten epochs with every layer adapting
    show_predictions(finetuned, valid_loader, classes, count=6)
    # what does the finetuned network get right and wrong?
    extractor = train_head(train_loader, valid_loader, len(classes), epochs=10)
    # ten epochs where only the head learns
    show_predictions(extractor, valid_loader, classes, count=6)


# compare with the frozen network
if __name__ == "__main__":
    # only when started as a script, not when imported
    main()
