"""The base of every trainer: epochs, checkpoints, resume, early stopping.

모든 트레이너의 기반 클래스: 에포크 반복, 체크포인트, 이어서 학습하기, 조기 종료.
"""

import logging
import math
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from logger import MetricWriter

BEST = "best.pth"


def never() -> bool:
    """There is no time limit / 시간 제한 없음."""
    return False


class BaseTrainer(ABC):
    """Runs the epochs of a training; a subclass says what happens within one.

    에포크를 반복합니다. 한 에포크 안에서 하는 일은 하위 클래스가 정합니다.

    In `workdir` it leaves `checkpoint-epoch1.pth`, `checkpoint-epoch2.pth`, … and `best.pth`.

    All randomness of an epoch follows from the seed and the number of the epoch. So a training that was stopped and
    resumed goes on exactly as if it had never stopped.
    한 에포크의 난수는 시드와 에포크 번호로만 정해집니다. 그래서 중단했다가 이어서 학습해도, 중단하지 않았을 때와 똑같은
    결과가 나옵니다.

    Args:
        model: on its device already / 이미 장치에 올라가 있는 모델.
        optimizer: of the model's parameters / 옵티마이저.
        scheduler: steps after every batch; None keeps the learning rate / 배치마다 학습률을 조절. None이면 고정.
        config: the whole configuration / 전체 설정.
        workdir: folder for checkpoints / 체크포인트를 저장할 폴더.
        writer: takes the figures of every epoch / 에포크별 수치를 기록.
        out_of_time: asked after every batch; the training ends when it says True / True가 되면 학습을 마칩니다.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        scheduler: torch.optim.lr_scheduler.LRScheduler | None,
        config: dict[str, Any],
        workdir: Path,
        writer: MetricWriter,
        out_of_time: Callable[[], bool] = never,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.config = config
        self.workdir = workdir
        self.writer = writer
        self.out_of_time = out_of_time
        self.console = logging.getLogger("trainer")

        settings = config["trainer"]
        self.epochs: int = settings["epochs"]
        self.save_period: int = settings["save_period"]
        self.early_stop: int = settings["early_stop"]
        self.monitor: str = settings["monitor"]["metric"]
        self.sign = 1 if settings["monitor"]["mode"] == "max" else -1

        self.start_epoch = 1
        self.best = -math.inf  # of sign * monitored figure: larger is always better
        self.epochs_since_best = 0

    @abstractmethod
    def train_epoch(self) -> dict[str, float]:
        """Trains for one epoch and gives its figures, such as `train_loss` / 한 에포크를 학습하고 수치를 반환합니다."""

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Gives the figures of the validation set, such as `valid_loss` / 검증 데이터의 수치를 반환합니다."""

    def train(self) -> None:
        """Trains up to the last epoch; then the model holds the weights of its best one.

        마지막 에포크까지 학습합니다. 끝나면 모델에는 성능이 가장 좋았던 에포크의 가중치가 담깁니다.
        """
        for epoch in range(self.start_epoch, self.epochs + 1):
            torch.manual_seed(1_000_003 * self.config["seed"] + epoch)
            figures = {"learning_rate": self.optimizer.param_groups[0]["lr"], **self.train_epoch(), **self.validate()}
            self.writer.write(epoch, figures)
            self.console.info(
                "epoch %d: %s", epoch, ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
            )

            improved = self._remember(figures[self.monitor])
            if self.save_period and epoch % self.save_period == 0:
                self.save_checkpoint(epoch, self.workdir / f"checkpoint-epoch{epoch}.pth")
            if improved:
                self.save_checkpoint(epoch, self.workdir / BEST)
            if self.out_of_time():
                self.console.info("No time left: stopped in epoch %d.", epoch)
                break
            if self.early_stop and self.epochs_since_best >= self.early_stop:
                self.console.info("No better %s for %d epochs: stopped.", self.monitor, self.early_stop)
                break
        self._load_best()

    def save_checkpoint(self, epoch: int, path: Path) -> None:
        """Saves all that is needed to go on after `epoch` / 이어서 학습하는 데 필요한 모든 것을 저장합니다."""
        torch.save(
            {
                "epoch": epoch,
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "scheduler": self.scheduler.state_dict() if self.scheduler else None,
                "best": self.best,
                "epochs_since_best": self.epochs_since_best,
                "config": self.config,
            },
            path,
        )

    def resume(self, path: Path) -> None:
        """Goes on after the epoch of a checkpoint / 체크포인트의 다음 에포크부터 이어서 학습합니다.

        Raises:
            ValueError: the learning rate's schedule was made for another number of epochs.
        """
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        planned = checkpoint["config"]["trainer"]["epochs"]
        if self.scheduler is not None and planned != self.epochs:
            raise ValueError(
                f"The checkpoint's learning rate is scheduled for {planned} epochs, the configuration asks for "
                f"{self.epochs}. Resume with the same number. / 체크포인트의 학습률 스케줄은 {planned} 에포크 기준인데 "
                f"설정에는 {self.epochs} 에포크로 되어 있습니다. 같은 값으로 이어서 학습하세요."
            )
        self.model.load_state_dict(checkpoint["model"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        if self.scheduler is not None:
            self.scheduler.load_state_dict(checkpoint["scheduler"])
        self.best = checkpoint["best"]
        self.epochs_since_best = checkpoint["epochs_since_best"]
        self.start_epoch = checkpoint["epoch"] + 1
        best_so_far = path.with_name(BEST)
        if best_so_far.exists() and best_so_far.parent.resolve() != self.workdir.resolve():
            shutil.copyfile(best_so_far, self.workdir / BEST)
        self.console.info("Resumed after epoch %d from %s.", checkpoint["epoch"], path)

    def _remember(self, figure: float) -> bool:
        """Whether this epoch is the best so far."""
        improved = self.sign * figure > self.best
        self.best = self.sign * figure if improved else self.best
        self.epochs_since_best = 0 if improved else self.epochs_since_best + 1
        return improved

    def _load_best(self) -> None:
        path = self.workdir / BEST
        if path.exists():  # absent where no epoch gave a comparable figure, as when the loss is NaN
            self.model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["model"])
