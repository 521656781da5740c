"""The way of a submission, from its files to its report. The only place that knows the order of the steps."""

import errno
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from grader import scoring
from grader.assembly import graded_report, invalid_report, not_graded_report, run_info, student_output
from grader.course import Mission
from grader.data import draw_of
from grader.diagnosis import diagnose
from grader.errors import (
    ArtifactRejected,
    DestinationExists,
    DiskFull,
    InfrastructureError,
    RunInterrupted,
    SubmissionInvalid,
)
from grader.evaluation import Evaluation
from grader.evaluation.hidden_images import shuffle_images
from grader.evaluation.host import evaluate
from grader.evidence import Evidence, Training
from grader.execution import ending_of
from grader.hidden_tests import judge
from grader.probes import probe_submission
from grader.progress import Progress, Stage
from grader.results import Ending, Mode, Reason, Report, RunInfo, StudentOutput
from grader.sandbox import open_sandbox
from grader.sandbox.base import Sandbox
from grader.sandbox.owner import owned_folder
from grader.static_checks import Finding, StaticRules, declared_functions, inspect_source
from grader.submission import Submission, collect
from grader.submission.source import decode_python
from grader.text import Text, same
from grader.trial import GradingRequest, Runs, Trial, on_data_at_hand, rejection, run_control, run_trial, train

CHECK_IMAGES = 256
"""Training images of a rehearsal: a few steps."""
CHECK_BUDGET_S = 30.0
RECOVERY_S = 30.0
"""How long an engine that went away is waited for: a restart of Docker takes about 5 s."""
RECOVERY_PAUSE_S = 0.5

__all__ = [
    "CheckResult",
    "CheckStep",
    "GradingRequest",
    "TrainResult",
    "check_submission",
    "grade_submission",
    "train_model",
]


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step of a rehearsal."""

    name: Text
    ok: bool
    detail: Text | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a rehearsal went: steps in order, up to the first that failed for good."""

    ok: bool
    steps: tuple[CheckStep, ...]
    ending: Ending | None
    output: StudentOutput


@dataclass(frozen=True, slots=True)
class TrainResult:
    """A model trained here, or why there is none."""

    ok: bool
    artifact: Path | None
    ending: Ending | None
    run: RunInfo
    output: StudentOutput


def grade_submission(request: GradingRequest, *, progress: Progress, sandbox: Sandbox | None = None) -> Report:
    """Grades one submission. What the student did wrong is in the report, and so is a machine that failed.

    A grading that the machine cut short is begun anew, as often as the settings allow: nothing of it is kept.

    Args:
        request: what to grade.
        progress: is told what happens.
        sandbox: an open one to use, which stays open; None opens the one that the request names.

    Raises:
        UsageError: the request can't be carried out as it was made.
    """
    interruptions: list[RunInterrupted] = []
    while True:
        report, interruption = _attempt(request, progress, sandbox, tuple(interruptions))
        if interruption is None:
            return report
        interruptions.append(interruption)
        if len(interruptions) >= request.settings.attempts or not _comes_back(request, sandbox):
            return report


def _attempt(
    request: GradingRequest, progress: Progress, sandbox: Sandbox | None, earlier: tuple[RunInterrupted, ...]
) -> tuple[Report, RunInterrupted | None]:
    """One grading from its beginning, and what cut it short where another attempt may go through.

    Args:
        earlier: what cut short the attempts before.
    """
    submission: Submission | None = None
    try:
        request = on_data_at_hand(request)
        with _workspace() as workspace:
            progress.stage(Stage.COLLECT)
            try:
                submission = collect(request.path, workspace / "submission")
            except SubmissionInvalid as error:
                return invalid_report(request, error, now=datetime.now(UTC)), None
            findings = inspect_source(submission, _static_rules(request.mission))
            runs = _run(request, submission, sandbox, workspace, progress) if request.mission.spec.trains else None
            progress.stage(Stage.TESTS)
            evidence = _evidence(request, submission, findings, runs)
            criteria = scoring.settle(request.mission.spec, judge(request.mission.hidden_tests, evidence))
            report = graded_report(
                request,
                submission,
                runs=runs,
                criteria=criteria,
                findings=diagnose(evidence),
                sources=evidence.sources,
                earlier=earlier,
                now=datetime.now(UTC),
            )
            return report, None
    except InfrastructureError as error:
        report = not_graded_report(request, submission, error, earlier=earlier, now=datetime.now(UTC))
        return report, error if isinstance(error, RunInterrupted) else None


def _comes_back(request: GradingRequest, shared: Sandbox | None) -> bool:
    """Waits until the sandbox can start runs again, as after a restart of the engine; False if that takes too long."""
    deadline = time.monotonic() + RECOVERY_S
    with nullcontext(shared) if shared is not None else _sandbox(request) as sandbox:
        while not sandbox.availability().ok:
            if time.monotonic() > deadline:
                return False
            time.sleep(RECOVERY_PAUSE_S)
    return True


def train_model(request: GradingRequest, *, destination: Path, progress: Progress) -> TrainResult:
    """Trains once with the mission's data and limits and writes the exported model to `destination`.

    Raises:
        SubmissionInvalid: the submission can't be collected.
        DestinationExists: there is such a file.
        InfrastructureError: the machine failed.
    """
    if destination.exists():
        raise DestinationExists(
            Text(f"{destination} exists already.", f"{destination} 파일이 이미 있습니다."),
            Text("Remove it, or name another with --out.", "지우거나 --out으로 다른 이름을 지정하세요."),
        )
    request = on_data_at_hand(request)
    with _workspace() as workspace:
        progress.stage(Stage.COLLECT)
        submission = collect(request.path, workspace / "submission")
        with _sandbox(request) as sandbox:
            training = train(request, submission, sandbox, workspace=workspace, seed=request.seed, progress=progress)
        ending = ending_of(training, request.mission.spec.limits, submission)
        if ending is None and training.raw_artifact is not None:
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.write_bytes(training.raw_artifact)
    trial = Trial(seed=request.seed, training=training, obtained=ending is None, ending=ending)
    return TrainResult(
        ok=ending is None,
        artifact=destination if ending is None else None,
        ending=ending,
        run=run_info(request, Runs(sandbox=sandbox.name, trials=(trial,), trial=trial)),
        output=student_output(training),
    )


def check_submission(request: GradingRequest, *, progress: Progress) -> CheckResult:
    """Rehearses a submission in seconds: everything but a real training and a score.

    Raises:
        InfrastructureError: the machine failed.
    """
    steps: list[CheckStep] = []
    request = on_data_at_hand(request)
    with _workspace() as workspace:
        progress.stage(Stage.COLLECT)
        try:
            submission = collect(request.path, workspace / "submission")
        except SubmissionInvalid as error:
            invalid = Ending(reason=Reason.SUBMISSION_INVALID, message=error.message, advice=error.advice)
            step = CheckStep(_FILES, ok=False, detail=error.message)
            return CheckResult(ok=False, steps=(step,), ending=invalid, output=student_output(None))
        steps.append(CheckStep(_FILES, ok=True, detail=same(", ".join(name for name, _ in submission.files[:10]))))
        steps.append(_check_source(submission, request.mission))
        if not request.mission.spec.trains:
            return CheckResult(all(step.ok for step in steps), tuple(steps), None, student_output(None))
        steps.append(_check_signature(submission, request.mission))
        with _sandbox(request) as sandbox:
            training = train(
                request,
                submission,
                sandbox,
                workspace=workspace,
                seed=request.seed,
                progress=progress,
                limit_images=CHECK_IMAGES,
                time_budget_s=CHECK_BUDGET_S,
            )
            ending = ending_of(training, request.mission.spec.limits, submission)
            steps.append(CheckStep(_TRAINING, ok=ending is None, detail=ending.message if ending else None))
            if ending is None and training.raw_artifact is not None:
                progress.stage(Stage.EVALUATE)
                ending = _check_artifact(request, submission, sandbox, training.raw_artifact, workspace)
                steps.append(CheckStep(_MODEL, ok=ending is None, detail=ending.message if ending else None))
            if request.mission.spec.probes:
                progress.stage(Stage.PROBE)
                failed = _check_probes(request, submission, sandbox, workspace)
                steps.append(CheckStep(_FUNCTIONS, ok=failed is None, detail=failed.message if failed else None))
                ending = ending or failed
    return CheckResult(all(step.ok for step in steps), tuple(steps), ending, student_output(training))


_FILES = Text("files", "제출 파일")
_SOURCE = Text("rules on the source", "소스 코드 규칙")
_SIGNATURE = Text("signature of train()", "train() 매개변수")
_TRAINING = Text("import, a few training steps, export", "불러오기, 짧은 학습, 내보내기")
_FUNCTIONS = Text("your functions can be called", "작성한 함수 호출")
_MODEL = Text("the grader reads and runs the model", "채점기에서 모델 읽기와 실행")


def _check_source(submission: Submission, mission: Mission) -> CheckStep:
    findings = inspect_source(submission, _static_rules(mission))
    if not findings:
        return CheckStep(_SOURCE, ok=True)
    detail = Text(
        " ".join(finding.text.en for finding in findings[:5]), " ".join(finding.text.ko for finding in findings[:5])
    )
    return CheckStep(_SOURCE, ok=False, detail=detail)


def _check_signature(submission: Submission, mission: Mission) -> CheckStep:
    functions = declared_functions(submission)
    if "train" not in functions:
        return CheckStep(
            _SIGNATURE,
            ok=False,
            detail=Text("solution.py has no function train().", "solution.py에 train() 함수가 없습니다."),
        )
    return CheckStep(_SIGNATURE, ok=True, detail=same(f"train({', '.join(functions['train'])})"))


def _check_probes(request: GradingRequest, submission: Submission, sandbox: Sandbox, workspace: Path) -> Ending | None:
    """How the first probe that can't be carried out ended; what probes find out is not told."""
    results = probe_submission(request, submission, sandbox, workspace=workspace, seed=request.seed)
    return next((result for result in results.values() if isinstance(result, Ending)), None)


def _check_artifact(
    request: GradingRequest, submission: Submission, sandbox: Sandbox, raw_artifact: bytes, workspace: Path
) -> Ending | None:
    """Whether the reader accepts the model and can run it, tried on noise: no hidden image is needed for that."""
    spec = request.mission.spec
    artifact = workspace / "model.pt2"
    artifact.write_bytes(raw_artifact)
    artifact.chmod(0o644)
    random = np.random.default_rng(request.seed)
    images = random.integers(0, 256, (CHECK_IMAGES, *spec.data.image_shape), dtype=np.uint8)
    labels = random.integers(0, spec.data.classes, CHECK_IMAGES)
    hidden = shuffle_images(images, labels, name=f"noise-{request.seed}-{request.mission.id}", salt=submission.sha256)
    try:
        evaluate(sandbox, artifact, hidden, spec=spec, salt=submission.sha256)
    except ArtifactRejected as error:
        return rejection(error)
    return None


def _run(
    request: GradingRequest, submission: Submission, shared: Sandbox | None, workspace: Path, progress: Progress
) -> Runs:
    """Everything that is executed for one grading: trials, the controls of the one that counts, probes."""
    spec = request.mission.spec
    with nullcontext(shared) if shared is not None else _sandbox(request) as sandbox:
        trials = _trials(request, submission, sandbox, workspace, progress)
        trial = _median(trials)
        model = workspace / f"model-{trial.seed}.pt2"
        if request.keep_model is not None and model.is_file():
            shutil.copyfile(model, request.keep_model)
        controls = {
            control.id: run_control(
                request, submission, sandbox, control, workspace=workspace, seed=trial.seed, progress=progress
            )
            for control in (spec.controls if trial.evaluation is not None else ())
        }
        if spec.probes:
            progress.stage(Stage.PROBE)
        probes = probe_submission(request, submission, sandbox, workspace=workspace, seed=trial.seed)
    return Runs(sandbox=sandbox.name, trials=tuple(trials), trial=trial, controls=controls, probes=probes)


def _trials(
    request: GradingRequest, submission: Submission, sandbox: Sandbox, workspace: Path, progress: Progress
) -> list[Trial]:
    """One trial; three where a retrained model misses the bar by less than the mission's band."""
    rules = request.mission.spec.evaluation

    def trial(seed: int) -> Trial:
        return run_trial(request, submission, sandbox, workspace=workspace, seed=seed, progress=progress)

    first = trial(request.seed)
    if request.mode is Mode.ARTIFACT or first.evaluation is None:
        return [first]
    if not rules.bar - rules.rerun_band <= first.evaluation.accuracy < rules.bar:
        return [first]
    return [first, trial(request.seed + 1), trial(request.seed + 2)]


def _median(trials: list[Trial]) -> Trial:
    """The trial with the median accuracy; one that ended early counts as the lowest."""
    ranked = sorted(trials, key=lambda trial: -1.0 if trial.evaluation is None else trial.evaluation.accuracy)
    return ranked[len(ranked) // 2]


def _evidence(
    request: GradingRequest, submission: Submission, findings: tuple[Finding, ...], runs: Runs | None
) -> Evidence:
    trial = runs.trial if runs else None
    spec = request.mission.spec
    return Evidence(
        spec=spec,
        files=tuple(name for name, _ in submission.files),
        findings=findings,
        training=_training(request, trial),
        ending=trial.ending if trial else None,
        maybe_graph=trial.graph if trial else None,
        maybe_evaluation=trial.evaluation if trial else None,
        sources=_texts(submission.root, submission.python_files()),
        starter_sources=_texts(
            request.mission.starter, (path.name for path in sorted(request.mission.starter.glob("*.py")))
        ),
        supervised_accuracy=spec.label_budget.supervised_accuracy[draw_of(spec.label_budget, trial.seed)]
        if spec.label_budget and trial
        else None,
        probes=runs.probes if runs else {},
        controls={name: _controlled(control) for name, control in runs.controls.items()} if runs else {},
    )


def _texts(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Python files as text, by name."""
    return {name: _text((folder / name).read_bytes(), name) for name in names}


def _text(raw_source: bytes, name: str) -> str:
    """In the encoding that the file says it has; what can't be decoded is replaced."""
    try:
        return decode_python(raw_source, name)
    except SubmissionInvalid:
        return raw_source.decode("utf-8", errors="replace")


def _training(request: GradingRequest, trial: Trial | None) -> Training:
    outcome = trial.training if trial else None
    use = outcome.training if outcome else None
    return Training(
        completed=trial is not None and trial.obtained,
        reproduced=request.mode is Mode.RETRAIN,
        seconds=use.wall_s if use else None,
        cpu_s=use.cpu_s if use else None,
        budget_s=outcome.budget_s if outcome else None,
        log=outcome.log if outcome else (),
    )


def _controlled(control: Trial) -> Evaluation | Ending:
    """What a control training came to."""
    if control.evaluation is not None:
        return control.evaluation
    assert control.ending is not None
    return control.ending


def _sandbox(request: GradingRequest) -> Sandbox:
    """The backend that was asked for; the caller closes it."""
    return open_sandbox(request.sandbox, image=request.settings.image, docker_runtime=request.settings.docker_runtime)


def _static_rules(mission: Mission) -> StaticRules:
    rules = mission.spec.static
    return StaticRules(forbidden_imports=rules.forbidden_imports, banned_files=rules.banned_files)


@contextmanager
def _workspace() -> Iterator[Path]:
    """A temporary folder, gone at the end, or by `grade doctor --clean` after a kill; a full disk is named as such."""
    try:
        with owned_folder("grading") as folder:
            yield folder
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull(
            Text("The disk is full.", "디스크에 남은 공간이 없습니다."),
            Text("Free some space, then try again.", "공간을 확보한 뒤 다시 시도하세요."),
        ) from error
