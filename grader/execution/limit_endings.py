"""The ends at a limit: which one, how much was used of it, and how to stay below. Pure."""

from collections.abc import Iterator

from grader.execution.ended import EndedRun, step_of
from grader.results import Ending, Figure, Quantity, Reason
from grader.spec import LimitsSpec
from grader.text import Text


def figures_of(outcome: EndedRun, limits: LimitsSpec, *first: Figure) -> tuple[Figure, ...]:
    """`first`, then the time of the phase that it ended in and the peak memory, as far as they are not among them."""
    told = {figure.quantity for figure in first}
    return (*first, *(figure for figure in _measured(outcome, limits) if figure.quantity not in told))


def _measured(outcome: EndedRun, limits: LimitsSpec) -> Iterator[Figure]:
    use = outcome.session.phases.get(outcome.phase)
    if use is not None:
        yield Figure(quantity=Quantity.SECONDS, used=round(use.wall_s, 2), limit=None)
        if use.cpu_s is not None:
            yield Figure(quantity=Quantity.CPU_SECONDS, used=round(use.cpu_s, 2), limit=None)
    usage = outcome.session.usage
    if usage.memory_peak_bytes is not None:
        yield Figure(quantity=Quantity.MEMORY_BYTES, used=usage.memory_peak_bytes, limit=limits.memory_bytes)
    if usage.gpu_memory_peak_bytes is not None:
        limit = outcome.session.limits.gpu_memory_bytes
        yield Figure(quantity=Quantity.GPU_MEMORY_BYTES, used=usage.gpu_memory_peak_bytes, limit=limit)


def time_limit(outcome: EndedRun, limits: LimitsSpec) -> Ending:
    """It was stopped for the time it took: of the processor where that was counted, else on the wall clock."""
    phase = outcome.phase
    use = outcome.session.phases[phase]
    budget = outcome.session.budget
    exceeded = Figure(quantity=Quantity.SECONDS, used=round(use.wall_s, 2), limit=budget.wall_s)
    if budget.cpu_s is not None and use.cpu_s is not None and use.cpu_s > budget.cpu_s:
        exceeded = Figure(quantity=Quantity.CPU_SECONDS, used=round(use.cpu_s, 2), limit=budget.cpu_s)
    if phase == "train":
        cpu = "" if use.cpu_s is None else f", {use.cpu_s:.0f} CPU s"
        message = Text(
            f"train() was stopped: it used up its budget of {outcome.budget_s:g} s ({use.wall_s:.0f} s elapsed{cpu}).",
            f"train()이 제한 시간 {outcome.budget_s:g}초를 모두 써서 중단되었습니다"
            f"(경과 {use.wall_s:.0f}초{cpu.replace(' CPU s', '초 CPU')}).",
        )
        advice = Text(
            "Train fewer epochs or a smaller network, or stop early by watching time_budget_s.",
            "에포크 수나 신경망 크기를 줄이거나, time_budget_s를 확인해 스스로 학습을 끝내세요.",
        )
    else:
        step = step_of(phase)
        message = Text(
            f"Stopped after {use.wall_s:.0f} s in {step.en}.", f"{step.ko} {use.wall_s:.0f}초가 지나 중단되었습니다."
        )
        advice = (
            Text(
                "The inputs are small: look for a loop that never ends, or for work that belongs into train().",
                "입력이 작으므로 금방 끝나야 합니다. 끝나지 않는 반복문이 없는지, "
                "train()에서 할 일을 여기서 하고 있지 않은지 확인하세요.",
            )
            if phase.startswith("probe:")
            else Text(
                "Move work from the top of the file into train(); in forward(), use tensor operations only.",
                "파일 최상위의 작업은 train() 안으로 옮기고, forward()에서는 텐서 연산만 사용하세요.",
            )
        )
    return Ending(
        reason=Reason.TIME_LIMIT, message=message, advice=advice, figures=figures_of(outcome, limits, exceeded)
    )


def memory_limit(outcome: EndedRun, limits: LimitsSpec) -> Ending:
    """The kernel ended it for memory, or an allocation failed."""
    limit = _gib(limits.memory_bytes)
    peak = outcome.session.usage.memory_peak_bytes
    seen = "" if peak is None else f" ({peak / 1024**3:.1f} GiB)"
    return Ending(
        reason=Reason.MEMORY_LIMIT,
        message=Text(
            f"The run needed more memory than the limit of {limit}{seen}.",
            f"메모리 제한 {limit}를 넘었습니다{seen}.",
        ),
        advice=Text(
            "Use smaller batches, convert images to float batch by batch, and keep losses as numbers "
            "(loss.item()), not as tensors with their graphs.",
            "배치 크기를 줄이고, 이미지는 배치마다 float로 바꾸고, 손실은 loss.item()으로 숫자만 저장하세요.",
        ),
        figures=figures_of(
            outcome, limits, Figure(quantity=Quantity.MEMORY_BYTES, used=peak, limit=limits.memory_bytes)
        ),
    )


def gpu_memory_limit(outcome: EndedRun, limits: LimitsSpec) -> Ending:
    """The GPU's memory did not suffice: the run's share of it, or what other programs left."""
    limit, peak = outcome.session.limits.gpu_memory_bytes, outcome.session.usage.gpu_memory_peak_bytes
    if limit is None:
        message = Text("The run needed more memory of the GPU than there was.", "GPU 메모리가 부족합니다.")
    else:
        message = Text(
            f"The run needed more memory of the GPU than its share of {_gib(limit)}.",
            f"GPU 메모리 제한 {_gib(limit)}를 넘었습니다.",
        )
    return Ending(
        reason=Reason.GPU_MEMORY_LIMIT,
        message=message,
        advice=Text(
            "Use smaller batches, move images to the GPU batch by batch, evaluate under torch.inference_mode(), and "
            "keep losses as numbers (loss.item()).",
            "배치 크기를 줄이고, 이미지는 배치마다 GPU로 옮기고, 평가는 torch.inference_mode() 안에서 하고, 손실은 "
            "loss.item()으로 숫자만 저장하세요.",
        ),
        figures=figures_of(outcome, limits, Figure(quantity=Quantity.GPU_MEMORY_BYTES, used=peak, limit=limit)),
    )


def process_limit(outcome: EndedRun, limits: LimitsSpec) -> Ending:
    """The kernel refused it another process or thread."""
    return Ending(
        reason=Reason.PROCESS_LIMIT,
        message=Text(
            f"The run started more than {limits.processes} processes and threads.",
            f"프로세스와 스레드 수가 제한({limits.processes}개)을 넘었습니다.",
        ),
        advice=Text(
            "Use num_workers=2 or less in a DataLoader, and start no processes of your own.",
            "DataLoader의 num_workers는 2 이하로 두고, 직접 프로세스를 만들지 마세요.",
        ),
        figures=figures_of(
            outcome,
            limits,
            # It was refused one more, so it had all of them.
            Figure(quantity=Quantity.PROCESSES, used=limits.processes, limit=limits.processes),
        ),
    )


def output_limit(outcome: EndedRun, limits: LimitsSpec) -> Ending:
    """It printed more than is read."""
    limit = _mib(limits.output_bytes)
    used = outcome.session.output.total_bytes
    return Ending(
        reason=Reason.OUTPUT_LIMIT,
        message=Text(f"The code printed more than {limit}.", f"출력이 {limit}를 넘었습니다."),
        advice=Text(
            "Print once per epoch, not per batch or image; use log(...) for the learning curve.",
            "배치나 이미지마다가 아니라 에포크마다 한 번만 출력하고, 학습 곡선은 log(...)로 남기세요.",
        ),
        figures=figures_of(
            outcome, limits, Figure(quantity=Quantity.OUTPUT_BYTES, used=used, limit=limits.output_bytes)
        ),
    )


def artifact_too_large(outcome: EndedRun, limits: LimitsSpec) -> Ending:
    """The exported model is larger than the mission accepts."""
    limit = _mib(limits.artifact_bytes)
    return Ending(
        reason=Reason.ARTIFACT_REJECTED,
        message=Text(f"The exported model is larger than {limit}.", f"내보낸 모델이 {limit}보다 큽니다."),
        advice=Text(
            "Return a network with fewer parameters, and keep no data in its buffers.",
            "파라미터가 더 적은 신경망을 반환하고, 버퍼에 데이터를 넣어 두지 마세요.",
        ),
        figures=figures_of(outcome, limits),
    )


def disk_limit(outcome: EndedRun, limits: LimitsSpec) -> Ending:
    """A file did not fit into the scratch folder."""
    limit = _mib(limits.scratch_bytes)
    return Ending(
        reason=Reason.DISK_LIMIT,
        message=Text(
            f"The code wrote more into its scratch folder than fits there ({limit}).",
            f"임시 폴더에 저장할 수 있는 크기({limit})를 넘었습니다.",
        ),
        advice=Text(
            "Keep checkpoints in memory, or overwrite one file; don't save images.",
            "체크포인트는 메모리에 두거나 파일 하나에 덮어쓰고, 이미지는 저장하지 마세요.",
        ),
        figures=figures_of(
            outcome, limits, Figure(quantity=Quantity.DISK_BYTES, used=None, limit=limits.scratch_bytes)
        ),
    )


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 1024**2:g} MiB"


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 1024**3:g} GiB"
