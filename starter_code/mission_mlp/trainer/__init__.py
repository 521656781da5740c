"""How the model is trained / 모델 학습."""

from .trainer import Trainer, build_optimizer, build_scheduler

__all__ = ["Trainer", "build_optimizer", "build_scheduler"]
