"""Criteria that missions with a trained model share. A mission's hidden test calls the one it needs."""

import math
from collections.abc import Sequence
from typing import Final

from grader.evaluation.measures import Agreement
from grader.evidence import Evidence
from grader.hidden_tests.mark import Mark
from grader.text import Text

GROUP_NAMES: dict[str, Text] = {
    "conv": Text("convolution", "합성곱"),
    "dense": Text("dense", "완전 연결"),
    "recurrent": Text("recurrent", "순환"),
    "activation": Text("activation", "활성화"),
    "norm": Text("normalisation", "정규화"),
    "pool": Text("pooling", "풀링"),
    "attention": Text("attention", "어텐션"),
    "reduce": Text("reduction", "축약"),
    "shape": Text("shape", "모양 변경"),
    "arithmetic": Text("arithmetic", "산술"),
    "factory": Text("constant", "상수 생성"),
}
"""What a student reads for each op group."""
MAX_NAMED: Final = 4
"""Operations of one kind that a message names."""
NEAR_TIES = 2
"""Images that may be read otherwise in another batch: their two best logits lie within rounding of each other."""
ROOM_FOR_STATISTICS = 1.25
"""What a network may store in all, parameters among it, as a multiple of the parameters it may have: running statistics
and constants of preprocessing are a few in a hundred, weights or answers kept in buffers are not."""


def training(evidence: Evidence, mark: Mark) -> None:
    """`train` ended within its limits and left a model that can be run."""
    ending = evidence.ending
    if ending is not None:
        mark.measure("not completed", "완료하지 못함")
        mark.fail(ending.message.en, ending.message.ko)
    if not evidence.training.reproduced:
        mark.measure("handed in trained", "학습된 모델 제출")
        mark.note(
            "Trained by the student, not reproduced by the grader.",
            "학생이 직접 학습시킨 모델이며, 채점기에서 다시 학습하지 않았습니다.",
        )
        return
    mark.measure(*_time_used(evidence))
    mark.require(
        evidence.training.completed,
        "train() did not end with a model.",
        "train()이 모델을 반환하며 끝나지 않았습니다.",
    )


def own_model(evidence: Evidence, mark: Mark) -> None:
    """Neither a ready-made model nor saved weights were handed in."""
    findings = evidence.findings
    mark.measure(f"{len(findings)} findings", f"발견 {len(findings)}건")
    mark.require(
        not findings,
        " ".join(finding.text.en for finding in findings[:5]),
        " ".join(finding.text.ko for finding in findings[:5]),
    )


def required_group(evidence: Evidence, mark: Mark, group: str) -> None:
    """Operations of the group are executed, and the accuracy rests on them."""
    name = GROUP_NAMES[group]
    count = evidence.graph.groups.get(group, 0)
    mark.measure(f"no {name.en}", f"{name.ko} 없음")
    mark.require(
        count > 0,
        f"No {name.en} contributes to the logits.",
        f"로짓 계산에 쓰이는 {name.ko} 연산이 없습니다.",
    )
    drop = evidence.evaluation.ablation_drop.get(group, 0.0)
    mark.measure(
        f"{count} × {name.en}, accuracy {_points(-drop)} points with another image's results",
        f"{name.ko} {count}개, 결과를 다른 이미지의 것으로 바꾸면 정확도 {_points(-drop)}%p",
    )
    asked = evidence.spec.graph.ablation_drop
    mark.require(
        drop >= asked,
        f"When the results of every {name.en} are another image's, accuracy changes by {_points(-drop)} points; "
        f"a network that relies on them loses at least {100 * asked:g}.",
        f"모든 {name.ko} 연산의 결과를 다른 이미지의 것으로 바꾸어도 정확도 변화가 {_points(-drop)}%p입니다. "
        f"{name.ko}에 의존하는 신경망이라면 {100 * asked:g}%p 이상 떨어집니다.",
    )


def forbidden_groups(evidence: Evidence, mark: Mark, *groups: str) -> None:
    """No operation of these groups contributes to the logits; attention counts however it is written."""
    counts = {group: evidence.graph.groups.get(group, 0) for group in groups}
    told = Text("", "")
    if "attention" in counts:
        counts["attention"] = len(evidence.graph.attention)
        told = attending(evidence.graph.attention)
    found = {group: count for group, count in counts.items() if count}
    en = ", ".join(f"{count} {GROUP_NAMES[group].en}" for group, count in (found or counts).items())
    ko = ", ".join(f"{GROUP_NAMES[group].ko} {count}개" for group, count in (found or counts).items())
    mark.measure(en, ko)
    mark.require(
        not found,
        f"The logits depend on operations that this mission rules out: {en}.{told.en}",
        f"로짓이 이 미션에서 허용하지 않는 연산에 의존합니다: {ko}.{told.ko}",
    )


def first_of(names: Sequence[str]) -> str:
    """As many of the names as a message tells."""
    return ", ".join(names[:MAX_NAMED]) + (", …" if len(names) > MAX_NAMED else "")


def attending(names: Sequence[str]) -> Text:
    """The sentence, after a space, that names the operations that are attention; empty where there are none."""
    if not names:
        return Text("", "")
    first = first_of(names)
    return Text(
        f" Attention is here: {first}. A softmax or a product weighs values of the image with other values of the "
        "image.",
        f" 어텐션으로 본 연산: {first}. 이미지에서 나온 값에 이미지에서 나온 다른 값으로 가중치를 매기고 있습니다.",
    )


def parameters(evidence: Evidence, mark: Mark) -> None:
    """The network keeps within its number of parameters, and stores little besides."""
    count, stored, limit = evidence.graph.parameters, evidence.graph.stored_numbers, evidence.spec.limits.parameters
    room = int(ROOM_FOR_STATISTICS * limit)
    mark.measure(f"{count:,}")
    mark.require(
        count <= limit,
        f"{count:,} parameters are {count / limit:.1f} times the limit of {limit:,}.",
        f"파라미터가 {count:,}개로, 제한({limit:,}개)의 {count / limit:.1f}배입니다.",
    )
    if count <= limit and stored > room:
        mark.measure(f"{count:,}, {stored:,} stored in all", f"{count:,}개, 버퍼와 상수까지 {stored:,}개")
    mark.require(
        count > limit or stored <= room,
        f"With buffers and constants the network stores {stored:,} numbers, where {room:,} leave enough room for "
        "running statistics. Make weights parameters, keep tables and images out of the network, and store a slice of "
        "a larger tensor as .clone(), since otherwise the whole tensor is kept.",
        f"버퍼와 상수까지 합하면 신경망이 숫자 {stored:,}개를 담고 있습니다. 배치 정규화의 이동 평균과 분산을 고려해도 "
        f"{room:,}개면 충분합니다. 가중치는 nn.Parameter로 두고, 정답표나 이미지 같은 데이터는 신경망에 넣지 마세요. "
        "큰 텐서의 일부만 쓸 때는 .clone()으로 복사해야 텐서 전체가 저장되지 않습니다.",
    )


def finite(evidence: Evidence, mark: Mark) -> None:
    """Every logit of every test image is a number."""
    bad, images = evidence.evaluation.non_finite, evidence.evaluation.images
    mark.measure(f"{bad:,} of {images:,} not finite", f"{images:,}장 중 유한하지 않은 것 {bad:,}장")
    mark.require(
        bad == 0,
        f"For {bad:,} of {images:,} images a logit is NaN or infinite; such an image counts as wrong.",
        f"이미지 {images:,}장 중 {bad:,}장의 로짓에 NaN이나 무한대가 있습니다. 이런 이미지는 오답으로 처리됩니다.",
    )


def batch_size(evidence: Evidence, mark: Mark) -> None:
    """An image's logits depend neither on the size of its batch nor on its companions."""
    sizes = evidence.evaluation.by_batch_size
    refused = ", ".join(str(size) for size, agreement in sizes.items() if agreement is None)
    mark.measure(f"not runnable at {refused}", f"실행할 수 없는 배치 크기: {refused}")
    mark.require(
        not refused,
        f"The model cannot run with batches of {refused}: somewhere the number of images is a fixed number.",
        f"배치 크기가 {refused}이면 모델을 실행할 수 없습니다. 어딘가에 이미지 수가 고정되어 있습니다.",
    )
    tolerance = evidence.spec.evaluation.agreement
    if evidence.graph.images_apart:
        mark.measure("each image by itself, as the graph tells", "그래프 구조상 이미지마다 따로 계산")
        return
    agreements = [agreement for agreement in sizes.values() if agreement is not None]
    by_size = max((agreement.deviation for agreement in agreements), default=0.0)
    by_order = evidence.evaluation.reordered.deviation
    # One logit far from all others makes any difference small beside the spread, but not without effect.
    read_otherwise = max(agreement.changed for agreement in [*agreements, evidence.evaluation.reordered])
    if read_otherwise > NEAR_TIES:
        mark.measure(f"{read_otherwise} images read otherwise", f"예측이 달라진 이미지 {read_otherwise}장")
    else:
        mark.measure(f"largest difference {max(by_size, by_order):.1e}", f"최대 차이 {max(by_size, by_order):.1e}")
    mark.require(
        by_size <= tolerance,
        f"The logits of an image change with the size of its batch (by up to {_share(by_size)} of their spread).",
        f"같은 이미지의 로짓이 배치 크기에 따라 달라집니다(로짓 범위의 최대 {_share(by_size)}).",
    )
    mark.require(
        by_order <= tolerance,
        f"The logits of an image change with the others in its batch (by up to {_share(by_order)} of their spread).",
        f"같은 이미지의 로짓이 함께 들어온 이미지에 따라 달라집니다(로짓 범위의 최대 {_share(by_order)}).",
    )
    mark.require(
        read_otherwise <= NEAR_TIES,
        f"The predictions of {read_otherwise} images change with their batch.",
        f"배치에 따라 이미지 {read_otherwise}장의 예측이 달라집니다.",
    )


def deterministic(evidence: Evidence, mark: Mark) -> None:
    """A second pass over the same images gives the same logits."""
    if evidence.graph.images_apart:
        mark.measure("nothing random in the graph", "그래프에 무작위 연산 없음")
        return
    repeated: Agreement = evidence.evaluation.repeated
    mark.measure(f"difference {repeated.deviation:.1e}", f"차이 {repeated.deviation:.1e}")
    mark.require(
        repeated.deviation <= evidence.spec.evaluation.agreement and repeated.changed <= NEAR_TIES,
        f"Two passes over the same images differ; {repeated.changed} predictions changed. "
        "Something random is still at work in eval mode.",
        f"같은 이미지를 두 번 넣었는데 결과가 다르고, 예측 {repeated.changed}개가 바뀌었습니다. "
        "평가 모드에서도 무작위 연산이 동작하고 있습니다.",
    )


def accuracy(evidence: Evidence, mark: Mark) -> None:
    """The share of test images classified right, with partial credit below the bar."""
    measured = evidence.evaluation
    low, high = (f"{100 * share:.2f}" for share in measured.interval)
    accuracy, images = f"{100 * measured.accuracy:.2f}", f"{measured.images:,}"
    mark.measure(
        f"{accuracy} % of {images} (95 % interval {low} to {high})",
        f"{images}장 중 {accuracy}% (95% 신뢰구간 {low}~{high})",
    )
    bar = evidence.spec.evaluation.bar
    missing = math.ceil(bar * measured.images - 1e-9) - measured.correct
    if missing > 0:
        mark.note(
            f"{missing:,} more right answers are needed for the bar of {100 * bar:g} %.",
            f"{missing:,}장을 더 맞혀야 기준인 {100 * bar:g}%에 도달합니다.",
        )
    mark.grade(measured.accuracy)


def robustness(evidence: Evidence, mark: Mark) -> None:
    """Small rotations and light noise cost little accuracy."""
    rules, drop = evidence.spec.evaluation.perturbation, evidence.evaluation.perturbation_drop
    mark.measure(f"{_points(-drop)} points", f"{_points(-drop)}%p")
    mark.require(
        drop <= rules.max_drop + 1e-9,
        f"Rotated by up to {rules.rotation_degrees:g}° and with light noise, the images cost {100 * drop:.1f} points "
        f"of accuracy; a model that learned the shapes of digits loses at most {100 * rules.max_drop:g}.",
        f"±{rules.rotation_degrees:g}° 회전과 약한 잡음만으로 정확도가 {100 * drop:.1f}%p 떨어졌습니다. "
        f"숫자의 모양을 배운 모델이라면 {100 * rules.max_drop:g}%p 넘게 떨어지지 않습니다.",
    )


def _time_used(evidence: Evidence) -> tuple[str, str]:
    """Time of `train` against its budget, in both languages."""
    training = evidence.training
    cpu_counts = training.cpu_s is not None and training.budget_s == evidence.spec.limits.train_cpu_s
    used = training.cpu_s if cpu_counts else training.seconds
    if used is None or training.budget_s is None:
        return "completed", "완료"
    kind_en, kind_ko = (" CPU", "CPU ") if cpu_counts else ("", "")
    return f"{used:.0f} of {training.budget_s:g}{kind_en} s", f"{kind_ko}{training.budget_s:g}초 중 {used:.0f}초"


def _points(share: float) -> str:
    """A signed difference of accuracies in percentage points."""
    return f"{round(100 * share, 1) + 0.0:+.1f}"


def _share(deviation: float) -> str:
    """A deviation relative to the spread of the logits."""
    return f"{100 * deviation:.1f}%" if math.isfinite(deviation) else "∞"
