"""The checks as check50 runs them: each in a process and a copy of the submission of its own."""

from pathlib import Path

import check50
import cnn_checks
from torch import Tensor


@check50.check()
def loads() -> None:
    """the network loads"""
    cnn_checks.load(Path())


@check50.check(loads)
def parameters() -> None:
    """at most 1,000,000 parameters"""
    cnn_checks.check_parameters(cnn_checks.load(Path()))


@check50.check(loads)
def shape() -> None:
    """an output of shape (N, 10)"""
    cnn_checks.check_shape(cnn_checks.load(Path()))


@check50.check(loads)
def deterministic() -> None:
    """the same output for the same images"""
    cnn_checks.check_deterministic(cnn_checks.load(Path()))


@check50.check(loads)
def convolution() -> None:
    """a convolution"""
    cnn_checks.check_convolution(cnn_checks.load(Path()))


@check50.check(loads)
def finite() -> object:
    """finite outputs"""
    model = cnn_checks.load(Path())
    cnn_checks.check_finite(model)
    return cnn_checks.logits(model).numpy()  # handed on, so that the images are read once


@check50.check(finite)
def accuracy(outputs: object) -> None:
    """accuracy on the test images"""
    check50.log(f"accuracy: {cnn_checks.accuracy_of(Tensor(outputs))}")
