"""What a part of the benchmark is, and what all parts share: how much is asked, the sandboxes here, a trained model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import ROOT
from benchmarks.page import Row
from grader import pipeline
from grader.course import Course
from grader.progress import Silent
from grader.results import Report
from grader.sandbox import SandboxName
from grader.settings import Settings

MISSION = "mission_cnn"


@dataclass(frozen=True, slots=True)
class Asked:
    """How much to measure.

    Attributes:
        runs: rounds of everything.
        sandboxes: backends that can start runs here.
        submissions: models in a batch.
        bare: models that one bare process loads and evaluates, to compare with.
        gradings: entries of the large gradebook.
        sizes: of courses that should cost the same per submission.
        trainings: in a batch that shares one GPU, or the cores.
        at_once: how many of them at one time; the first is what the others are compared with.
    """

    runs: int
    sandboxes: tuple[SandboxName, ...]
    submissions: int
    bare: int
    gradings: int
    sizes: tuple[int, ...]
    trainings: int
    at_once: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One section of the page.

    Attributes:
        name: on the command line.
        title: on the page.
        about: what the figures are of.
        measure: given an empty folder.
    """

    name: str
    title: str
    about: str
    measure: Callable[[Path, Asked], list[Row]]


@dataclass(frozen=True, slots=True)
class Trained:
    """The reference of `MISSION`, trained and graded once.

    Attributes:
        submission: its folder, without the model.
        model: what was exported.
        report: of that grading.
    """

    submission: Path
    model: Path
    report: Report


def train_reference(folder: Path) -> Trained:
    """Trains without a sandbox: the code is the course's own."""
    mission, model = Course(ROOT).mission(MISSION), folder / "model.pt2"
    print(f"training the reference of {MISSION}", flush=True)
    request = pipeline.GradingRequest(
        mission=mission, path=mission.reference, sandbox="none", keep_model=model, settings=Settings()
    )
    report = pipeline.grade_submission(request, progress=Silent())
    if not report.passed:
        raise RuntimeError(f"the reference of {MISSION} did not pass: {report.score:g} points")
    return Trained(mission.reference, model, report)
