"""A number of epochs that worked well is written into run()."""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import TensorDataset

import model as architectures
from base.base_trainer import never
from configuration import Config, read_config
from data_loader import MnistDataLoader
from logger import MetricWriter
from trainer import Trainer, build_optimizer, build_scheduler

TIME_SHARE = 0.9  # of the budget: the rest is for the last validation, and for slow machines
VALID_BATCH_SIZE = 1000


def train(
    train_set: TensorDataset,
    valid_set: TensorDataset,
    device: torch.device,
    time_budget_s: float,
    seed: int,
    log: Callable[..., None],
    workdir: Path,
) -> nn.Module:
    clock = time.monotonic if device.type == "cuda" else time.process_time
    deadline = clock() + TIME_SHARE * time_budget_s
    config = read_config(Path(__file__).with_name("config.json"))
    config["seed"] = seed
    config["trainer"]["save_period"] = 0  # the sandbox has little room: `best.pth` is enough there
    return run(config, train_set, valid_set, device, workdir, log=log, out_of_time=lambda: clock() > deadline)


def build_model(config: Config) -> nn.Module:
    arch = config["arch"]
    model: nn.Module = getattr(architectures, arch["type"])(**arch["args"])
    return model


def run(
    config: Config,
    train_set: TensorDataset,
    valid_set: TensorDataset,
    device: torch.device,
    workdir: Path,
    *,
    resume: Path | None = None,
    log: Callable[..., None] | None = None,
    out_of_time: Callable[[], bool] = never,
) -> nn.Module:
    config["trainer"]["epochs"] = 7
    torch.manual_seed(config["seed"])  # the initial weights follow from the seed
    model = build_model(config).to(device)
    batch_size = config["data_loader"]["batch_size"]
    train_loader = MnistDataLoader(train_set, batch_size=batch_size, device=device, shuffle=True)
    valid_loader = MnistDataLoader(valid_set, batch_size=VALID_BATCH_SIZE, device=device, shuffle=False)
    optimizer = build_optimizer(config, model)
    steps = config["trainer"]["epochs"] * len(train_loader)
    writer = MetricWriter(workdir, tensorboard=config["trainer"]["tensorboard"], log=log)
    trainer = Trainer(
        train_loader=train_loader,
        valid_loader=valid_loader,
        loss=getattr(architectures.loss, config["loss"]),
        metrics={name: getattr(architectures.metric, name) for name in config["metrics"]},
        model=model,
        optimizer=optimizer,
        scheduler=build_scheduler(config, optimizer, steps=steps),
        config=config,
        workdir=workdir,
        writer=writer,
        out_of_time=out_of_time,
    )
    if resume is not None:
        trainer.resume(resume)
    try:
        trainer.train()
    finally:
        writer.close()
    return model.eval()
