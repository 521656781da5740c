"""Settles the rubric of mission_semi_supervised; one test per criterion, on evidence only."""

from grader.evidence import Evidence
from grader.hidden_tests import Mark, model_criteria

# Trainings that ignore the unlabelled images end the same in both runs; repetitions differ by 0.3 points.
CONTROL_DROP = 0.01
BONUS_BAR = 0.975


def test_training(evidence: Evidence, mark: Mark) -> None:
    """`train` ended within its limits and left a model that can be run."""
    model_criteria.training(evidence, mark)


def test_own_model(evidence: Evidence, mark: Mark) -> None:
    """Neither a ready-made model nor saved weights were handed in."""
    model_criteria.own_model(evidence, mark)


def test_parameters(evidence: Evidence, mark: Mark) -> None:
    """The network keeps within its number of parameters."""
    model_criteria.parameters(evidence, mark)


def test_finite(evidence: Evidence, mark: Mark) -> None:
    """Every logit of every test image is a number."""
    model_criteria.finite(evidence, mark)


def test_batch_size(evidence: Evidence, mark: Mark) -> None:
    """An image's logits depend neither on the size of its batch nor on its companions."""
    model_criteria.batch_size(evidence, mark)


def test_deterministic(evidence: Evidence, mark: Mark) -> None:
    """A second pass over the same images gives the same logits."""
    model_criteria.deterministic(evidence, mark)


def test_accuracy(evidence: Evidence, mark: Mark) -> None:
    """The share of test images classified right, with partial credit below the bar."""
    model_criteria.accuracy(evidence, mark)


def test_beats_supervised(evidence: Evidence, mark: Mark) -> None:
    """Clearly better than supervised training on the same labels with the same augmentation."""
    budget, baseline = evidence.spec.label_budget, evidence.supervised_accuracy
    assert budget is not None
    assert baseline is not None
    accuracy = evidence.evaluation.accuracy
    mark.measure(
        f"{100 * accuracy:.2f} %, labels alone {100 * baseline:.2f} %",
        f"{100 * accuracy:.2f}%, 레이블만 쓰면 {100 * baseline:.2f}%",
    )
    mark.require(
        accuracy >= baseline + budget.margin - 1e-9,
        f"Supervised training with augmentation reaches {100 * baseline:.2f} % on these 100 labels; "
        f"{100 * (baseline + budget.margin):.2f} % are asked.",
        f"이 레이블 100개로 증강해 지도 학습만 해도 {100 * baseline:.2f}%입니다. "
        f"{100 * (baseline + budget.margin):.2f}% 이상이어야 합니다.",
    )


def test_unlabeled_matter(evidence: Evidence, mark: Mark) -> None:
    """With noise in place of the unlabelled images, the same training ends clearly lower."""
    accuracy, control = evidence.evaluation.accuracy, evidence.control("noise").accuracy
    mark.measure(
        f"{100 * accuracy:.2f} %, with noise {100 * control:.2f} %",
        f"{100 * accuracy:.2f}%, 잡음으로 바꾸면 {100 * control:.2f}%",
    )
    mark.require(
        accuracy - control >= CONTROL_DROP - 1e-9,
        f"With shuffled pixels in the unlabelled images the training ends at {100 * control:.2f} % instead of "
        f"{100 * accuracy:.2f} %; a training that learns from them loses at least {100 * CONTROL_DROP:g} point.",
        f"레이블 없는 이미지의 픽셀을 뒤섞어도 정확도가 {100 * accuracy:.2f}%에서 {100 * control:.2f}%로만 바뀝니다. "
        f"이 이미지로 배우는 학습이라면 {100 * CONTROL_DROP:g}%p 이상 떨어집니다.",
    )


def test_excellent(evidence: Evidence, mark: Mark) -> None:
    """The bonus bar is reached."""
    accuracy = evidence.evaluation.accuracy
    mark.measure(f"{100 * accuracy:.2f} %", f"{100 * accuracy:.2f}%")
    mark.require(
        accuracy >= BONUS_BAR - 1e-9,
        f"{100 * BONUS_BAR:g} % are asked for the bonus.",
        f"가산점을 받으려면 {100 * BONUS_BAR:g}% 이상이어야 합니다.",
    )
