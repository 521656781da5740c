"""One epoch of training and of validation; optimiser and schedule by name.

학습과 검증 한 에포크, 그리고 이름으로 고르는 옵티마이저와 학습률 스케줄.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR

from base import BaseDataLoader, BaseTrainer

OPTIMIZERS = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW}
SCHEDULES = ("none", "cosine", "one_cycle")


class Trainer(BaseTrainer):
    """Trains a classifier / 분류 모델을 학습합니다.

    Args:
        train_loader: batches to learn from / 학습 데이터.
        valid_loader: batches to measure on / 검증 데이터.
        loss: from logits (B, 10) and labels (B,) to a scalar tensor / 손실 함수.
        metrics: from logits and labels to a float, by name / 평가 지표 함수.
    """

    def __init__(
        self,
        *,
        train_loader: BaseDataLoader,
        valid_loader: BaseDataLoader,
        loss: Callable[[Tensor, Tensor], Tensor],
        metrics: Mapping[str, Callable[[Tensor, Tensor], float]],
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self.train_loader = train_loader
        self.valid_loader = valid_loader
        self.loss = loss
        self.metrics = metrics

    def train_epoch(self) -> dict[str, float]:
        """One pass over the training set / 학습 데이터를 한 번 훑습니다."""
        self.model.train()
        average = _Average("train")
        for images, labels in self.train_loader:
            logits = self.model(images)  # (B, 10)
            loss = self.loss(logits, labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if self.scheduler is not None:
                self.scheduler.step()
            self._add(average, logits.detach(), labels, loss.detach())
            if self.out_of_time():
                break
        return average.result()

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """One pass over the validation set, in eval mode / 평가 모드로 검증 데이터를 한 번 훑습니다."""
        self.model.eval()
        average = _Average("valid")
        for images, labels in self.valid_loader:
            logits = self.model(images)  # (B, 10)
            self._add(average, logits, labels, self.loss(logits, labels))
        return average.result()

    def _add(self, average: "_Average", logits: Tensor, labels: Tensor, loss: Tensor) -> None:
        figures = {"loss": loss.item()} | {name: metric(logits, labels) for name, metric in self.metrics.items()}
        average.add(figures, weight=len(labels))


class _Average:
    """Mean of figures over images, not over batches: the last batch may be smaller / 이미지 수로 가중한 평균."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.sums: dict[str, float] = defaultdict(float)
        self.weight = 0

    def add(self, figures: Mapping[str, float], *, weight: int) -> None:
        """Takes in the figures of a batch of `weight` images."""
        self.weight += weight
        for name, value in figures.items():
            self.sums[name] += value * weight

    def result(self) -> dict[str, float]:
        """The means, with names such as `train_loss`."""
        return {f"{self.prefix}_{name}": total / self.weight for name, total in self.sums.items()}


def build_optimizer(config: Mapping[str, Any], model: nn.Module) -> torch.optim.Optimizer:
    """The optimiser that `config["optimizer"]` names / 설정에 적힌 옵티마이저.

    Raises:
        ValueError: the name is none of `OPTIMIZERS`.
    """
    section = config["optimizer"]
    if section["type"] not in OPTIMIZERS:
        raise ValueError(
            f"optimizer.type is {section['type']!r}; choose one of / 다음 중에서 고르세요: {', '.join(OPTIMIZERS)}"
        )
    return OPTIMIZERS[section["type"]](model.parameters(), **section["args"])


def build_scheduler(config: Mapping[str, Any], optimizer: torch.optim.Optimizer, *, steps: int) -> LRScheduler | None:
    """The schedule that `config["lr_scheduler"]` names, over `steps` batches in all / 설정에 적힌 학습률 스케줄.

    `none` keeps the optimiser's learning rate. `cosine` lets it fall to zero. `one_cycle` rises to it and falls again:
    the optimiser's learning rate is the peak.
    `none`은 학습률을 고정하고, `cosine`은 0까지 줄이며, `one_cycle`은 올렸다가 내립니다(optimizer의 lr이 최댓값).

    Raises:
        ValueError: the name is none of `SCHEDULES`.
    """
    section = config["lr_scheduler"]
    match section["type"]:
        case "none":
            return None
        case "cosine":
            return CosineAnnealingLR(optimizer, T_max=steps, **section["args"])
        case "one_cycle":
            peak = config["optimizer"]["args"]["lr"]
            return OneCycleLR(optimizer, max_lr=peak, total_steps=steps, **section["args"])
        case unknown:
            raise ValueError(
                f"lr_scheduler.type is {unknown!r}; choose one of / 다음 중에서 고르세요: {', '.join(SCHEDULES)}"
            )
