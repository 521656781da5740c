"""Several trainings at one time on one GPU, or on all cores where there is none; on a GPU, each reference by itself."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import pynvml

from benchmarks.measuring import ROOT, alternately, grade, sampled
from benchmarks.page import Row
from benchmarks.part import MISSION, Asked, Part
from benchmarks.ratio import Ratio, in_words
from benchmarks.rows import against_bar
from benchmarks.running import hand_in_references
from grader.course import Course
from grader.sandbox import SandboxName
from grader.sandbox.nvml import list_gpus

REFERENCE_BAR_S = 120.0
SAMPLE_S = 0.5


@dataclass(frozen=True, slots=True)
class Ran:
    """One batch.

    Attributes:
        wall_s: from the command's start to its end.
        samples: of the GPU meanwhile: how busy it was, 0 to 1, and bytes that were taken; none without a GPU.
    """

    wall_s: float
    samples: Sequence[tuple[float, int]]


def measure(folder: Path, asked: Asked) -> list[Row]:
    """The rate of each number at one time against one at a time; then the references, where there is a GPU."""
    gpu = bool(list_gpus())
    sandbox = asked.sandboxes[0]
    hand_in_references(folder / "students", asked.trainings)
    gradebooks = (folder / f"gradebook-{number}" for number in count())
    contenders: dict[str, Callable[[], Ran]] = {
        str(number): partial(_train_all, folder, number, sandbox, gradebooks, gpu=gpu) for number in asked.at_once
    }
    found = alternately(contenders, asked.runs, warm_up=False)
    rows = [_sharing(number, found, asked, gpu=gpu) for number in asked.at_once[1:]]
    return rows + (_references(folder, asked, sandbox) if gpu else [])


def _train_all(folder: Path, at_once: int, sandbox: SandboxName, gradebooks: Iterator[Path], *, gpu: bool) -> Ran:
    """One batch into a new gradebook.

    Raises:
        RuntimeError: not all of it was graded.
    """
    gradebook = next(gradebooks)
    where = ("--gpus", "0", "--per-gpu", str(at_once)) if gpu else ("--jobs", str(at_once))
    options = ("-m", MISSION, "--sandbox", sandbox, "--progress", "quiet", "--gradebook", str(gradebook))
    with _sampled(gpu) as samples:
        took = grade("batch", "students", *options, *where, folder=folder)
    with (gradebook / "gradebook.csv").open(encoding="utf-8-sig", newline="") as file:
        if not all(row[MISSION] for row in csv.DictReader(file)):
            raise RuntimeError(f"not all trainings were graded, {at_once} at one time: {took.output}")
    return Ran(took.wall_s, samples)


def _sharing(number: int, found: dict[str, list[Ran]], asked: Asked, *, gpu: bool) -> Row:
    one, several = found[str(asked.at_once[0])], found[str(number)]
    seconds, before = ([ran.wall_s / asked.trainings for ran in runs] for runs in (several, one))
    return Row(
        f"{number} trainings at one time on {'one GPU' if gpu else 'all cores'}, rate : {asked.at_once[0]} at a time",
        str(Ratio.of(before, seconds)),
        "6 or more, of one number" if gpu else "–",
        f"each: {in_words(seconds)} : {in_words(before)}{_in_words(several)}",
    )


def _in_words(runs: Sequence[Ran]) -> str:
    """How busy the GPU was; empty where there is none."""
    samples = [sample for ran in runs for sample in ran.samples]
    if not samples:
        return ""
    busy, taken = zip(*samples, strict=True)
    return f"; GPU busy {sum(busy) / len(busy):.0%}, {max(taken) / 1024**3:.1f} GiB at most"


def _references(folder: Path, asked: Asked, sandbox: SandboxName) -> list[Row]:
    """From the command to its end."""
    missions = [mission for mission in Course(ROOT).missions() if mission.spec.trains]
    contenders = {
        mission.id: partial(
            grade, "submit", mission.id, str(mission.reference), "--sandbox", sandbox, "--gpu", "0", folder=folder
        )
        for mission in missions
    }
    found = alternately(contenders, asked.runs, warm_up=False)
    return [
        against_bar(f"reference of `{name}` on the GPU : 2 min", [ran.wall_s for ran in runs], REFERENCE_BAR_S)
        for name, runs in found.items()
    ]


@contextmanager
def _sampled(gpu: bool) -> Iterator[list[tuple[float, int]]]:
    """How busy the first GPU is and what memory is taken there, sample by sample; nothing without one."""
    if not gpu:
        yield []
        return
    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)

    def look() -> tuple[float, int]:
        used = int(pynvml.nvmlDeviceGetMemoryInfo(handle).used)
        return pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100, used

    try:
        with sampled(look, SAMPLE_S) as samples:
            yield samples
    finally:
        pynvml.nvmlShutdown()


PART = Part(
    "sharing",
    "Trainings that share a GPU or the cores",
    "Each batch trains the reference of `mission_cnn` for several students; rates count the whole command, with the "
    "start of every sandbox and every evaluation.",
    measure,
)
