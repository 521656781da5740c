"""Say in words why a run ended early, and what to do next. Pure: an outcome in, an `Ending` out."""

import signal
from typing import Protocol

from grader.errors import InfrastructureError
from grader.execution.events import FailureFields, RawFrame
from grader.results import Ending, Frame, Reason
from grader.sandbox.base import Exit
from grader.sandbox.session import SessionEnd, SessionResult
from grader.spec import LimitsSpec
from grader.submission import Submission
from grader.text import Text

_STEPS = {
    "import": Text("importing solution.py", "solution.py를 불러오는 동안"),
    "train": Text("train()", "train()을 실행하는 동안"),
    "export": Text("exporting the model", "모델을 내보내는 동안"),
}


class EndedRun(Protocol):
    """A run as its ending is told."""

    @property
    def session(self) -> SessionResult:
        """Figures measured by the host."""

    @property
    def end(self) -> SessionEnd:
        """Why it ended."""

    @property
    def phase(self) -> str:
        """Where it ended."""

    @property
    def failure(self) -> FailureFields | None:
        """What the runner reported; unvetted claims of the student's side."""

    @property
    def budget_s(self) -> float:
        """The budget that counted."""

    @property
    def completed(self) -> bool:
        """Whether it came to its good end."""


def _step(phase: str) -> Text:
    """What was being done."""
    probe = phase.removeprefix("probe:")
    if probe != phase:
        return Text(f"trying your functions (check “{probe}”)", f"작성한 함수를 확인하는 동안(‘{probe}’ 검사)")
    return _STEPS[phase]


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
            return _time(outcome, limits)
        case SessionEnd.MEMORY:
            return _memory(outcome, limits)
        case SessionEnd.PROCESSES:
            return _processes(limits)
        case SessionEnd.OUTPUT:
            return _output(limits)
        case SessionEnd.PROTOCOL:
            return _protocol()
        case SessionEnd.EXITED:
            return _exited(outcome)
        case SessionEnd.DONE:
            return _protocol() if outcome.failure is None else _failure(outcome, outcome.failure, limits, submission)


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


def _time(outcome: EndedRun, limits: LimitsSpec) -> Ending:
    phase = outcome.phase
    use = outcome.session.phases[phase]
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
        step = _step(phase)
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
    return Ending(reason=Reason.TIME_LIMIT, message=message, advice=advice)


def _memory(outcome: EndedRun, limits: LimitsSpec) -> Ending:
    limit = f"{limits.memory_bytes / 1024**3:g} GiB"
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
            "배치 크기를 줄이고, 이미지는 배치마다 float으로 바꾸고, 손실은 loss.item()으로 숫자만 저장하세요.",
        ),
    )


def _processes(limits: LimitsSpec) -> Ending:
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
    )


def _output(limits: LimitsSpec) -> Ending:
    limit = f"{limits.output_bytes / 1024**2:g} MiB"
    return Ending(
        reason=Reason.OUTPUT_LIMIT,
        message=Text(f"The code printed more than {limit}.", f"출력이 {limit}를 넘었습니다."),
        advice=Text(
            "Print once per epoch, not per batch or image; use log(...) for the learning curve.",
            "배치나 이미지마다가 아니라 에포크마다 한 번만 출력하고, 학습 곡선은 log(...)로 남기세요.",
        ),
    )


def _protocol() -> Ending:
    return Ending(
        reason=Reason.TRAIN_ERROR,
        message=Text(
            "The run ended without a model: something wrote into the grader's own channel.",
            "모델 없이 실행이 끝났습니다. 채점기 전용 통로에 다른 내용이 기록되었습니다.",
        ),
        advice=Text(
            "Use print() and log(...) only; leave file descriptors, sys.stdout and os._exit alone.",
            "print()와 log(...)만 사용하고, 파일 디스크립터, sys.stdout, os._exit는 건드리지 마세요.",
        ),
    )


def _exited(outcome: EndedRun) -> Ending:
    how = _how(outcome.session.exit)
    step = _step(outcome.phase)
    return Ending(
        reason=Reason.TRAIN_ERROR,
        message=Text(
            f"The process {how.en} during {step.en}, before there was a model.", f"{step.ko} 프로세스가 {how.ko}."
        ),
        advice=Text(
            "Let train() return the model; don't call os._exit or kill the process.",
            "train()이 모델을 반환하도록 하고, os._exit를 호출하거나 프로세스를 종료하지 마세요.",
        ),
    )


def _how(finished: Exit) -> Text:
    if finished.signal is not None:
        try:
            name = signal.Signals(finished.signal).name
        except ValueError:
            name = f"signal {finished.signal}"
        return Text(f"was ended by {name}", f"{name} 신호로 종료되었습니다")
    return Text(f"ended with exit code {finished.code}", f"종료 코드 {finished.code}로 끝났습니다")


def _failure(outcome: EndedRun, failure: FailureFields, limits: LimitsSpec, submission: Submission) -> Ending:
    if failure.kind == "contract":
        return _contract(failure)
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
    step = _step(outcome.phase)
    return Ending(
        reason=Reason.TRAIN_ERROR,
        message=Text(f"{raised}{where}, while {step.en}.", f"{step.ko} 오류가 났습니다: {raised}{where}"),
        advice=_advice_on(failure),
        traceback=frames,
    )


def _first_line(failure: FailureFields) -> str:
    """The exception in one line: what libraries add below is for their own developers."""
    lines = failure.message.strip().splitlines()
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
    if "No space left on device" in failure.message:
        return Text("Write less: the scratch folder is small.", "임시 폴더의 크기가 작으니 파일을 적게 저장하세요.")
    return Text(
        "Run `grade check` on your own machine: it shows the same error in seconds.",
        "자신의 컴퓨터에서 `grade check`를 실행하면 같은 오류를 몇 초 만에 볼 수 있습니다.",
    )


def _limit_behind(outcome: EndedRun, failure: FailureFields, limits: LimitsSpec) -> Ending | None:
    """A limit that shows as an exception in the student's code."""
    memory_types = ("MemoryError", "OutOfMemoryError")
    if failure.type in memory_types or "can't allocate memory" in failure.message or outcome.session.exit.out_of_memory:
        return _memory(outcome, limits)
    if outcome.session.exit.out_of_processes:
        return _processes(limits)
    return None


def _contract(failure: FailureFields) -> Ending:
    detail = {key: value[:200] for key, value in failure.details.items()}
    function = detail.get("function", "train")
    parameter = detail.get("parameter", "?")
    kind = detail.get("type", "?")
    words = {
        "no_function": (
            Text(f"solution.py has no function {function}().", f"solution.py에 {function}() 함수가 없습니다."),
            Text(
                f"Define {function}(...) as the mission's README says.",
                f"미션 설명서대로 {function}(...) 함수를 정의하세요.",
            ),
        ),
        "not_callable": (
            Text(
                f"{function} in solution.py is a {kind}, not a function.",
                f"solution.py의 {function}은(는) 함수가 아니라 {kind}입니다.",
            ),
            Text(f"Define it with `def {function}(...)`.", f"`def {function}(...)`으로 정의하세요."),
        ),
        "positional_only": (
            Text(
                f"{function}() takes {parameter} by position only.",
                f"{function}()의 {parameter}이(가) 위치 전용 매개변수입니다.",
            ),
            Text("Remove the `/` from its parameters.", "매개변수 목록에서 `/`를 지우세요."),
        ),
        "unknown_parameter": (
            Text(
                f"{function}() asks for {parameter}, which this mission does not offer.",
                f"{function}()이(가) 이 미션에서 제공하지 않는 {parameter}을(를) 요구합니다.",
            ),
            Text(
                f"It may ask for any of: {detail.get('offered', '')}. Or give {parameter} a default.",
                f"사용할 수 있는 이름: {detail.get('offered', '')}. 아니면 {parameter}에 기본값을 주세요.",
            ),
        ),
        "bad_array": (
            Text(
                f"A result of your functions ({detail.get('name', '?')}) has dtype {detail.get('dtype', '?')}, "
                "not one of plain numbers.",
                f"작성한 함수의 결과({detail.get('name', '?')})가 일반 숫자형이 아닙니다({detail.get('dtype', '?')}).",
            ),
            Text("Return what the mission's README says.", "미션 설명서에 나온 형식으로 반환하세요."),
        ),
        "bad_probe_value": (
            Text(
                f"A result of your functions can't be sent to the grader: {detail.get('detail', '?')}",
                f"작성한 함수의 결과를 채점기로 보낼 수 없습니다: {detail.get('detail', '?')}",
            ),
            Text("Return what the mission's README says.", "미션 설명서에 나온 형식으로 반환하세요."),
        ),
        "not_a_module": (
            Text(
                f"train() returned {kind}, not a torch.nn.Module.",
                f"train()이 torch.nn.Module이 아니라 {kind}을(를) 반환했습니다.",
            ),
            Text("End train() with `return model`.", "train()의 마지막에 `return model`을 넣으세요."),
        ),
        "script_module": (
            Text("train() returned a TorchScript module.", "train()이 TorchScript 모듈을 반환했습니다."),
            Text("Return the nn.Module itself, without torch.jit.", "torch.jit 없이 nn.Module 자체를 반환하세요."),
        ),
    }
    message, advice = words.get(failure.code, (_protocol().message, _protocol().advice))
    return Ending(reason=Reason.TRAIN_ERROR, message=message, advice=advice)
