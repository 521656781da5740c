"""A training job: import, train, export; each step is announced before it begins."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from .channel import Channel
from .contract import bind, find_function, import_solution
from .datasets import TrainingData, raw_folder
from .export import check_model, export_model


def train(job: Mapping[str, Any], given: Path, channel: Channel) -> None:
    """Calls the student's `train` with what it asks for, and sends the exported model."""
    channel.send("phase", phase="import")
    channel.settle()
    function = find_function(import_solution(given / "submission"), "train")
    makers = offers(job, channel)
    arguments = bind(function, {name: makers[name] for name in job["offers"]})
    channel.send("phase", phase="train")
    model = function(**arguments)
    channel.send("phase", phase="export")
    channel.send("artifact", blob=export_model(check_model(model), tuple(job["image_shape"])))


def offers(job: Mapping[str, Any], channel: Channel) -> dict[str, Callable[[], Any]]:
    """Maker of each value that a mission may offer; nothing is read before it is asked for."""
    limit = job["limit_images"]
    data = TrainingData(Path(job["data"]), valid_images=job["valid_images"], limit=limit)
    device = torch.device(job["device"])
    workdir = Path.cwd() / "work"
    workdir.mkdir(exist_ok=True)
    return {
        "train_set": data.train_set,
        "valid_set": data.valid_set,
        "labeled_set": data.labeled_set,
        "unlabeled_images": data.unlabeled_images,
        "data_dir": lambda: raw_folder(Path(job["data"]), workdir, limit),
        "device": lambda: device,
        "time_budget_s": lambda: float(job["time_budget_s"]),
        "seed": lambda: int(job["seed"]),
        "log": lambda: channel.log,
        "workdir": lambda: workdir,
    }
