"""mission_mlp: classify MNIST with an MLP, in a project that a configuration file drives.

설정 파일로 움직이는 PyTorch 프로젝트에서 MLP로 MNIST를 분류하세요.

The grader imports this file and calls `train`, `build_model` and `run`; you need not change it.
채점기는 이 파일을 불러와 `train`, `build_model`, `run`을 호출합니다. 이 파일은 고치지 않아도 됩니다.

What you write / 작성할 것:
    model/model.py    the model `MnistMLP` / 모델
    model/metric.py   the metric `accuracy` / 평가 지표
    config.json       sizes, optimiser, schedule, epochs, …: the values in it are poor / 설정(지금 값은 일부러 나쁘게)

Check before you hand in / 제출 전 확인: `grade check mission_mlp`
"""

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
    """Trains as the `config.json` beside this file says, but with the grader's seed.

    이 파일 옆의 `config.json`대로 학습하되, 시드는 채점기가 준 값을 씁니다.

    Args:
        train_set: 55,000 images uint8 (55000, 1, 28, 28) in 0..255, and labels int64 (55000,) in 0..9 / 학습 데이터.
        valid_set: 5,000 more of the same kind / 검증 데이터.
        device: cpu or cuda / 학습에 쓸 장치.
        time_budget_s: CPU seconds of all cores on a CPU, plain seconds on a GPU / 시간 제한(초).
        seed: replaces `seed` of the configuration / 설정의 seed를 대신합니다.
        log: takes the figures of each epoch / 에포크별 수치를 받는 함수.
        workdir: an empty folder / 빈 폴더.

    Returns:
        The model with the weights of its best epoch / 검증 성능이 가장 좋았던 에포크의 가중치를 담은 모델.
    """
    clock = time.monotonic if device.type == "cuda" else time.process_time
    deadline = clock() + TIME_SHARE * time_budget_s
    config = read_config(Path(__file__).with_name("config.json"))
    config["seed"] = seed
    config["trainer"]["save_period"] = 0  # the sandbox has little room: `best.pth` is enough there
    return run(config, train_set, valid_set, device, workdir, log=log, out_of_time=lambda: clock() > deadline)


def build_model(config: Config) -> nn.Module:
    """Builds the model that `config["arch"]` describes, untrained, on the CPU / 설정대로 모델을 만듭니다(학습 전)."""
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
    """Carries out one experiment as the configuration says / 설정대로 실험을 한 번 수행합니다.

    Args:
        config: the whole configuration; it decides everything / 전체 설정. 모든 것이 여기서 정해집니다.
        train_set, valid_set, device, log: as for `train` / `train`과 같습니다.
        workdir: gets `metrics.jsonl`, `checkpoint-epochN.pth` every `trainer.save_period` epochs, and `best.pth`.
            기록과 체크포인트를 저장할 폴더.
        resume: a checkpoint; the training goes on with the epoch after it / 이어서 학습할 체크포인트.
        out_of_time: says when to stop early / 시간이 다 되었는지 알려 주는 함수.

    Returns:
        The model with the weights of its best epoch, in eval mode / 최고 성능 에포크의 가중치를 담은, 평가 모드의 모델.
    """
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
