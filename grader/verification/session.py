"""Grade every case, several at a time where there are cores, and judge what came of each."""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from grader.data import default_cache_dir
from grader.errors import GraderError
from grader.pipeline import GradingRequest, grade_submission
from grader.progress import Silent
from grader.results import Report, Verdict
from grader.sandbox import SandboxName
from grader.settings import Settings
from grader.text import Text
from grader.verification.cases import Case, Kind
from grader.verification.judgement import Result, judge_case
from grader.verification.memory import Memory, key_of

OnResult = Callable[[Result], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRequest:
    """How to verify.

    Attributes:
        sandbox: backend; not `auto`, since results are remembered per backend.
        image: content of its docker image; None for another backend.
        jobs: gradings at one time.
        fresh: grade again what was graded before.
        gpu: index of the GPU to train on; None for the CPU.
        settings: this installation's configuration.
    """

    sandbox: SandboxName
    image: str | None = None
    jobs: int = 1
    fresh: bool = False
    gpu: int | None = None
    settings: Settings

    @property
    def memory(self) -> Memory:
        """Where earlier gradings are kept."""
        return Memory((self.settings.cache_dir or default_cache_dir()) / "verification")


def default_jobs(cases: Iterable[Case]) -> int:
    """As many gradings at a time as this machine has cores for."""
    used = max((case.mission.spec.limits.cpus for case in cases if case.mission.spec.trains), default=1)
    return max(1, (os.cpu_count() or 1) // used)


def verify(cases: tuple[Case, ...], request: VerificationRequest, *, on_result: OnResult) -> tuple[Result, ...]:
    """Grades and judges the cases; references first, then what is graded with their models.

    Args:
        on_result: told of each as it is done.

    Returns:
        The results in the order of `cases`.
    """
    results: dict[int, Result] = {}
    models: dict[str, Path] = {}

    def done(place: int, result: Result) -> None:
        results[place] = result
        on_result(result)

    with tempfile.TemporaryDirectory(prefix="deep-grader-verify-") as folder, _pool(request.jobs) as pool:
        for wave in (False, True):
            waiting: dict[Future[Result], int] = {}
            for place, case in enumerate(cases):
                if case.needs_reference_model is not wave:
                    continue
                model = models.get(case.mission.id) if wave else None
                if wave and model is None:
                    done(place, Result(case, (_NO_MODEL,), None, 0.0))
                    continue
                order = _Order(case, Path(folder) / str(place), request, model)
                waiting[pool.submit(_carry_out, order)] = place
            for future in as_completed(waiting):
                place = waiting[future]
                result = future.result()
                if result.case.kind is Kind.REFERENCE and result.report is not None and result.case.seed == 0:
                    model = _model_of(Path(folder) / str(place), result, request)
                    if model is not None:
                        models[result.case.mission.id] = model
                done(place, result)
    return tuple(results[place] for place in range(len(cases)))


_NO_MODEL = Text("not graded: the reference left no model", "채점하지 못함: 참고 풀이가 모델을 남기지 않음")


@dataclass(frozen=True, slots=True)
class _Order:
    """One case for a worker: where to stage it, and the model to grade it with."""

    case: Case
    folder: Path
    request: VerificationRequest
    model: Path | None

    @property
    def staged(self) -> Path:
        """Named after the case: a submission's name is its folder's."""
        return self.folder / self.case.name


def _pool(jobs: int) -> ProcessPoolExecutor:
    # Processes, since hidden tests run in the process that judges; spawned, since this one may hold threads.
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))


def _carry_out(order: _Order) -> Result:
    """Grades one case, or remembers an earlier grading of the same content."""
    case, memory = order.case, order.request.memory
    began = time.monotonic()
    case.stage(order.staged)
    key = _key(order.folder, case, order.request, order.model)
    report = None if order.request.fresh else memory.recall(key)
    wants_model = case.kind is Kind.REFERENCE and case.mission.spec.trains
    if report is not None and (not wants_model or memory.model(key).is_file()):
        return Result(case, judge_case(case, report), report, 0.0, cached=True)
    memory.model(key).parent.mkdir(parents=True, exist_ok=True)
    try:
        report = _grade(order, keep_model=memory.model(key) if wants_model else None)
    except GraderError as error:
        return Result(case, (error.message,), None, time.monotonic() - began, machine_failed=True)
    memory.keep(key, report)
    return Result(
        case,
        judge_case(case, report),
        report,
        time.monotonic() - began,
        machine_failed=report.verdict is Verdict.NOT_GRADED,
    )


def _grade(order: _Order, *, keep_model: Path | None) -> Report:
    request = GradingRequest(
        mission=order.case.mission,
        path=order.staged,
        artifact=order.model,
        sandbox=order.request.sandbox,
        gpu=order.request.gpu,
        seed=order.case.seed,
        keep_model=keep_model,
        settings=order.request.settings,
    )
    return grade_submission(request, progress=Silent())


def _key(folder: Path, case: Case, request: VerificationRequest, model: Path | None) -> str:
    sandbox = f"{request.sandbox} gpu {request.gpu}"
    return key_of(case, folder / case.name, sandbox=sandbox, image=request.image, model=model)


def _model_of(folder: Path, result: Result, request: VerificationRequest) -> Path | None:
    """The model that a reference trained; None where it left none."""
    model = request.memory.model(_key(folder, result.case, request, None))
    return model if model.is_file() else None
