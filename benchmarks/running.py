"""What several parts run: submissions made of references, one training in a sandbox or bare, one evaluation bare."""

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import ROOT, Took, took
from benchmarks.part import MISSION
from grader import data
from grader.course import Course
from grader.execution import TrainingJob, run_training
from grader.sandbox import SandboxName, open_sandbox
from grader.sandbox.base import Sandbox
from grader.settings import Settings

BARE = "bare"


def write_submission(name: str, folder: Path) -> Path:
    """The submission `benchmarks/trainings/NAME.py`, beside the reference of the mission."""
    submission = folder / name
    submission.mkdir(parents=True)
    shutil.copyfile(ROOT / "benchmarks" / "trainings" / f"{name}.py", submission / "solution.py")
    shutil.copyfile(Course(ROOT).mission(MISSION).reference / "solution.py", submission / "reference.py")
    return submission


def hand_in_references(folder: Path, students: int, *, mission: str = MISSION) -> list[Path]:
    """So many students with the mission's reference, which differ in a comment; without a model."""
    reference = Course(ROOT).mission(mission).reference
    handed_in = []
    for number in range(students):
        student = folder / f"student-{number:05}"
        shutil.copytree(reference, student, ignore=shutil.ignore_patterns("__pycache__", "*.pt2"))
        with (student / "solution.py").open("a", encoding="utf-8") as file:
            file.write(f"\n# {number}\n")
        handed_in.append(student)
    return handed_in


def open_named(name: SandboxName) -> Sandbox:
    """The backend as the grader opens it."""
    settings = Settings()
    return open_sandbox(name, image=settings.image, docker_runtime=settings.docker_runtime)


def bare_script(models: Sequence[Path], batch_size: int, folder: Path) -> Took:
    """Loads and evaluates one model after another in a process of its own, on the mission's test set."""
    test_folder = data.load(Course(ROOT).mission(MISSION).spec.data.pack).test_root
    script = ROOT / "benchmarks" / "bare_script.py"
    command = [sys.executable, str(script), str(batch_size), str(test_folder), *map(str, models)]
    return took(command, folder=folder, may_fail=False)


def train_inside(sandbox: Sandbox, submission: Path) -> dict[str, float]:
    """What was logged in the sandbox.

    Raises:
        RuntimeError: the training did not end well.
    """
    outcome = run_training(
        sandbox, job_of(submission), on_phase=lambda _: None, on_log=lambda _: None, on_budget=lambda used, budget: None
    )
    if not outcome.completed or not outcome.log:
        said = outcome.session.output.head.decode("utf-8", "replace")
        raise RuntimeError(f"the training ended early ({outcome.end}, {outcome.failure}): {said[-2000:]}")
    return {name: float(value) for name, value in outcome.log[-1].values.items()}


def train_bare(submission: Path, folder: Path) -> dict[str, float]:
    """What was logged in a process of its own."""
    job = job_of(submission)
    numbers = (str(job.spec.data.valid_images), str(job.spec.limits.cpus))
    script = ROOT / "benchmarks" / "bare_training.py"
    command = [sys.executable, str(script), str(submission), str(job.training_data), *numbers]
    logged: dict[str, float] = json.loads(took(command, folder=folder, may_fail=False).output.splitlines()[-1])
    return logged


def job_of(submission: Path) -> TrainingJob:
    """The mission's training, on its data."""
    spec = Course(ROOT).mission(MISSION).spec
    pack = data.load(spec.data.pack)
    return TrainingJob(spec=spec, submission=submission, training_data=pack.train_root, seed=0)
