"""Rules on the gap between what the student's code claims and what was measured: other inputs, another mode, a leak."""

import ast
import math
import re

from grader.diagnosis.case import Case, diagnosis, percent
from grader.diagnosis.curves import Role
from grader.results import Diagnosis
from grader.syntax import syntax_tree
from grader.text import Text

CLAIM_GAP = 0.03
"""How far a claimed validation accuracy may lie above the measured one: references stay within 0.7 points."""
LOSS_GAP = 0.25
"""The same for a claim read from the training loss, which is a rough one."""
COLLAPSE = 0.1
"""A gap beyond which the inputs are in doubt rather than the validation set."""
_BYTE_RANGE = 255
_LATER_GROUPS = frozenset({"conv", "dense", "recurrent", "attention"})
MAX_SOURCE_CHARACTERS = 200_000


def byte_range(case: Case) -> Diagnosis | None:
    """`forward` divides by 255: it expects whole numbers from 0 to 255."""
    if not case.below_bar or case.evaluation is None:
        return None
    where = next((found for name in case.evidence.sources if (found := _divides_by_255(case, name))), None)
    if where is None:
        return None
    name, line = where
    return diagnosis(
        "byte_range",
        finding=Text(
            f"forward() divides by 255 ({name}, line {line}), and the accuracy is "
            f"{percent(case.evaluation.accuracy).en}.",
            f"forward()에서 255로 나누고 있고({name} {line}번째 줄), 정확도는 "
            f"{percent(case.evaluation.accuracy).ko}입니다.",
        ),
        cause=Text(
            "The grader hands in images in [0, 1] already; divided once more they are almost black.",
            "채점기는 이미 [0, 1] 범위의 이미지를 넣습니다. 한 번 더 나누면 거의 검은 이미지가 됩니다.",
        ),
        advice=Text(
            "Divide by 255 in the training loop, before the model is called, and take it out of forward().",
            "255로 나누는 코드를 forward()에서 빼고, 학습 루프에서 모델을 호출하기 전에 나누세요.",
        ),
    )


def normalised_outside(case: Case) -> Diagnosis | None:
    """The accuracy collapses where the grader's images go in, and nothing in the graph changes their range."""
    gap = _gap(case)
    if gap is None or gap[0] < max(COLLAPSE, gap[2]) or not case.below_bar or _changes_range(case):
        return None
    return diagnosis(
        "normalised_outside",
        finding=gap[1],
        cause=Text(
            "The images were probably normalised in the training loop, outside the model: the executed graph begins "
            "with a layer and nothing before it subtracts a mean or divides.",
            "이미지를 모델 밖(학습 루프나 Dataset)에서 정규화한 것으로 보입니다. 실행된 그래프는 첫 층부터 "
            "시작하며, 그 앞에서 평균을 빼거나 나누는 연산이 없습니다.",
        ),
        advice=Text(
            "Train on images in [0, 1], and let forward() begin with x = (x - mean) / std.",
            "[0, 1] 범위의 이미지로 학습하고, forward()를 x = (x - mean) / std로 시작하세요.",
        ),
    )


def claim_not_met(case: Case) -> Diagnosis | None:
    """The student's own figure is far above what was measured."""
    gap = _gap(case)
    if gap is None or gap[0] < gap[2] or not case.below_bar:
        return None
    return diagnosis(
        "claim_not_met",
        finding=gap[1],
        cause=Text(
            "Training and grading see different things: images prepared in another way than in forward(), a "
            "validation set that shares images with the training set, or a layer that acts otherwise in eval mode.",
            "학습할 때와 채점할 때의 조건이 다릅니다. forward() 밖에서 이미지를 다르게 처리했거나, 검증 데이터에 "
            "학습 이미지가 섞였거나, 평가 모드에서 다르게 동작하는 층이 있는 경우입니다.",
        ),
        advice=Text(
            "Measure once more just before you return: model.eval(), images.float() / 255 from valid_set.tensors, "
            "nothing else. That figure should agree with the grader's.",
            "모델을 반환하기 직전에 한 번 더 측정해 보세요. model.eval() 상태에서 valid_set.tensors의 "
            "images.float() / 255만 넣습니다. 이 값이 채점 결과와 비슷해야 합니다.",
        ),
    )


def _gap(case: Case) -> tuple[float, Text, float] | None:
    """How far the claim lies above the measured accuracy, in words as well, and how far it may."""
    if case.evaluation is None or not case.evidence.training.reproduced:
        return None
    measured = case.evaluation.accuracy
    shown = percent(measured)
    if accuracy := case.curves.values(Role.VALID_ACCURACY):
        claimed = percent(accuracy[-1])
        words = Text(
            f"The code logged a validation accuracy of {claimed.en}; on the test images it is {shown.en}.",
            f"코드가 기록한 검증 정확도는 {claimed.ko}인데, 테스트 이미지에서는 {shown.ko}입니다.",
        )
        return accuracy[-1] - measured, words, CLAIM_GAP
    if loss := case.curves.values(Role.TRAIN_LOSS):
        words = Text(
            f"The training loss ended at {loss[-1]:.3g}, but on the test images the accuracy is {shown.en}.",
            f"학습 손실은 {loss[-1]:.3g}까지 줄었는데, 테스트 이미지에서의 정확도는 {shown.ko}입니다.",
        )
        # A cross entropy of L is a probability of exp(-L) for the right class, in geometric mean.
        return math.exp(-max(0.0, loss[-1])) - measured, words, LOSS_GAP
    return None


def _changes_range(case: Case) -> bool:
    """Whether the graph does arithmetic or normalises before its first layer with weights."""
    graph = case.evidence.maybe_graph
    for layer in graph.layers if graph else ():
        if layer.group in _LATER_GROUPS:
            return False
        if layer.group in ("arithmetic", "norm"):
            return True
    return graph is None


def _divides_by_255(case: Case, name: str) -> tuple[str, int] | None:
    """Where a function called `forward` of that file divides by 255."""
    text = case.evidence.sources[name]
    if not re.search(r"\b255", text) or len(text) > MAX_SOURCE_CHARACTERS:
        return None
    try:
        for function in ast.walk(syntax_tree(text)):
            if isinstance(function, ast.FunctionDef) and function.name == "forward":
                for node in ast.walk(function):
                    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _is_255(node.right):
                        return name, node.lineno
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return None


def _is_255(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value == _BYTE_RANGE
