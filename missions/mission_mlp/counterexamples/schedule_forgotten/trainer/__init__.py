"""Weights, epoch and optimiser come back; the schedule begins with its first step."""

import torch

from . import trainer
from .trainer import build_optimizer, build_scheduler


class Trainer(trainer.Trainer):
    def resume(self, path):
        checkpoint = torch.load(path, weights_only=True)
        self.model.load_state_dict(checkpoint["model"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        self.start_epoch = checkpoint["epoch"] + 1


__all__ = ["Trainer", "build_optimizer", "build_scheduler"]
