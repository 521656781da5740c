"""Criteria on how a network is built: recurrent and by way of its state, or of convolutions and activations only."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from grader.evidence import Evidence
from grader.hidden_tests.mark import Mark
from grader.hidden_tests.model_criteria import attending, first_of
from grader.spec import RecurrenceSpec
from grader.text import Text

if TYPE_CHECKING:
    from grader.graph.facts import Violation, Why


RECURRENCES: Final[Mapping[str, Text]] = {
    "lstm": Text("LSTM layer", "LSTM 층"),
    "gru": Text("GRU layer", "GRU 층"),
    "rnn_tanh": Text("RNN layer", "RNN 층"),
    "rnn_relu": Text("RNN layer", "RNN 층"),
    "lstm_cell": Text("LSTM cell", "LSTM 셀"),
    "gru_cell": Text("GRU cell", "GRU 셀"),
    "rnn_tanh_cell": Text("RNN cell", "RNN 셀"),
    "rnn_relu_cell": Text("RNN cell", "RNN 셀"),
    "hand_written": Text("hand-written cell", "직접 작성한 셀"),
}
"""What a student reads for each kind of recurrence."""

BEYOND_CONVOLUTION: "Final[Mapping[Why, Text]]" = {
    "dense": Text(
        "a dense layer or a matrix product; let a convolution do it",
        "완전 연결 층 또는 행렬 곱입니다. 합성곱으로 바꾸세요",
    ),
    "pool": Text(
        "pooling; let a convolution with a stride make the map smaller",
        "풀링입니다. 스트라이드를 준 합성곱으로 크기를 줄이세요",
    ),
    "norm": Text("a normalisation layer; leave it out", "정규화 층입니다. 빼 주세요"),
    "recurrent": Text("a recurrent layer; leave it out", "순환 층입니다. 빼 주세요"),
    "attention": Text("attention; leave it out", "어텐션입니다. 빼 주세요"),
    "reduce": Text(
        "takes a sum, mean or maximum over many elements; let a convolution gather them",
        "여러 원소의 합, 평균, 최댓값을 구합니다. 합성곱으로 모으세요",
    ),
    "reshape": Text(
        "moves elements to other places or axes; keep maps at (N, C, H, W) until (N, 10, 1, 1) is flattened",
        "원소를 다른 위치나 축으로 옮깁니다. 마지막에 (N, 10, 1, 1)을 펼치기 전까지 (N, C, H, W) 모양을 유지하세요",
    ),
    "slice": Text(
        "cuts out a part of the image; let a convolution choose by its weights",
        "이미지의 일부를 잘라 냅니다. 어디를 볼지는 합성곱의 가중치에 맡기세요",
    ),
    "join": Text(
        "joins maps of different sizes or side by side; only sums of equal maps and concatenated channels are allowed",
        "크기가 다른 맵을 합치거나 맵을 옆으로 이어 붙입니다. 같은 크기의 덧셈과 채널 방향 연결만 됩니다",
    ),
    "product": Text(
        "multiplies or compares two different maps; add them or join their channels instead",
        "서로 다른 두 맵을 곱하거나 비교합니다. 더하거나 채널 방향으로 이어 붙이세요",
    ),
    "spatial_constant": Text(
        "has constants that differ from pixel to pixel; use one number, or one per channel",
        "픽셀마다 다른 상수를 씁니다. 숫자 하나, 또는 채널마다 하나만 쓰세요",
    ),
    "kernel_from_image": Text(
        "computes its kernel from the image; use the weights of an nn.Conv2d",
        "커널을 이미지에서 계산합니다. nn.Conv2d의 가중치를 쓰세요",
    ),
    "whole_kernel": Text(
        "has a kernel as large as its input without padding, which is a dense layer; before the last convolution, use "
        "smaller kernels",
        "커널이 패딩을 뺀 입력 전체만큼 커서 완전 연결 층과 같습니다. 마지막 합성곱 앞에서는 더 작은 커널을 쓰세요",
    ),
    "pointwise_on_vector": Text(
        "convolves a map of 1 x 1, which is a dense layer; let the convolution that reaches 1 x 1 give the 10 logits",
        "1 × 1 맵에 적용한 합성곱은 완전 연결 층과 같습니다. 1 × 1로 만드는 합성곱이 바로 로짓 10개를 내게 하세요",
    ),
    "padding_kept": Text(
        "combines a padded map with another; pad right before a convolution",
        "패딩한 맵을 다른 맵과 합칩니다. 패딩은 합성곱 바로 앞에서만 하세요",
    ),
    "softmax_inside": Text(
        "a softmax within the network; it may only come last, over the classes",
        "신경망 중간의 소프트맥스입니다. 맨 끝에서 클래스 방향으로만 쓸 수 있습니다",
    ),
}
"""What a student reads for each broken rule, after the layer's name."""


def recurrence(evidence: Evidence, mark: Mark) -> None:
    """A recurrence reads the image step by step, and the predictions come by way of its state."""
    rules, fact = _rules(evidence), evidence.graph.recurrence
    mark.measure("no recurrence", "순환 구조 없음")
    if fact is None:
        mark.fail(
            "Nothing behind the logits is applied step by step with the same weights.",
            "로짓 계산에 같은 가중치를 시점마다 반복해서 쓰는 부분이 없습니다.",
        )
        return
    kind = RECURRENCES.get(fact.kind, RECURRENCES["hand_written"])
    mark.measure(f"{kind.en}, {fact.steps} steps", f"{kind.ko}, {fact.steps}시점")
    mark.require(
        fact.steps >= rules.steps,
        f"Only {fact.steps} steps bring the {kind.en} ({fact.name}) something new; {rules.steps} are needed. Check "
        "that it reads one row per step, along the axis of rows and not along the batch.",
        f"{kind.ko}({fact.name})에 새로운 입력이 들어오는 시점이 {fact.steps}개뿐입니다. {rules.steps}개 이상이어야 "
        "합니다. 시점마다 한 행씩 읽는지, 배치 축이 아니라 행 축을 따라 읽는지 확인하세요.",
    )
    use = evidence.evaluation.sequence
    if use is None or use.halfway_swap is None or use.late_input is None or use.input_swap is None:
        mark.fail(
            "The state can't be exchanged between images, because the model takes a single image at a time.",
            "모델이 이미지를 한 장씩만 받아서 이미지끼리 상태를 맞바꾸어 볼 수 없습니다.",
        )
        return
    mark.measure(
        f"{kind.en}, {fact.steps} steps; {_percent(use.halfway_swap)} of predictions change with a state swapped "
        f"halfway, {_percent(use.input_swap)} follow swapped inputs",
        f"{kind.ko}, {fact.steps}시점. 상태를 중간에 맞바꾸면 달라지는 예측 {_percent(use.halfway_swap)}, 입력을 "
        f"맞바꾸면 상대 이미지를 따라가는 예측 {_percent(use.input_swap)}",
    )
    mark.require(
        use.input_swap >= rules.input_swap,
        "When two images exchange what enters the recurrence step by step, only "
        f"{_percent(use.input_swap)} of predictions become the other image's: something else decides, beside the "
        "recurrence or fed into it. Let each step bring a row (or a small window or patch), and compute the logits "
        "from the last state alone.",
        f"시점마다 들어오는 입력을 두 이미지끼리 맞바꾸어도 예측의 {_percent(use.input_swap)}만 상대 이미지의 예측으로 "
        "바뀝니다. 순환 신경망을 거치지 않았거나 한꺼번에 들어온 정보로 예측이 정해지고 있습니다. 시점마다 한 행(또는 "
        "작은 창이나 패치)씩만 넣고, 마지막 은닉 상태만으로 로짓을 계산하세요.",
    )
    mark.require(
        use.halfway_swap >= rules.halfway_swap,
        f"When two images exchange the state halfway, only {_percent(use.halfway_swap)} of predictions change: the "
        "state carries too little from step to step.",
        f"상태를 중간에 두 이미지끼리 맞바꾸어도 예측의 {_percent(use.halfway_swap)}만 바뀝니다. 은닉 상태가 앞 시점의 "
        "정보를 거의 전달하지 않습니다.",
    )
    mark.require(
        use.late_input >= rules.late_input,
        "With the state of another image from halfway on, nearly all predictions are that image's: the rows of the "
        "second half don't count. Feed every row in, and read the state after the last one.",
        "중간에 다른 이미지의 상태를 넣으면 예측이 거의 모두 그 이미지의 것으로 바뀝니다. 뒤쪽 행이 쓰이지 않고 "
        "있습니다. 모든 행을 입력하고 마지막 시점의 상태를 읽으세요.",
    )


def sequence_used(evidence: Evidence, mark: Mark) -> None:
    """The order of the rows matters, and so do the last ones."""
    rules, use = _rules(evidence), evidence.evaluation.sequence
    if use is None:
        mark.fail("The use of the sequence was not measured.", "시퀀스 사용 여부를 측정하지 못했습니다.")
        return
    mark.measure(
        f"{_percent(use.shuffled_rows)} change with shuffled rows, {_percent(use.blanked_rows)} with no lower half",
        f"행을 섞으면 {_percent(use.shuffled_rows)}, 아래쪽 절반을 지우면 {_percent(use.blanked_rows)}가 바뀜",
    )
    mark.require(
        use.shuffled_rows >= rules.shuffled_rows,
        f"With the rows in random order, only {_percent(use.shuffled_rows)} of predictions change: the order of the "
        "time steps is not used.",
        f"행의 순서를 섞어도 예측의 {_percent(use.shuffled_rows)}만 바뀝니다. 시점의 순서가 쓰이지 않고 있습니다.",
    )
    mark.require(
        use.blanked_rows >= rules.blanked_rows,
        f"With the lower half of the image blank, only {_percent(use.blanked_rows)} of predictions change: the last "
        "rows are not used.",
        f"이미지의 아래쪽 절반을 지워도 예측의 {_percent(use.blanked_rows)}만 바뀝니다. 마지막 행들이 쓰이지 않고 "
        "있습니다.",
    )


def no_attention(evidence: Evidence, mark: Mark) -> None:
    """Nothing of the image weighs anything else of the image, whatever it is written with."""
    found = evidence.graph.attention
    told = attending(found)
    mark.measure(f"{len(found)} found", f"발견 {len(found)}개")
    mark.require(not found, f"The logits depend on attention.{told.en}", f"로짓이 어텐션에 의존합니다.{told.ko}")


def convolution_only(evidence: Evidence, mark: Mark) -> None:
    """Every operation is a convolution, an element-wise activation, or leaves everything in its place."""
    rules = evidence.spec.graph.conv_only
    lenient = rules is not None and rules.whole_kernel_before_last
    found = [item for item in evidence.graph.beyond_convolution if not (lenient and item.why == "whole_kernel")]
    convolutions = evidence.graph.groups.get("conv", 0)
    mark.measure(
        f"{convolutions} convolutions, {len(found)} other layers",
        f"합성곱 {convolutions}개, 그 밖의 연산 {len(found)}개",
    )
    by_rule: dict[Why, list[Violation]] = {}
    for violation in found:
        by_rule.setdefault(violation.why, []).append(violation)
    mark.require(
        not found,
        " ".join(f"{_named(items)}: {BEYOND_CONVOLUTION[why].en}." for why, items in by_rule.items()),
        " ".join(f"{_named(items)}: {BEYOND_CONVOLUTION[why].ko}." for why, items in by_rule.items()),
    )
    mark.require(convolutions > 0, "No convolution contributes to the logits.", "로짓 계산에 쓰이는 합성곱이 없습니다.")


def _named(violations: "Sequence[Violation]") -> str:
    return first_of([f"{item.name} ({item.op.partition('.')[0]})" for item in violations])


def _rules(evidence: Evidence) -> RecurrenceSpec:
    rules = evidence.spec.graph.recurrence
    if rules is None:
        raise ValueError("the mission's spec has no [graph.recurrence]")
    return rules


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
