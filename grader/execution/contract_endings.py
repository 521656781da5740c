"""The ends at a broken contract: what the mission asked for and what came instead. Pure."""

from grader.execution.events import FailureFields
from grader.results import Ending, Reason
from grader.text import Text


def channel_misused() -> Ending:
    """Something that is not the runner spoke in its place."""
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


def broken_contract(failure: FailureFields) -> Ending:
    """The submission has no such function, or one that takes or gives something else."""
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
    if failure.code not in words:
        return channel_misused()
    message, advice = words[failure.code]
    return Ending(reason=Reason.TRAIN_ERROR, message=message, advice=advice)
