"""A command line whose pipeline is a fake, in a folder with a submission."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import grader.pipeline
from grader.cli import main
from grader.pipeline import CheckResult, CheckStep, GradingRequest, TrainResult
from grader.progress import Progress, Stage
from grader.results import LogPoint, Report, StudentOutput
from grader.text import Text
from tests.unit.reports import samples

NOTHING = StudentOutput(text="", total_bytes=0, truncated=False)


@dataclass
class Pipeline:
    """What the fake gives, and what it was asked."""

    report: Report = field(default_factory=samples.report)
    failure: BaseException | None = None
    check: CheckResult = field(
        default_factory=lambda: CheckResult(True, (CheckStep(Text("files", "제출 파일"), ok=True),), None, NOTHING)
    )
    train: TrainResult = field(
        default_factory=lambda: TrainResult(True, Path("model.pt2"), None, samples.run_info(), NOTHING)
    )
    requests: list[GradingRequest] = field(default_factory=list)

    def watch(self, request: GradingRequest, progress: Progress) -> None:
        self.requests.append(request)
        for stage in (Stage.COLLECT, Stage.START, Stage.TRAIN):
            progress.stage(stage)
        progress.log(LogPoint(seconds=1.0, values={"epoch": 1, "train_loss": 0.5}))
        progress.budget(10.0, 40.0)
        if self.failure is not None:
            raise self.failure

    def grade_submission(self, request: GradingRequest, *, progress: Progress) -> Report:
        self.watch(request, progress)
        return self.report

    def check_submission(self, request: GradingRequest, *, progress: Progress) -> CheckResult:
        self.watch(request, progress)
        return self.check

    def train_model(self, request: GradingRequest, *, destination: Path, progress: Progress) -> TrainResult:
        self.watch(request, progress)
        if self.train.ok:
            destination.write_bytes(b"new model")
        return self.train


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str


Grade = Callable[..., Answer]


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    fake = Pipeline()
    for name in ("grade_submission", "check_submission", "train_model"):
        monkeypatch.setattr(grader.pipeline, name, getattr(fake, name))
    return fake


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a submission in ./mission_cnn; English, eighty columns, no terminal."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mission_cnn").mkdir()
    (tmp_path / "mission_cnn" / "solution.py").write_text("def train(): ...\n")
    for name in [name for name in os.environ if name.startswith(("LC_", "LANG", "FORCE_COLOR", "GITHUB_", "TTY_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def grade(here: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Grade]:
    """Runs one command in this process."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: Any) -> Answer:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return Answer(ended.value.code, out, err)

    yield run
    signal.signal(signal.SIGTERM, before)
