"""The weights of a checkpoint come back, its epoch does not."""

import torch

from . import trainer
from .trainer import build_optimizer, build_scheduler


class Trainer(trainer.Trainer):
    def resume(self, path):
        self.model.load_state_dict(torch.load(path, weights_only=True)["model"])


__all__ = ["Trainer", "build_optimizer", "build_scheduler"]
