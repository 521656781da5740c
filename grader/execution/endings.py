"""Say in words why a run ended early, and what to do next. Pure: an outcome in, an `Ending` out."""

import signal

from grader.errors import InfrastructureError
from grader.execution.contract_endings import broken_contract, channel_misused
from grader.execution.ended import EndedRun, step_of
from grader.execution.events import FailureFields, RawFrame
from grader.execution.installation import without_installation
from grader.execution.limit_endings import (
    artifact_too_large,
    disk_limit,
    figures_of,
    gpu_memory_limit,
    memory_limit,
    output_limit,
    process_limit,
    time_limit,
)
from grader.results import Ending, Frame, Reason
from grader.runner.protocol import DISK_FULL
from grader.sandbox.base import Exit
from grader.sandbox.session import SessionEnd
from grader.spec import LimitsSpec
from grader.submission import Submission
from grader.text import Text


def ending_of(outcome: EndedRun, limits: LimitsSpec, submission: Submission) -> Ending | None:
    """Why `outcome` ended early; None where it completed.

    Args:
        submission: tells where the lines of a converted notebook came from.

    Raises:
        InfrastructureError: it ended before any code of the student's ran.
    """
    if outcome.completed:
        return None
    if outcome.phase == "setup":
        raise _setup_failed(outcome)
    match outcome.end:
        case SessionEnd.TIME:
            return time_limit(outcome, limits)
        case SessionEnd.MEMORY:
            return memory_limit(outcome, limits)
        case SessionEnd.GPU_MEMORY:
            return gpu_memory_limit(outcome, limits)
        case SessionEnd.PROCESSES:
            return process_limit(outcome, limits)
        case SessionEnd.OUTPUT:
            return output_limit(outcome, limits)
        case SessionEnd.BLOB:
            return artifact_too_large(outcome, limits) if outcome.phase == "export" else channel_misused()
        case SessionEnd.PROTOCOL:
            return channel_misused()
        case SessionEnd.EXITED:
            return _exited(outcome, limits)
        case SessionEnd.DONE:
            return (
                channel_misused() if outcome.failure is None else _failure(outcome, outcome.failure, limits, submission)
            )


def _setup_failed(outcome: EndedRun) -> InfrastructureError:
    failure = outcome.failure
    detail = f"{failure.type}: {failure.message}" if failure else _how(outcome.session.exit).en
    printed = (outcome.session.output.tail or outcome.session.output.head).decode("utf-8", "replace").strip()
    last_line = printed.splitlines()[-1][:300] if printed else ""
    return InfrastructureError(
        Text(
            f"The sandbox ended before the student's code was reached ({detail}). {last_line}".strip(),
            f"학생 코드를 실행하기 전에 샌드박스가 종료되었습니다({detail}). {last_line}".strip(),
        ),
        Text("Run `grade doctor` to see what is missing.", "`grade doctor`로 부족한 것을 확인하세요."),
    )


def _exited(outcome: EndedRun, limits: LimitsSpec) -> Ending:
    how = _how(outcome.session.exit)
    step = step_of(outcome.phase)
    message = Text(
        f"The process {how.en} during {step.en}, before there was a model.", f"{step.ko} 프로세스가 {how.ko}."
    )
    number = outcome.session.exit.signal
    if number is None:
        advice = Text(
            "Let train() return the model; don't call os._exit or kill the process.",
            "train()이 모델을 반환하도록 하고, os._exit를 호출하거나 프로세스를 종료하지 마세요.",
        )
        return Ending(reason=Reason.TRAIN_ERROR, message=message, advice=advice, figures=figures_of(outcome, limits))
    advice = Text(
        "Native code crashed or the process was killed from inside: look for ctypes, for C++ extensions, for tensors "
        "indexed out of range in compiled code, and for os.kill.",
        "네이티브 코드가 비정상 종료했거나 프로세스를 안에서 종료한 것입니다. ctypes, C++ 확장, 컴파일된 코드의 잘못된 "
        "인덱스, os.kill이 있는지 확인하세요.",
    )
    return Ending(
        reason=Reason.CRASHED,
        message=message,
        advice=advice,
        figures=figures_of(outcome, limits),
        signal=_signal_name(number),
    )


def _how(finished: Exit) -> Text:
    if finished.signal is not None:
        name = _signal_name(finished.signal)
        return Text(f"was ended by {name}", f"{name} 신호로 종료되었습니다")
    return Text(f"ended with exit code {finished.code}", f"종료 코드를 {finished.code}번으로 남기고 끝났습니다")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _failure(outcome: EndedRun, failure: FailureFields, limits: LimitsSpec, submission: Submission) -> Ending:
    if failure.kind == "contract":
        return broken_contract(failure)
    limit = _limit_behind(outcome, failure, limits)
    if limit is not None:
        return limit
    frames = tuple(_frame(frame, submission) for frame in failure.frames)
    where = f" ({frames[-1].file}:{frames[-1].line})" if frames else ""
    raised = _first_line(failure)
    if outcome.phase == "export":
        return Ending(
            reason=Reason.EXPORT_FAILED,
            message=Text(
                f"The model can't be exported: {raised}{where}",
                f"모델을 내보낼 수 없습니다: {raised}{where}",
            ),
            advice=Text(
                "In forward(), use tensor operations only: no if on tensor values, no .item(), .tolist() or numpy.",
                "forward()에서는 텐서 연산만 사용하세요. "
                "텐서 값에 대한 if, .item(), .tolist(), numpy는 쓸 수 없습니다.",
            ),
            traceback=frames,
        )
    step = step_of(outcome.phase)
    return Ending(
        reason=Reason.TRAIN_ERROR,
        message=Text(f"{raised}{where}, while {step.en}.", f"{step.ko} 오류가 났습니다: {raised}{where}"),
        advice=_advice_on(failure),
        traceback=frames,
    )


def _first_line(failure: FailureFields) -> str:
    """The exception in one line: what libraries add below is for their own developers."""
    lines = without_installation(failure.message).strip().splitlines()
    return f"{failure.type}: {lines[0][:300]}" if lines else failure.type


def _frame(raw_frame: RawFrame, submission: Submission) -> Frame:
    """A line as the student knows it: of a notebook, its cell and the line in it."""
    found = submission.cell_of(raw_frame.file, raw_frame.line)
    fields = raw_frame.model_dump()
    if found is not None:
        cell, line = found
        fields |= {"file": f"{submission.entry_origin} [{cell}]", "line": line}
    return Frame(**fields)


def _advice_on(failure: FailureFields) -> Text:
    if failure.type == "NotImplementedError":
        return Text(
            "The starter code still stands where your solution belongs: write that part.",
            "시작 코드가 아직 그대로 남아 있습니다. 그 부분을 직접 작성하세요.",
        )
    if failure.type in ("ModuleNotFoundError", "ImportError"):
        return Text(
            "Hand in every file that solution.py imports; in the sandbox there are torch, torchvision, numpy and "
            "albumentations, and no network.",
            "solution.py가 불러오는 파일을 모두 함께 제출하세요. 샌드박스에는 torch, torchvision, numpy, "
            "albumentations만 있고 네트워크는 없습니다.",
        )
    return Text(
        "Run `grade check` on your own machine: it shows the same error in seconds.",
        "자신의 컴퓨터에서 `grade check`를 실행하면 같은 오류를 몇 초 만에 볼 수 있습니다.",
    )


def _is_gpu_memory(failure: FailureFields) -> bool:
    """Whether the GPU's memory ran out, in one of the ways in which torch and CUDA's libraries say so."""
    said = failure.message
    if "CUDA" in said and (failure.type == "OutOfMemoryError" or "out of memory" in said):
        return True
    # cuBLAS and cuDNN allocate by themselves. Where the driver's management library does not answer (MIG, WSL), torch
    # fails to describe that memory ran out, and raises an assertion of its allocator instead.
    return "STATUS_ALLOC_FAILED" in said or ("NVML_SUCCESS" in said and "CUDACachingAllocator" in said)


def _limit_behind(outcome: EndedRun, failure: FailureFields, limits: LimitsSpec) -> Ending | None:
    """A limit that shows as an exception in the student's code."""
    if _is_gpu_memory(failure):
        return gpu_memory_limit(outcome, limits)
    memory_types = ("MemoryError", "OutOfMemoryError")
    if failure.type in memory_types or "can't allocate memory" in failure.message or outcome.session.exit.out_of_memory:
        return memory_limit(outcome, limits)
    if outcome.session.exit.out_of_gpu_memory:
        return gpu_memory_limit(outcome, limits)
    if outcome.session.exit.out_of_processes:
        return process_limit(outcome, limits)
    return disk_limit(outcome, limits) if failure.code == DISK_FULL else None
