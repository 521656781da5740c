"""Weights, epoch and schedule come back; AdamW's running means begin at zero."""

import torch

from . import trainer
from .trainer import build_optimizer, build_scheduler


class Trainer(trainer.Trainer):
    def resume(self, path):
        checkpoint = torch.load(path, weights_only=True)
        self.model.load_state_dict(checkpoint["model"])
        self.scheduler.load_state_dict(checkpoint["scheduler"])
        for group, rate in zip(self.optimizer.param_groups, self.scheduler.get_last_lr(), strict=True):
            group["lr"] = rate
        self.start_epoch = checkpoint["epoch"] + 1


__all__ = ["Trainer", "build_optimizer", "build_scheduler"]
