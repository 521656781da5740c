"""Grade every case, several at a time where there are cores, and judge what came of each."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.data import default_cache_dir
from grader.errors import GraderError
from grader.pipeline import GradingRequest, grade_submission
from grader.progress import Silent
from grader.results import Report, Verdict
from grader.sandbox import SandboxName, open_sandbox
from grader.sandbox.base import Sandbox
from grader.sandbox.owner import owned_folder
from grader.sandbox.warm import WarmSandbox
from grader.settings import Settings
from grader.text import Text
from grader.trial import pack_at_hand
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


def default_jobs() -> int:
    """One grading per core: much of each, such as imports and exports, uses one only."""
    return os.cpu_count() or 1


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

    with owned_folder("verify") as folder, _workers(request) as carry_out_all:
        for with_model in (False, True):
            orders = {}
            for place, case in enumerate(cases):
                if case.needs_reference_model is not with_model:
                    continue
                model = models.get(case.mission.id) if with_model else None
                if with_model and model is None:
                    done(place, Result(case, (_NO_MODEL,), None, 0.0))
                    continue
                orders[place] = _Order(case, folder / str(place), request, model)
            for place, result in carry_out_all(orders):
                if result.model is not None and result.case.seed == 0:
                    models[result.case.mission.id] = result.model
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


Carry = Callable[[dict[int, _Order]], Iterator[tuple[int, Result]]]


@contextmanager
def _workers(request: VerificationRequest) -> Iterator[Carry]:
    """What carries out orders, several at a time, and gives each result as it is there."""
    settings = request.settings
    inner = open_sandbox(request.sandbox, image=settings.image, docker_runtime=settings.docker_runtime)
    # No spares: with a job per core they would take from the others what they save for one.
    with WarmSandbox(inner, spares=0) as sandbox, ThreadPoolExecutor(request.jobs) as pool:

        def carry_out_all(orders: dict[int, _Order]) -> Iterator[tuple[int, Result]]:
            waiting = {pool.submit(_carry_out, order, sandbox): place for place, order in orders.items()}
            for future in as_completed(waiting):
                yield waiting[future], future.result()

        try:
            yield carry_out_all
        except BaseException:  # Ctrl-C among them: what runs would go on for minutes
            pool.shutdown(wait=False, cancel_futures=True)
            sandbox.stop()
            raise


def _carry_out(order: _Order, sandbox: Sandbox) -> Result:
    """Grades one case, or remembers an earlier grading of the same content."""
    case, memory = order.case, order.request.memory
    began = time.monotonic()
    case.stage(order.staged)
    try:
        key = _key(order)
        model = memory.model(key) if case.kind is Kind.REFERENCE and case.mission.spec.trains else None
        report = None if order.request.fresh else memory.recall(key)
        if report is not None and (model is None or model.is_file()):
            return Result(case, judge_case(case, report), report, 0.0, cached=True, model=model)
        if model is not None:
            model.parent.mkdir(parents=True, exist_ok=True)
        report = _grade(order, sandbox, keep_model=model)
    except GraderError as error:
        return Result(case, (error.message,), None, time.monotonic() - began, machine_failed=True)
    memory.keep(key, report)
    return Result(
        case,
        judge_case(case, report),
        report,
        time.monotonic() - began,
        machine_failed=report.verdict is Verdict.NOT_GRADED,
        model=model if model is not None and model.is_file() else None,
    )


def _grade(order: _Order, sandbox: Sandbox, *, keep_model: Path | None) -> Report:
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
    return grade_submission(request, progress=Silent(), sandbox=sandbox)


def _key(order: _Order) -> str:
    request = order.request
    data = pack_at_hand(order.case.mission, request.settings)
    sandbox = f"{request.sandbox} gpu {request.gpu} data {data}"
    return key_of(order.case, order.staged, sandbox=sandbox, image=request.image, model=order.model)
