"""The model, its loss and its metrics / 모델, 손실 함수, 평가 지표."""

from . import loss, metric
from .model import MnistMLP

__all__ = ["MnistMLP", "loss", "metric"]
