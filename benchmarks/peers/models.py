"""Trained submissions: one training of the reference, then a short one with a seed of its own for each student."""

import hashlib
import importlib.util
import shutil
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from grader import data
from grader.runner.export import export_model

REFERENCE = Path(__file__).resolve().parents[2] / "reference_solutions" / "mission_cnn" / "solution.py"
STEPS = 30
LEARNING_RATE = 1e-3


def trained_submissions(count: int, cache: Path) -> list[Path]:
    """A folder per student with `solution.py`, `weights.pt` and `model.pt2`; what is in the cache is not made again."""
    recipe = REFERENCE.read_bytes() + Path(__file__).read_bytes()
    folder = cache / f"{hashlib.sha256(recipe).hexdigest()[:16]}-torch-{torch.__version__}"
    students = [folder / f"student-{number:02}" for number in range(count)]
    missing = [student for student in students if not (student / "model.pt2").exists()]
    if missing:
        solution = _solution()
        train_set = _train_set()
        solution.EPOCHS = 1  # accuracy is compared between graders, not wanted high
        first = folder / "first.pt"
        if not first.exists():
            folder.mkdir(parents=True, exist_ok=True)
            print("training the first model", flush=True)
            valid_set = TensorDataset(*(tensor[-5000:] for tensor in train_set))
            model = solution.train(
                TensorDataset(*train_set), valid_set, torch.device("cpu"), 240, 0, lambda **values: None
            )
            torch.save(model.state_dict(), first)
        for student in missing:
            print(f"training {student.name} on", flush=True)
            model = solution.Network()
            model.load_state_dict(torch.load(first, weights_only=True))
            _train_on(model, train_set, seed=int(student.name.rpartition("-")[2]))
            student.mkdir(exist_ok=True)
            shutil.copyfile(REFERENCE, student / "solution.py")
            torch.save(model.state_dict(), student / "weights.pt")
            (student / "model.pt2").write_bytes(export_model(model, (1, 28, 28)))  # last: it marks the folder as whole
    return students


def _train_on(model: nn.Module, train_set: tuple[Tensor, Tensor], *, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE)
    images, labels = train_set
    model.train()
    for batch in torch.randint(len(images), (STEPS, 256), generator=generator):
        loss = F.cross_entropy(model(images[batch].float() / 255), labels[batch])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    model.eval()


def _train_set() -> tuple[Tensor, Tensor]:
    pack = data.load("mnist")
    images, labels = (torch.from_numpy(pack.array("train", kind).copy()) for kind in ("images", "labels"))
    return images, labels


def _solution() -> Any:
    spec = importlib.util.spec_from_file_location("solution", REFERENCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
