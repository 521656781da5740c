"""The same `train` in a bare process: no sandbox, no grader.

python bare_training.py SUBMISSION TRAINING_DATA VALID_IMAGES THREADS: what it logs, as JSON.
"""

import importlib
import inspect
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import TensorDataset


def main(submission: str, folder: Path, valid_images: int, threads: int) -> None:
    """Calls `train` with what it asks for."""
    sys.path.insert(0, submission)
    train = importlib.import_module("solution").train
    torch.set_num_threads(threads)
    images, labels = (torch.from_numpy(np.load(folder / f"{name}.npy")) for name in ("images", "labels"))
    cut = len(images) - valid_images
    logged: dict[str, float] = {}
    offers = {
        "train_set": TensorDataset(images[:cut], labels[:cut].long()),
        "valid_set": TensorDataset(images[cut:], labels[cut:].long()),
        "device": torch.device("cpu"),
        "time_budget_s": 3600.0,
        "seed": 0,
        "log": lambda **values: logged.update(values),
    }
    train(**{name: offers[name] for name in inspect.signature(train).parameters})
    print(json.dumps(logged))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
