"""Depthwise separable convolutions and a weight average over the last steps."""

import torch as t


def separable(channels, wider, stride):
    return t.nn.Sequential(
        t.nn.Conv2d(channels, channels, 3, stride=stride, padding=1, groups=channels),
        t.nn.Conv2d(channels, wider, 1),
        t.nn.SiLU(),
    )


def build_model():
    return t.nn.Sequential(
        t.nn.Conv2d(1, 32, 3, padding=1),
        t.nn.SiLU(),
        separable(32, 64, 2),
        separable(64, 128, 2),
        separable(128, 128, 2),
        t.nn.AvgPool2d(4),
        t.nn.Flatten(),
        t.nn.LazyLinear(10),
    )


def batches_of(dataset, size, forever=True):
    everything = t.arange(len(dataset))
    while forever:
        everything = everything[t.randperm(len(dataset))]
        yield from everything.chunk(len(dataset) // size)


def train(train_set, device, time_budget_s, seed, log):
    t.manual_seed(seed)
    student = build_model().to(device)
    student(t.zeros(2, 1, 28, 28, device=device))
    teacher = t.optim.swa_utils.AveragedModel(student, multi_avg_fn=t.optim.swa_utils.get_ema_multi_avg_fn(0.995))
    adam = t.optim.Adam(student.parameters(), lr=4e-3, betas=(0.9, 0.98))
    warm = t.optim.lr_scheduler.LambdaLR(adam, lambda i: min(1.0, i / 100) * 0.999**i)
    pictures, answers = train_set.tensors
    for count, index in enumerate(batches_of(train_set, 256)):
        if count == 900:
            break
        picture = t.roll(pictures[index], int(t.randint(-2, 3, ())), dims=3).to(device, t.float32) / 255
        penalty = t.nn.functional.cross_entropy(student(picture), answers[index].to(device))
        penalty.backward()
        adam.step()
        adam.zero_grad()
        warm.step()
        teacher.update_parameters(student)
        if not count % 90:
            log(iteration=count, train_loss=penalty.item())
    return teacher.module
