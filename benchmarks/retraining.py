"""The same training bare and in each sandbox."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.measuring import alternately
from benchmarks.page import Row
from benchmarks.part import Asked, Part
from benchmarks.rows import beside
from benchmarks.running import BARE, open_named, train_bare, train_inside, write_submission
from grader.sandbox import SandboxName

KINDS = {"tensors": "training on tensors", "workers": "training on a DataLoader with two workers"}


def measure(folder: Path, asked: Asked) -> list[Row]:
    """A ratio for each kind of training and each sandbox."""
    rows = []
    for kind, title in KINDS.items():
        submission = write_submission(kind, folder)
        contenders: dict[str, Callable[[], float]] = {
            BARE: partial(_bare, submission, folder),
            **{name: partial(_inside, name, submission) for name in asked.sandboxes},
        }
        found = alternately(contenders, asked.runs, warm_up=False)
        rows += [
            beside(f"{title} in {name} : in a bare process", found[name], found[BARE], "1.03 or less")
            for name in asked.sandboxes
        ]
    return rows


def _bare(submission: Path, folder: Path) -> float:
    return train_bare(submission, folder)["seconds"]


def _inside(name: SandboxName, submission: Path) -> float:
    with open_named(name) as sandbox:
        return train_inside(sandbox, submission)["seconds"]


PART = Part(
    "retraining",
    "Training in a sandbox",
    "Seconds from the first line of `train` to its last, by its own clock: one epoch of the network of `mission_cnn`'s "
    "reference. The bare process has as many threads, and torch's and malloc's own settings for everything else.",
    measure,
)
