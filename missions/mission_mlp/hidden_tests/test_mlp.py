"""Settles the rubric of mission_mlp; one test per criterion, on evidence only."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.evidence import Evidence, ProbeResult
from grader.hidden_tests import Mark, model_criteria

Array = npt.NDArray[np.float64]

PIXELS, CLASSES = 28 * 28, 10
LOGIT_TOLERANCE = 1e-3
"""Of the spread of the logits. float32 sums of 784 terms differ by some 1e-6 of it."""
ODDS_TOLERANCE = 0.15
"""Of p / (1 - p), estimated from 4,000 images with a standard error of 2.2 %; the next usual dropout is 22 % away."""
STEP_TOLERANCE = 0.01
DROPOUT_IMAGES = 4000
"""As in `probes.py`."""
RESUME_TOLERANCE = 0.02
"""Of the way from the checkpoint to the end. A forgotten optimiser state or schedule changes it by over 10 %."""

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "gelu": lambda x: 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))),
}


def test_training(evidence: Evidence, mark: Mark) -> None:
    """`train` ended within its limits and left a model that can be run."""
    model_criteria.training(evidence, mark)


def test_own_model(evidence: Evidence, mark: Mark) -> None:
    """Neither a ready-made network nor saved weights were handed in."""
    model_criteria.own_model(evidence, mark)


def test_base_classes(evidence: Evidence, mark: Mark) -> None:
    """A run makes a model, two loaders and a trainer that derive from the project's bases."""
    made = evidence.probe("bases").value("made", dict)
    missing = [name for name in ("BaseModel", "BaseDataLoader", "BaseTrainer") if not made.get(name)]
    mark.measure(f"{3 - len(missing)} of 3 used", f"3개 중 {3 - len(missing)}개 사용")
    mark.require(
        not missing,
        f"A run made no object of a class derived from {', '.join(missing)}.",
        f"학습하는 동안 {', '.join(missing)}을(를) 상속한 클래스의 객체가 만들어지지 않았습니다.",
    )


def test_dense_only(evidence: Evidence, mark: Mark) -> None:
    """The accuracy rests on dense layers, and no layer of another kind contributes."""
    model_criteria.forbidden_groups(evidence, mark, *evidence.spec.graph.forbidden)
    model_criteria.required_group(evidence, mark, "dense")


def test_config_model(evidence: Evidence, mark: Mark) -> None:
    """Built from drawn configurations, the model has the layers, logits and dropout that follow from them."""
    probe = evidence.probe("model")
    mark.measure("differs from the configuration", "설정과 다름")
    deviations = []
    for number, config in enumerate(probe.inputs["configs"]):
        arch = config["arch"]["args"]
        layers = _layers(probe, mark, number, arch["hidden_sizes"])
        deviations.append(_check_logits(probe, mark, number, arch, layers))
        _check_dropout(probe, mark, number, arch)
    mark.measure(f"logits agree to {max(deviations):.0e}", f"로짓 차이 최대 {max(deviations):.0e}")


def test_config_training(evidence: Evidence, mark: Mark) -> None:
    """As many epochs as configured, and steps in proportion to the learning rate."""
    probe = evidence.probe("training")
    asked = probe.inputs["config"]["trainer"]["epochs"]
    done = _epochs(probe, "epochs")
    mark.measure(f"{len(done)} of {asked} epochs", f"{asked} 에포크 중 {len(done)} 에포크")
    mark.require(
        done == list(range(1, asked + 1)),
        f"trainer.epochs was {asked}, but there are checkpoints of the epochs {_shown(done)}.",
        f"trainer.epochs를 {asked}(으)로 지정했는데, 저장된 체크포인트의 에포크는 {_shown(done)}입니다.",
    )
    slow_rate, fast_rate = probe.inputs["rates"]
    still, slow, fast = _rows(probe, "still", "slow", "fast")
    slow_step, fast_step = slow - still, fast - still
    lengths = [float(np.linalg.norm(step)) for step in (slow_step, fast_step)]
    gap = np.linalg.norm(fast_step / fast_rate - slow_step / slow_rate)
    mark.require(
        min(lengths) > 0 and float(gap) <= STEP_TOLERANCE * lengths[1] / fast_rate,
        f"After one step of SGD with optimizer.args.lr {slow_rate:g} and {fast_rate:g}, the weights had moved by "
        f"{lengths[0]:.3g} and {lengths[1]:.3g}: not in proportion to the learning rate.",
        f"optimizer.args.lr을 {slow_rate:g}, {fast_rate:g}(으)로 지정하고 SGD로 한 스텝 학습했더니 가중치가 각각 "
        f"{lengths[0]:.3g}, {lengths[1]:.3g}만큼 움직였습니다. 학습률에 비례하지 않습니다.",
    )
    mark.measure(f"{asked} epochs, learning rate obeyed", f"{asked} 에포크, 학습률 반영됨")


def test_seed(evidence: Evidence, mark: Mark) -> None:
    """Equal seeds give equal weights, another seed gives others."""
    probe = evidence.probe("seeds")
    first, again, other = _rows(probe, "first", "again", "other")
    size = float(np.linalg.norm(first)) or 1.0
    repeated, changed = (float(np.linalg.norm(weights - first)) / size for weights in (again, other))
    mark.measure(
        f"same seed: {_percent(repeated)} apart, other seed: {_percent(changed)}",
        f"같은 시드의 차이 {_percent(repeated)}, 다른 시드의 차이 {_percent(changed)}",
    )
    mark.require(
        repeated <= 1e-6,
        f"Two runs with the same seed end with weights that are {_percent(repeated)} apart.",
        f"시드가 같은데도 두 번의 학습이 끝난 뒤 가중치가 {_percent(repeated)} 다릅니다.",
    )
    mark.require(
        changed >= 1e-2,
        "A run with another seed ends with the same weights: the configuration's seed is not used.",
        "시드를 바꾸어도 가중치가 똑같습니다. 설정의 seed가 쓰이지 않습니다.",
    )


def test_resume(evidence: Evidence, mark: Mark) -> None:
    """A run resumed after epoch 2 begins with epoch 3 and ends where the uninterrupted one ends."""
    probe = evidence.probe("resume")
    done = _epochs(probe, "resumed_epochs")
    mark.measure(f"epochs after resuming: {_shown(done)}", f"이어서 학습한 에포크: {_shown(done)}")
    mark.require(
        done[:1] == [3],
        f"Resumed from the checkpoint of epoch 2, the training did the epochs {_shown(done)}; epoch 3 comes next.",
        f"두 번째 에포크의 체크포인트에서 이어서 학습했더니 {_shown(done)} 에포크가 실행되었습니다. "
        "세 번째 에포크부터여야 합니다.",
    )
    stopped, whole, resumed = _rows(probe, "stopped", "whole", "resumed")
    way = float(np.linalg.norm(whole - stopped)) or 1.0
    gap = float(np.linalg.norm(resumed - whole)) / way
    mark.measure(f"{_percent(gap)} off the uninterrupted run", f"중단 없는 학습과의 차이 {_percent(gap)}")
    mark.require(
        gap <= RESUME_TOLERANCE,
        f"The resumed training ends {_percent(gap)} of the way off the uninterrupted one. The checkpoint must bring "
        "back the weights, the state of the optimiser and that of the schedule.",
        f"이어서 학습한 결과가 중단 없이 학습한 결과와 이동 거리의 {_percent(gap)}만큼 다릅니다. 가중치뿐 아니라 "
        "옵티마이저의 상태와 학습률 스케줄의 상태까지 되살려야 합니다.",
    )


def test_metrics(evidence: Evidence, mark: Mark) -> None:
    """Every epoch has its line, and the last line's validation figures are those of the final weights."""
    probe = evidence.probe("metrics")
    lines, epochs = probe.value("lines", list), _epochs(probe, "epochs")
    mark.measure(f"{len(lines)} lines", f"{len(lines)}줄")
    found = [_whole(line.get("epoch")) if isinstance(line, dict) else None for line in lines]
    mark.require(
        found == epochs and None not in epochs and len(epochs) > 0,
        f"metrics.jsonl has lines for the epochs {_shown(found)}, the training did {_shown(epochs)}.",
        f"metrics.jsonl에 기록된 에포크는 {_shown(found)}, 실제로 학습한 에포크는 {_shown(epochs)}입니다.",
    )
    for name in ("train_loss", "valid_loss", "valid_accuracy"):
        mark.require(
            all(_is_number(line.get(name)) for line in lines),
            f"metrics.jsonl lacks the number {name} in some line.",
            f"metrics.jsonl에 {name} 값이 없는 줄이 있습니다.",
        )
    labels = probe.kept["valid_labels"]
    logits = np.float64(probe.array("logits", dtype="float32", shape=(len(labels), CLASSES)))
    true = {"valid_accuracy": _accuracy(logits, labels), "valid_loss": _cross_entropy(logits, labels)}
    mark.measure(f"valid_accuracy {lines[-1]['valid_accuracy']:.3f}, true {true['valid_accuracy']:.3f}")
    for name, value in true.items():
        logged = float(lines[-1][name])
        mark.require(
            abs(logged - value) <= 1e-3 * max(1.0, abs(value)),
            f"The last logged {name} is {logged:.4g}; computed from the final weights it is {value:.4g}.",
            f"마지막으로 기록된 {name}은(는) {logged:.4g}인데, 최종 가중치로 계산하면 {value:.4g}입니다.",
        )


def test_parameters(evidence: Evidence, mark: Mark) -> None:
    """The network keeps within its number of parameters."""
    model_criteria.parameters(evidence, mark)


def test_finite(evidence: Evidence, mark: Mark) -> None:
    """Every logit of every test image is a number."""
    model_criteria.finite(evidence, mark)


def test_batch_size(evidence: Evidence, mark: Mark) -> None:
    """An image's logits depend neither on the size of its batch nor on its companions."""
    model_criteria.batch_size(evidence, mark)


def test_accuracy(evidence: Evidence, mark: Mark) -> None:
    """The share of test images classified right, with partial credit below the bar."""
    model_criteria.accuracy(evidence, mark)


def _layers(probe: ProbeResult, mark: Mark, number: int, hidden_sizes: list[int]) -> list[tuple[Array, Array]]:
    """Weights and biases of the model's dense layers, once their shapes are what the configuration asks for."""
    asked = [PIXELS, *hidden_sizes, CLASSES]
    count = probe.value(f"layers_{number}", int)
    weights = [probe.array(f"weight_{number}_{position}", dtype="float32") for position in range(min(count, 16))]
    biases = [probe.array(f"bias_{number}_{position}", dtype="float32") for position in range(min(count, 16))]
    expected = list(zip(asked[1:], asked[:-1], strict=True))
    found = ", ".join(f"{shape[1]}→{shape[0]}" if len(shape) == 2 else "?" for shape in (w.shape for w in weights))
    mark.require(
        [weight.shape for weight in weights] == expected
        and [bias.shape for bias in biases] == [(n,) for n in asked[1:]],
        f"With hidden_sizes {hidden_sizes} the layers must be {_arrows(expected)}, but the model's are {found or '–'}.",
        f"hidden_sizes가 {hidden_sizes}이면 층이 {_arrows(expected)}이어야 하는데, 모델의 층은 {found or '–'}입니다.",
    )
    return [(np.float64(weight), np.float64(bias)) for weight, bias in zip(weights, biases, strict=True)]


@np.errstate(all="ignore")  # what the student's side sent may be NaN or infinite: it then agrees with nothing
def _check_logits(
    probe: ProbeResult, mark: Mark, number: int, arch: dict[str, Any], layers: list[tuple[Array, Array]]
) -> float:
    """The logits of images in eval mode against the same sum done here; gives their relative difference."""
    images = probe.inputs["images"]
    x = (np.float64(images).reshape(len(images), PIXELS) - arch["pixel_mean"]) / arch["pixel_std"]
    for weight, bias in layers[:-1]:
        x = ACTIVATIONS[arch["activation"]](x @ weight.T + bias)
    expected = x @ layers[-1][0].T + layers[-1][1]
    logits = np.float64(probe.array(f"logits_{number}", dtype="float32", shape=(len(images), CLASSES)))
    deviation = float(np.abs(logits - expected).max() / expected.std())
    mark.require(
        deviation <= LOGIT_TOLERANCE,  # a NaN fails too
        f"The logits are not those of an MLP with activation {arch['activation']}, pixel_mean {arch['pixel_mean']} and "
        f"pixel_std {arch['pixel_std']}: they differ by {_percent(deviation)} of their spread.",
        f"로짓이 활성화 함수 {arch['activation']}, pixel_mean {arch['pixel_mean']}, pixel_std {arch['pixel_std']}인 "
        f"MLP의 값과 다릅니다(로짓 표준편차의 {_percent(deviation)}).",
    )
    return deviation


@np.errstate(all="ignore")
def _check_dropout(probe: ProbeResult, mark: Mark, number: int, arch: dict[str, Any]) -> None:
    """How much dropout makes the mean of the last hidden layer vary: by p / (1 - p) over its number of units."""
    values = np.float64(probe.array(f"dropped_{number}", dtype="float32", shape=(DROPOUT_IMAGES,)))
    level = float(ACTIVATIONS[arch["activation"]](np.array([1.0]))[0])
    odds = float(values.var()) * arch["hidden_sizes"][-1] / level**2
    asked = arch["dropout"]
    mark.require(
        abs(odds - asked / (1 - asked)) <= ODDS_TOLERANCE * asked / (1 - asked),
        f"dropout was {asked:g}, but in training mode the last hidden layer drops about {odds / (1 + odds):.2f} of its "
        "units. Dropout comes after the activation.",
        f"dropout을 {asked:g}(으)로 지정했는데, 학습 모드에서 마지막 은닉층의 유닛이 꺼지는 비율은 약 "
        f"{odds / (1 + odds):.2f}입니다. 드롭아웃은 활성화 함수 다음에 둡니다.",
    )


def _rows(probe: ProbeResult, *names: str) -> list[Array]:
    """Weights that were sent as one row each, all of one length and finite."""
    first = probe.array(names[0], dtype="float32", shape=(None,))
    rows = [np.float64(probe.array(name, dtype="float32", shape=first.shape)) for name in names]
    return [np.nan_to_num(row, nan=1e30, posinf=1e30, neginf=-1e30) for row in rows]


def _accuracy(logits: Array, labels: npt.NDArray[np.int64]) -> float:
    return float((logits.argmax(axis=1) == labels).mean())


@np.errstate(all="ignore")
def _cross_entropy(logits: Array, labels: npt.NDArray[np.int64]) -> float:
    top = logits.max(axis=1)
    total = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return float((total - logits[np.arange(len(labels)), labels]).mean())


def _epochs(probe: ProbeResult, name: str) -> list[int | None]:
    """A list of epochs that the student's side sent: whole numbers, None for whatever else is in it."""
    return [_whole(epoch) for epoch in probe.value(name, list)]


def _whole(value: object) -> int | None:
    return value if type(value) is int and abs(value) < 1_000_000 else None


def _is_number(value: object) -> bool:
    """Whether it is one that a float can hold."""
    return type(value) is float or (type(value) is int and abs(value) < 1_000_000)


def _arrows(shapes: list[tuple[int, int]]) -> str:
    """Shapes (out, in) of weights as a student reads layers."""
    return ", ".join(f"{inputs}→{outputs}" for outputs, inputs in shapes)


def _shown(epochs: list[int | None]) -> str:
    return ", ".join("?" if epoch is None else str(epoch) for epoch in epochs[:12]) or "–"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
