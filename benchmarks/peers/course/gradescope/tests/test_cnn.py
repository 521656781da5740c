"""The checks as unittest cases with weights."""

import os
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import cnn_checks
from gradescope_utils.autograder_utils.decorators import leaderboard, weight
from torch import nn


class TestNetwork(unittest.TestCase):
    """One submission, loaded once."""

    model: ClassVar[nn.Module]

    @classmethod
    def setUpClass(cls) -> None:
        cls.model = cnn_checks.load(Path(os.environ["CNN_SUBMISSION"]))

    @weight(1)
    def test_parameters(self) -> None:
        """At most 1,000,000 parameters"""
        cnn_checks.check_parameters(self.model)

    @weight(1)
    def test_shape(self) -> None:
        """An output of shape (N, 10)"""
        cnn_checks.check_shape(self.model)

    @weight(1)
    def test_finite(self) -> None:
        """Finite outputs"""
        cnn_checks.check_finite(self.model)

    @weight(1)
    def test_deterministic(self) -> None:
        """The same output for the same images"""
        cnn_checks.check_deterministic(self.model)

    @weight(1)
    def test_convolution(self) -> None:
        """A convolution"""
        cnn_checks.check_convolution(self.model)

    @leaderboard("accuracy")
    def test_accuracy(self, set_leaderboard_value: Callable[[float], None]) -> None:
        """Accuracy"""
        set_leaderboard_value(cnn_checks.accuracy_of(cnn_checks.logits(self.model)))
