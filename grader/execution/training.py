"""One training run: what is asked of the sandbox, and what came of it."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader import runner
from grader.execution.events import ArtifactComes, Done, Failure, Log, PhaseBegins, Ready, parse_event
from grader.results import LogPoint
from grader.runner.protocol import Message, ProtocolError
from grader.sandbox.base import Limits, Mount, Request, Sandbox
from grader.sandbox.delivery import OVERHEAD_BYTES
from grader.sandbox.session import Caps, PhaseBudget, PhaseUse, SessionEnd, SessionResult, run_session
from grader.spec import MissionSpec

MAX_MESSAGES = 6_000
"""A little over the runner's own limit on calls of `log`."""
GPU_ENVIRONMENT = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
"""Fixed work space: with its own choice cuBLAS may give other sums from run to run. Read when CUDA initialises."""
RUNNER = Mount("runner", Path(runner.__file__).parent)
BESIDE_TRAINING_CPU_S = 60.0
"""CPU seconds that import and export may take together: small networks take 1 to 5, unrolled ones up to 16 (torch
2.15.0). Student code runs in both and says where one ends, so whatever they may take it could train with."""
AHEAD = "ahead"
"""What the runner is told where it is started before its job is known (`runner.main.AHEAD`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """What one run is given.

    Attributes:
        spec: the mission's limits and offers.
        submission: folder of the collected submission; untrusted.
        training_data: folder with training images and labels, and nothing else.
        seed: seeds every generator in the sandbox.
        gpu: index of a GPU; None trains on the CPU.
        limit_images: use only so many training and validation images; None for all.
        time_budget_s: what the student is told to have; None for the spec's budget.
    """

    spec: MissionSpec
    submission: Path
    training_data: Path
    seed: int
    gpu: int | None = None
    limit_images: int | None = None
    time_budget_s: float | None = None

    @property
    def budget_s(self) -> float:
        """CPU seconds on a CPU, seconds on a GPU."""
        if self.time_budget_s is not None:
            return self.time_budget_s
        return self.spec.limits.train_cpu_s if self.gpu is None else self.spec.limits.train_gpu_s

    @property
    def device(self) -> str:
        """torch's name of the device; the sandbox sees one GPU at most."""
        return "cpu" if self.gpu is None else "cuda:0"


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """What came of a run.

    Attributes:
        session: how it ended, with figures measured by the host.
        raw_artifact: bytes of the exported model, unvetted; None where none came.
        failure: the exception or broken contract that the runner reported; unvetted claims of the student's side.
        versions: as the runner claims.
        log: the student's log, times measured by the host.
        budget_s: the budget that counted.
    """

    session: SessionResult
    raw_artifact: bytes | None
    failure: Failure | None
    versions: dict[str, str]
    log: tuple[LogPoint, ...]
    budget_s: float

    @property
    def completed(self) -> bool:
        """Whether `train` returned, the model was exported, and all within the limits."""
        return self.session.end is SessionEnd.DONE and self.failure is None and self.raw_artifact is not None

    @property
    def end(self) -> SessionEnd:
        """Why the run ended."""
        return self.session.end

    @property
    def phase(self) -> str:
        """The phase it ended in."""
        return self.session.phase

    @property
    def training(self) -> PhaseUse | None:
        """Time used by `train`; None where it was never entered."""
        return self.session.phases.get("train")


@dataclass(slots=True)
class _Listener:
    """Collects the runner's events; refuses those that come out of order."""

    on_phase: Callable[[str], None]
    on_log: Callable[[LogPoint], None]
    versions: dict[str, str] = field(default_factory=dict)
    log: list[LogPoint] = field(default_factory=list)
    raw_artifact: bytes | None = None
    failure: Failure | None = None
    train_began: float | None = None

    def take(self, message: Message) -> str | bool:
        event = parse_event(message.raw_json)
        match event:
            case Ready():
                self.versions = event.versions
            case PhaseBegins():
                if event.phase == "train":
                    self.train_began = time.monotonic()
                self.on_phase(event.phase)
                return event.phase
            case Log():
                self._take_log(event)
            case ArtifactComes():
                if self.raw_artifact is not None:
                    raise ProtocolError("two artifacts")
                self.raw_artifact = message.blob
            case Failure():
                self.failure = event
                return True
            case Done():
                return True
        return False

    def _take_log(self, event: Log) -> None:
        if self.train_began is None:
            return
        seconds = round(time.monotonic() - self.train_began, 3)
        point = LogPoint(seconds=seconds, values=dict(event.values))
        self.log.append(point)
        self.on_log(point)


def run_training(
    sandbox: Sandbox,
    job: TrainingJob,
    *,
    on_phase: Callable[[str], None],
    on_log: Callable[[LogPoint], None],
    on_budget: Callable[[float, float], None],
) -> TrainingOutcome:
    """Trains and exports once.

    Raises:
        InfrastructureError: the machine failed, not the student.
    """
    listener = _Listener(on_phase=on_phase, on_log=on_log)
    limits = job.spec.limits

    def tick(phase: str, use: PhaseUse) -> None:
        if phase == "train":
            on_budget(use.cpu_s if job.gpu is None and use.cpu_s is not None else use.wall_s, job.budget_s)

    session = run_session(
        sandbox,
        training_request(sandbox, job.spec, job.training_data, gpu=job.gpu),
        _description(sandbox, job),
        files={"submission": job.submission},
        budgets=_budgets(job),
        caps=Caps(blob_bytes=limits.artifact_bytes, messages=MAX_MESSAGES, output_bytes=limits.output_bytes),
        handler=listener.take,
        tick=tick,
    )
    return TrainingOutcome(
        session=session,
        raw_artifact=listener.raw_artifact,
        failure=listener.failure,
        versions=listener.versions,
        log=tuple(listener.log),
        budget_s=job.budget_s,
    )


def training_request(sandbox: Sandbox, spec: MissionSpec, training_data: Path, *, gpu: int | None) -> Request:
    """The program that trains, before it is known what; equal for all submissions of a mission."""
    limits = spec.limits
    return Request(
        run_id=f"train-{uuid.uuid4().hex[:12]}",
        argv=runner_argv(sandbox),
        mounts=(RUNNER, Mount("data", training_data)),
        limits=Limits(
            memory_bytes=limits.memory_bytes,
            processes=limits.processes,
            cpus=limits.cpus,
            scratch_bytes=limits.scratch_bytes + OVERHEAD_BYTES,
            gpu_memory_bytes=None if gpu is None else limits.gpu_memory_bytes,
        ),
        gpu=gpu,
        environment={} if gpu is None else dict(GPU_ENVIRONMENT),
    )


def runner_argv(sandbox: Sandbox) -> tuple[str, ...]:
    """How the runner is started: ready for any job where the sandbox starts programs ahead."""
    return ("-I", f"{sandbox.inside(RUNNER)}/__main__.py", *((AHEAD,) if sandbox.starts_ahead else ()))


def _description(sandbox: Sandbox, job: TrainingJob) -> dict[str, Any]:
    return {
        "kind": "train",
        "data": sandbox.inside(Mount("data", job.training_data)),
        "offers": list(job.spec.entry.offers),
        "valid_images": job.spec.data.valid_images,
        "image_shape": list(job.spec.data.image_shape),
        "limit_images": job.limit_images,
        "device": job.device,
        "gpu_memory_bytes": job.spec.limits.gpu_memory_bytes,
        "time_budget_s": job.budget_s,
        "seed": job.seed,
        "threads": job.spec.limits.cpus,
    }


def _budgets(job: TrainingJob) -> tuple[PhaseBudget, ...]:
    limits = job.spec.limits
    if job.gpu is None:
        train = PhaseBudget("train", wall_s=job.budget_s * limits.wall_factor, cpu_s=job.budget_s)
        total_cpu_s: float | None = job.budget_s + BESIDE_TRAINING_CPU_S
    else:
        train = PhaseBudget("train", wall_s=job.budget_s)
        total_cpu_s = None
    return (
        PhaseBudget("setup", wall_s=limits.setup_s),
        PhaseBudget("import", wall_s=limits.import_s, cpu_s=BESIDE_TRAINING_CPU_S),
        train,
        PhaseBudget("export", wall_s=limits.export_s, total_cpu_s=total_cpu_s),
    )
