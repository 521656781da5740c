"""One trial of a submission: get a model, vet it, run it on hidden images."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader import data
from grader.course import Mission
from grader.errors import ArtifactRejected
from grader.evaluation import Evaluation
from grader.evaluation.hidden_images import shuffle_images
from grader.evaluation.host import evaluate
from grader.evidence import ProbeResult
from grader.execution import TrainingJob, TrainingOutcome, ending_of, run_training
from grader.graph import GraphFacts
from grader.progress import Progress, Stage
from grader.results import Ending, Mode, Reason
from grader.sandbox import SandboxName
from grader.sandbox.base import Sandbox
from grader.settings import Settings
from grader.spec import ControlSpec, MissionSpec
from grader.submission import Submission
from grader.text import Text

STAGE_OF_PHASE = {"import": Stage.START, "train": Stage.TRAIN, "export": Stage.EXPORT}
_ADVICE_ON_ARTIFACT = Text(
    "Make it with `grade train`, or with torch.export.save as the mission's README shows.",
    "`grade train`을 쓰거나, 미션 설명서에 나온 대로 torch.export.save로 만드세요.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingRequest:
    """What to grade, and how.

    Attributes:
        mission: the mission.
        path: folder, archive, `.py` or notebook; untrusted.
        artifact: a model trained elsewhere; None trains here.
        sandbox: backend, or `auto`.
        gpu: index of the GPU to train on; None for the CPU.
        seed: seeds the training and every draw of the grading.
        keep_model: file to which the exported model that counted is copied; None keeps none.
        settings: this installation's configuration.
    """

    mission: Mission
    path: Path
    artifact: Path | None = None
    sandbox: SandboxName = "auto"
    gpu: int | None = None
    seed: int = 0
    keep_model: Path | None = None
    settings: Settings

    @property
    def mode(self) -> Mode:
        """How the model comes to be."""
        return Mode.RETRAIN if self.artifact is None else Mode.ARTIFACT


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One model of the submission and all that was found out about it.

    Attributes:
        seed: what it was trained with.
        training: the run; None for a model handed in ready.
        obtained: there is a model, whether or not the reader accepts it.
        ending: why it ended early; None where the model was measured.
        graph, evaluation: what was measured; None where it ended early.
    """

    seed: int
    training: TrainingOutcome | None
    obtained: bool
    ending: Ending | None
    graph: GraphFacts | None = None
    evaluation: Evaluation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Everything that was executed for one grading.

    Attributes:
        sandbox: name of the backend.
        trials: every trial; `trial` is the one that counts.
        controls: the control trainings, by id.
        probes: what each probe gave, or why it gave nothing.
    """

    sandbox: str
    trials: tuple[Trial, ...]
    trial: Trial
    controls: Mapping[str, Trial] = field(default_factory=dict)
    probes: Mapping[str, ProbeResult | Ending] = field(default_factory=dict)


def on_data_at_hand(request: GradingRequest) -> GradingRequest:
    """The same request, judged by the bars of the data pack that is on this machine.

    Raises:
        DataUnavailable: neither the mission's pack nor one that stands in for it is here.
    """
    spec = request.mission.spec
    if not spec.trains or spec.stand_in is None:
        return request
    pack = _resolve_pack(spec, request.settings)
    return replace(request, mission=replace(request.mission, spec=spec.on_pack(pack.id)))


def pack_at_hand(mission: Mission, settings: Settings) -> str:
    """The data pack that the mission would be graded on, and its version; empty for one that trains nothing.

    Raises:
        DataUnavailable: neither the mission's pack nor one that stands in for it is here.
    """
    spec = mission.spec
    if not spec.trains:
        return ""
    pack = _resolve_pack(spec, settings)
    return f"{pack.id} {pack.version}"


def _resolve_pack(spec: MissionSpec, settings: Settings) -> data.DataPack:
    """The mission's pack, or the one that stands in for it."""
    stand_in = spec.stand_in.pack if spec.stand_in else None
    return data.resolve(spec.data.pack, stand_in, cache_dir=settings.cache_dir)


def run_trial(
    request: GradingRequest,
    submission: Submission,
    sandbox: Sandbox,
    *,
    workspace: Path,
    seed: int,
    progress: Progress,
) -> Trial:
    """Trains with `seed`, or takes the model handed in; then measures it.

    Args:
        workspace: an empty folder for the model and the shuffled images.

    Raises:
        InfrastructureError: the machine failed.
    """
    if request.artifact is None:
        training = train(request, submission, sandbox, workspace=workspace, seed=seed, progress=progress)
        return _measure(request, submission, sandbox, training, workspace=workspace, seed=seed, progress=progress)
    artifact = workspace / f"model-{seed}.pt2"
    ending = _take_artifact(request.artifact, artifact, request.mission.spec.limits.artifact_bytes)
    if ending is not None:
        return Trial(seed=seed, training=None, obtained=False, ending=ending)
    return _evaluate(request, submission, sandbox, artifact, None, workspace=workspace, seed=seed, progress=progress)


def run_control(
    request: GradingRequest,
    submission: Submission,
    sandbox: Sandbox,
    control: ControlSpec,
    *,
    workspace: Path,
    seed: int,
    progress: Progress,
) -> Trial:
    """Trains under the control's conditions and measures that model like the first.

    Raises:
        InfrastructureError: the machine failed.
    """
    training = train(
        request,
        submission,
        sandbox,
        workspace=workspace,
        seed=seed,
        progress=progress,
        control=control,
        time_budget_s=control.train_cpu_s if request.gpu is None else control.train_gpu_s,
    )
    folder = workspace / control.id
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    return _measure(request, submission, sandbox, training, workspace=folder, seed=seed, progress=progress)


def _measure(
    request: GradingRequest,
    submission: Submission,
    sandbox: Sandbox,
    training: TrainingOutcome,
    *,
    workspace: Path,
    seed: int,
    progress: Progress,
) -> Trial:
    """Measures the model that a training left, if it left one."""
    ending = ending_of(training, request.mission.spec.limits, submission)
    if ending is not None or training.raw_artifact is None:
        return Trial(seed=seed, training=training, obtained=False, ending=ending)
    artifact = workspace / f"model-{seed}.pt2"
    artifact.write_bytes(training.raw_artifact)
    return _evaluate(
        request, submission, sandbox, artifact, training, workspace=workspace, seed=seed, progress=progress
    )


def _evaluate(
    request: GradingRequest,
    submission: Submission,
    sandbox: Sandbox,
    artifact: Path,
    training: TrainingOutcome | None,
    *,
    workspace: Path,
    seed: int,
    progress: Progress,
) -> Trial:
    """Runs the model on the hidden images, in an order of this run's own."""
    progress.stage(Stage.EVALUATE)
    spec = request.mission.spec
    artifact.chmod(0o644)
    pack = data.load(spec.data.pack, cache_dir=request.settings.cache_dir)
    salt = f"{submission.sha256}:{seed}"
    hidden = shuffle_images(
        pack.array("test", "images"), pack.array("test", "labels"), name=f"{pack.id}-{pack.version}", salt=salt
    )
    try:
        graph, evaluation = evaluate(sandbox, artifact, hidden, spec=spec, salt=salt)
    except ArtifactRejected as error:
        return Trial(seed=seed, training=training, obtained=True, ending=rejection(error))
    return Trial(seed=seed, training=training, obtained=True, ending=None, graph=graph, evaluation=evaluation)


def train(
    request: GradingRequest,
    submission: Submission,
    sandbox: Sandbox,
    *,
    workspace: Path,
    seed: int,
    progress: Progress,
    control: ControlSpec | None = None,
    limit_images: int | None = None,
    time_budget_s: float | None = None,
) -> TrainingOutcome:
    """Runs the student's `train` once, in the sandbox.

    Args:
        workspace: a folder for data prepared for this run.
        control: train under these conditions, to compare with.
        limit_images, time_budget_s: a rehearsal's smaller data and budget; None for the mission's own.

    Raises:
        InfrastructureError: the machine failed.
    """
    progress.stage(Stage.START)
    spec = request.mission.spec
    job = TrainingJob(
        spec=spec,
        submission=submission.root,
        training_data=_training_data(request, workspace, seed=seed, control=control),
        seed=seed,
        gpu=request.gpu,
        limit_images=limit_images,
        time_budget_s=time_budget_s,
    )
    return run_training(
        sandbox,
        job,
        on_phase=lambda phase: progress.stage(STAGE_OF_PHASE[phase]),
        on_log=progress.log,
        on_budget=progress.budget,
    )


def _training_data(request: GradingRequest, workspace: Path, *, seed: int, control: ControlSpec | None) -> Path:
    """The folder with what the sandbox may see: the pack's training part, or as few labels as the mission gives."""
    spec = request.mission.spec
    pack = data.load(spec.data.pack, cache_dir=request.settings.cache_dir)
    budget = spec.label_budget
    if budget is None:
        return pack.train_root
    folder = workspace / f"data-{seed}{'-' + control.id if control else ''}"
    if folder.exists():
        return folder
    draw = budget.draws[data.draw_of(budget, seed)]
    noise = control is not None and control.replace_unlabeled == "noise"
    return data.write_budgeted(pack, folder, per_class=budget.per_class, draw=draw, noise=noise)


def rejection(error: ArtifactRejected) -> Ending:
    """The end of a submission whose model the reader refuses."""
    advice = error.advice if error.advice.en else _ADVICE_ON_ARTIFACT
    return Ending(reason=Reason.ARTIFACT_REJECTED, message=error.message, advice=advice)


def _take_artifact(source: Path, destination: Path, max_bytes: int) -> Ending | None:
    """Copies a model handed in ready; gives an ending where it can't be taken."""
    try:
        size = source.stat().st_size
    except OSError:
        message = Text(f"There is no file {source.name}.", f"{source.name} 파일이 없습니다.")
    else:
        if source.is_file() and size <= max_bytes:
            shutil.copyfile(source, destination)
            return None
        limit = f"{max_bytes / 1024**2:g} MiB"
        message = Text(
            f"{source.name} is not a file of at most {limit}.", f"{source.name}은(는) {limit} 이하의 파일이 아닙니다."
        )
    return Ending(reason=Reason.ARTIFACT_REJECTED, message=message, advice=_ADVICE_ON_ARTIFACT)
