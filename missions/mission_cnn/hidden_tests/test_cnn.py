"""Settles the rubric of mission_cnn; one test per criterion, on evidence only."""

from grader.evidence import Evidence
from grader.hidden_tests import Mark, model_criteria


def test_training(evidence: Evidence, mark: Mark) -> None:
    """`train` ended within its limits and left a model that can be run."""
    model_criteria.training(evidence, mark)


def test_own_model(evidence: Evidence, mark: Mark) -> None:
    """Neither a ready-made model nor saved weights were handed in."""
    model_criteria.own_model(evidence, mark)


def test_convolution(evidence: Evidence, mark: Mark) -> None:
    """Convolutions are executed, and the accuracy rests on them."""
    model_criteria.required_group(evidence, mark, "conv")


def test_pure_cnn(evidence: Evidence, mark: Mark) -> None:
    """No recurrent op contributes to the logits, and no attention however it is written."""
    model_criteria.forbidden_groups(evidence, mark, "recurrent", "attention")


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


def test_robustness(evidence: Evidence, mark: Mark) -> None:
    """Small rotations and light noise cost little accuracy."""
    model_criteria.robustness(evidence, mark)
