"""Runs the student's project with configurations of the grader's own, and sends back what came of it.

Each function is one probe. The hidden tests judge the results; nothing is decided here.
"""

import copy
import functools
import importlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.utils.data import TensorDataset

DROPOUT_IMAGES = 4000
WEIGHT_SPREAD = 1.5
"""Large enough that layers leave the nearly linear middle of their activations."""


def model(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """Weights and logits of the model of each configuration, and what its dropout does in training mode."""
    results: dict[str, Any] = {}
    images = torch.from_numpy(inputs["images"])
    generator = torch.Generator().manual_seed(0)
    for number, config in enumerate(inputs["configs"]):
        built = student.get("build_model")(copy.deepcopy(config))
        layers = [layer for layer in built.modules() if isinstance(layer, nn.Linear)]
        results[f"layers_{number}"] = len(layers)
        with torch.no_grad():
            for position, layer in enumerate(layers):
                layer.weight.normal_(0, WEIGHT_SPREAD / layer.in_features**0.5, generator=generator)
                layer.bias.normal_(0, 0.5, generator=generator)
                results[f"weight_{number}_{position}"] = layer.weight.numpy().copy()
                results[f"bias_{number}_{position}"] = layer.bias.numpy().copy()
            results[f"logits_{number}"] = built.eval()(images).numpy()
            results[f"dropped_{number}"] = _dropped(built, layers)
    return results


def _dropped(built: nn.Module, layers: list[nn.Linear]) -> npt.NDArray[Any]:
    """The first logit in training mode, with weights such that it is the mean of the last hidden layer.

    Every unit of that layer is the activation of 1, whatever the image: only dropout can make the mean vary.
    """
    for layer in layers:
        layer.weight.zero_()
        layer.bias.fill_(1)
    layers[-1].weight.fill_(1 / layers[-1].in_features)
    layers[-1].bias.zero_()
    logits = built.train()(torch.zeros(DROPOUT_IMAGES, 1, 28, 28))
    first: npt.NDArray[Any] = logits[:, 0].numpy().copy()
    return first


def training(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """The epochs that were done, and the weights after one step with each learning rate and with none."""
    results: dict[str, Any] = {"epochs": _run(student, inputs, inputs["config"], workdir / "epochs")}
    for name, rate in zip(("still", "slow", "fast"), (0.0, *inputs["rates"]), strict=True):
        config = copy.deepcopy(inputs["config"])
        config["trainer"]["epochs"] = 1
        config["optimizer"]["args"]["lr"] = rate
        torch.manual_seed(0)  # a project that ignores its seed is the business of another probe
        _run(student, inputs, config, workdir / name)
        results[name] = _weights(workdir / name, 1)
    return results


def seeds(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """Final weights with one seed, with the same again, and with another."""
    results: dict[str, Any] = {}
    for name, seed in zip(("first", "again", "other"), inputs["seeds"], strict=True):
        config = {**inputs["config"], "seed": seed}
        done = _run(student, inputs, config, workdir / name)
        results[name] = _weights(workdir / name, max(done))
    return results


def resume(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """A run, and the same run taken up again from its second checkpoint."""
    config = inputs["config"]
    last = config["trainer"]["epochs"]
    whole = _run(student, inputs, config, workdir / "whole")
    checkpoint = workdir / "whole" / "checkpoint-epoch2.pth"
    resumed = _run(student, inputs, config, workdir / "resumed", resume=checkpoint)
    return {
        "whole_epochs": whole,
        "resumed_epochs": resumed,
        "stopped": _weights(workdir / "whole", 2),
        "whole": _weights(workdir / "whole", last),
        "resumed": _weights(workdir / "resumed", last),
    }


def metrics(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """What was logged, and the logits of the final weights on the validation images."""
    folder = workdir / "run"
    done = _run(student, inputs, inputs["config"], folder)
    log = folder / "metrics.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    built = student.get("build_model")(copy.deepcopy(inputs["config"]))
    built.load_state_dict(_checkpoint(folder, max(done))["model"])
    with torch.no_grad():
        logits = built.eval()(torch.from_numpy(inputs["valid_images"]).float() / 255)
    return {"epochs": done, "lines": [json.loads(line) for line in lines], "logits": logits.numpy()}


def bases(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """How often each base class was instantiated, through its subclasses, during a run."""
    base = importlib.import_module("base")
    made: Counter[str] = Counter()
    for name in ("BaseModel", "BaseDataLoader", "BaseTrainer"):
        _count_instances(getattr(base, name), name, made)
    _run(student, inputs, inputs["config"], workdir / "run")
    return {"made": dict(made)}


def _count_instances(cls: type, name: str, made: Counter[str]) -> None:
    original = cls.__init__  # type: ignore[misc]

    @functools.wraps(original)
    def counting(self: Any, *args: Any, **kwargs: Any) -> None:
        made[name] += 1
        original(self, *args, **kwargs)

    cls.__init__ = counting  # type: ignore[misc]


def _run(
    student: Any, inputs: dict[str, Any], config: dict[str, Any], folder: Path, resume: Path | None = None
) -> list[int]:
    """Carries out one experiment in a new folder; the epochs of which it left a checkpoint, in order."""
    folder.mkdir()
    train_set, valid_set = (
        TensorDataset(torch.from_numpy(inputs[f"{part}_images"]), torch.from_numpy(inputs[f"{part}_labels"]))
        for part in ("train", "valid")
    )
    options = {} if resume is None else {"resume": resume}
    student.get("run")(copy.deepcopy(config), train_set, valid_set, torch.device("cpu"), folder, **options)
    found = (re.fullmatch(r"checkpoint-epoch(\d{1,4})\.pth", path.name) for path in folder.iterdir())
    epochs = sorted(int(match[1]) for match in found if match)
    if not epochs:
        raise FileNotFoundError("run() left no checkpoint-epochN.pth in its workdir, although save_period is 1")
    return epochs


def _checkpoint(folder: Path, epoch: int) -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(folder / f"checkpoint-epoch{epoch}.pth", weights_only=True)
    return checkpoint


def _weights(folder: Path, epoch: int) -> npt.NDArray[Any]:
    """All weights of a checkpoint's model in one row, float32."""
    state = _checkpoint(folder, epoch)["model"]
    return np.concatenate([tensor.float().flatten().numpy() for tensor in state.values()])
