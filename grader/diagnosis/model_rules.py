"""Rules on the model that was measured: its outputs, its predictions, whether they hold still."""

from grader.diagnosis.case import Case, diagnosis, percent
from grader.results import Diagnosis
from grader.text import Text

ONE_CLASS_SHARE = 0.95
"""Share of all images from which on a model is said to predict a single class."""
PERMUTED_SHARE = 0.6
"""Share of a class's images that must share one wrong prediction before its label is said to be another's."""
CONFUSED_SHARE = 0.25
"""Share of all errors that two classes of ten must have with each other: by chance they have 2 %."""
MIN_ERRORS = 40


def softmax_output(case: Case) -> Diagnosis | None:
    """The model returns probabilities instead of logits."""
    graph, evaluation = case.evidence.maybe_graph, case.evaluation
    last = graph.layers[-1].op.lstrip("_") if graph and graph.layers else ""
    if not last.startswith("softmax") and not (evaluation is not None and evaluation.probabilities):
        return None
    return diagnosis(
        "softmax_output",
        finding=Text(
            "The model returns probabilities: numbers from 0 to 1 that add up to 1.",
            "모델이 로짓이 아니라 확률(0에서 1 사이이고 합이 1인 값)을 출력합니다.",
        ),
        cause=Text(
            "If it is trained with cross_entropy, its output is softmaxed twice: cross_entropy applies a softmax of "
            "its own. Gradients get small then, and training is slow.",
            "cross_entropy로 학습한다면 소프트맥스가 두 번 적용됩니다. cross_entropy 안에 이미 소프트맥스가 있기 "
            "때문입니다. 그러면 기울기가 작아져 학습이 느려집니다.",
        ),
        advice=Text(
            "Return the output of the last nn.Linear as it is, without softmax.",
            "softmax 없이 마지막 nn.Linear의 출력을 그대로 반환하세요.",
        ),
    )


def random_in_eval(case: Case) -> Diagnosis | None:
    """Two passes over the same images differ."""
    evaluation = case.evaluation
    if evaluation is None or evaluation.non_finite or not _apart(case, evaluation.repeated.deviation):
        return None
    return diagnosis(
        "random_in_eval",
        finding=Text(
            f"Two passes over the same images differ; {evaluation.repeated.changed} predictions changed.",
            f"같은 이미지를 두 번 넣었을 때 결과가 다르고, 예측 {evaluation.repeated.changed}개가 바뀌었습니다.",
        ),
        cause=Text(
            "The model acts as in train mode: F.dropout(x) without training=self.training is always on, and so is "
            "noise drawn in forward().",
            "모델이 학습 모드처럼 동작합니다. training=self.training 없이 쓴 F.dropout(x)나 forward()에서 뽑는 "
            "난수는 평가할 때도 꺼지지 않습니다.",
        ),
        advice=Text(
            "Use nn.Dropout, or F.dropout(x, training=self.training), and call model.eval() before you export by hand.",
            "nn.Dropout이나 F.dropout(x, training=self.training)을 쓰고, 직접 내보낼 때는 먼저 model.eval()을 "
            "호출하세요.",
        ),
    )


def batch_statistics(case: Case) -> Diagnosis | None:
    """An image's logits depend on its companions."""
    evaluation = case.evaluation
    if evaluation is None or evaluation.non_finite or not _apart(case, evaluation.reordered.deviation):
        return None
    return diagnosis(
        "batch_statistics",
        finding=Text(
            f"The same image gets other logits among other images; {evaluation.reordered.changed} predictions changed.",
            f"같은 이미지라도 함께 들어온 이미지에 따라 로짓이 달라지고, 예측 {evaluation.reordered.changed}개가 "
            "바뀌었습니다.",
        ),
        **_mixed_by(case),
    )


def _mixed_by(case: Case) -> dict[str, Text]:
    """Cause and advice by what the graph holds."""
    graph = case.evidence.maybe_graph
    if graph is not None and graph.groups.get("recurrent"):
        return {
            "cause": Text(
                "A recurrent layer probably reads the batch as time: nn.LSTM, nn.GRU and nn.RNN expect (T, N, "
                "features) unless they are told otherwise.",
                "순환 층이 배치를 시간 축으로 읽는 것으로 보입니다. nn.LSTM, nn.GRU, nn.RNN은 따로 지정하지 않으면 "
                "(T, N, 특징) 순서의 입력을 받습니다.",
            ),
            "advice": Text(
                "Create the layer with batch_first=True, and check the shape of its input: (N, 28, 28).",
                "층을 만들 때 batch_first=True를 주고, 입력의 모양이 (N, 28, 28)인지 확인하세요.",
            ),
        }
    return {
        "cause": Text(
            "A layer takes its mean and variance from the batch at hand, as batch norm does in train mode or with "
            "track_running_stats=False.",
            "어떤 층이 지금 들어온 배치의 평균과 분산을 쓰고 있습니다. 학습 모드의 배치 정규화나 "
            "track_running_stats=False가 그렇습니다.",
        ),
        "advice": Text(
            "Use nn.BatchNorm2d with its defaults, and compute no mean over dimension 0 in forward().",
            "nn.BatchNorm2d를 기본 설정 그대로 쓰고, forward()에서 0번 차원의 평균을 구하지 마세요.",
        ),
    }


def constant_output(case: Case) -> Diagnosis | None:
    """Every image gets the same logits."""
    if case.evaluation is None or not case.evaluation.constant:
        return None
    return diagnosis(
        "constant_output",
        finding=Text(
            "The model returns the same logits for every image.", "모델이 모든 이미지에 똑같은 로짓을 출력합니다."
        ),
        cause=Text(
            "Nothing of the image reaches the output: all activations are 0 (dead ReLUs after too large a learning "
            "rate), or the weights were never trained away from 0.",
            "이미지의 정보가 출력까지 전달되지 않습니다. 학습률이 너무 커서 ReLU가 모두 0이 되었거나, 가중치가 0인 "
            "채로 남은 경우입니다.",
        ),
        advice=Text(
            "Print the mean and standard deviation after each layer for one batch; where the deviation becomes 0 "
            "lies the fault. Then try a tenth of the learning rate, and no initialisation with zeros.",
            "배치 하나를 넣고 층마다 출력의 평균과 표준편차를 확인해 보세요. 표준편차가 0이 되는 곳에 원인이 "
            "있습니다. 학습률을 10분의 1로 줄이고, 가중치를 0으로 초기화하지 마세요.",
        ),
    )


def one_class(case: Case) -> Diagnosis | None:
    """Nearly every image is taken for the same class."""
    if case.evaluation is None or not case.below_bar:
        return None
    predicted = [sum(column) for column in zip(*case.evaluation.confusion, strict=True)]
    if not predicted or max(predicted) < ONE_CLASS_SHARE * case.evaluation.images:
        return None
    label, share = predicted.index(max(predicted)), percent(max(predicted) / case.evaluation.images)
    return diagnosis(
        "one_class",
        finding=Text(
            f"{share.en} of the images are predicted as class {label}.",
            f"이미지의 {share.ko}를 클래스 {label}번으로 예측합니다.",
        ),
        cause=Text(
            "The network has not learned to tell classes apart: too high a learning rate, labels that do not belong "
            "to their images (shuffled separately), or inputs in another range than it was trained on.",
            "신경망이 클래스를 구별하지 못합니다. 학습률이 너무 크거나, 이미지와 레이블을 따로 섞어 짝이 "
            "어긋났거나, 학습할 때와 다른 범위의 입력이 들어온 경우입니다.",
        ),
        advice=Text(
            "Show a few training images with their labels and check that they belong together; then try a tenth of "
            "the learning rate.",
            "학습 이미지 몇 장을 레이블과 함께 그려 짝이 맞는지 확인하고, 학습률을 10분의 1로 줄여 보세요.",
        ),
    )


def classes_permuted(case: Case) -> Diagnosis | None:
    """Classes are told apart, but carry each other's labels."""
    if case.evaluation is None or not case.below_bar:
        return None
    guesses = [row.index(max(row)) if any(row) else label for label, row in enumerate(case.evaluation.confusion)]
    moved = [label for label, guess in enumerate(guesses) if guess != label]
    clear = all(
        case.evaluation.confusion[label][guesses[label]] >= PERMUTED_SHARE * sum(case.evaluation.confusion[label])
        for label in moved
    )
    if not moved or not clear or len(set(guesses)) != len(guesses):
        return None
    pairs = ", ".join(f"{label} → {guesses[label]}" for label in moved[:5]) + (", …" if len(moved) > 5 else "")
    return diagnosis(
        "classes_permuted",
        finding=Text(
            f"{len(moved)} classes are predicted under another's number: {pairs}.",
            f"클래스 {len(moved)}개를 다른 클래스의 번호로 예측합니다: {pairs}.",
        ),
        cause=Text(
            "The labels changed places before the training: read in another order, sorted as text, or shuffled "
            "apart from their images.",
            "학습 전에 레이블이 뒤바뀌었습니다. 다른 순서로 읽었거나, 문자열로 정렬했거나, 이미지와 따로 섞은 "
            "경우입니다.",
        ),
        advice=Text(
            "Use the labels as they are given, in their order, and check a few images of each class by eye.",
            "주어진 레이블을 순서 그대로 쓰고, 클래스마다 이미지 몇 장을 눈으로 확인하세요.",
        ),
    )


def classes_confused(case: Case) -> Diagnosis | None:
    """A large part of all errors is between two classes."""
    evaluation = case.evaluation
    if evaluation is None or not case.below_bar or not evaluation.accuracy > 0.5:
        return None
    size, counts = len(evaluation.confusion), evaluation.confusion
    pairs = {(a, b): counts[a][b] + counts[b][a] for a in range(size) for b in range(a)}
    errors = sum(pairs.values())
    if size < 4 or errors < MIN_ERRORS or max(pairs.values()) < CONFUSED_SHARE * errors:
        return None
    (a, b), most = max(pairs.items(), key=lambda item: item[1])
    return diagnosis(
        "classes_confused",
        finding=Text(
            f"{most:,} of {errors:,} errors are between the classes {b} and {a}.",
            f"오답 {errors:,}개 중 {most:,}개가 두 클래스({b}, {a})를 서로 혼동한 것입니다.",
        ),
        cause=Text(
            "The network misses what tells these two apart, or their labels are mixed up in the training images.",
            "신경망이 두 클래스를 가르는 특징을 놓쳤거나, 학습 이미지에서 두 클래스의 레이블이 섞였습니다.",
        ),
        advice=Text(
            "Look at the validation images of these classes that go wrong. Mirroring or strong rotation makes some "
            "classes alike.",
            "검증 이미지 중 이 두 클래스에서 틀린 것을 직접 살펴보세요. 좌우 반전이나 큰 회전은 서로 다른 클래스를 "
            "닮게 만듭니다.",
        ),
    )


def _apart(case: Case, deviation: float) -> bool:
    return deviation > case.evidence.spec.evaluation.agreement
