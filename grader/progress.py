"""What a grading tells whoever watches it, while it runs."""

from enum import StrEnum
from typing import Protocol

from grader.results import LogPoint


class Stage(StrEnum):
    """The steps of a grading, in order."""

    COLLECT = "collect"
    START = "start"
    TRAIN = "train"
    EXPORT = "export"
    EVALUATE = "evaluate"
    PROBE = "probe"
    TESTS = "tests"


class Progress(Protocol):
    """Receives what happens; called from the grading's own thread, so it must return at once."""

    def stage(self, stage: Stage) -> None:
        """A step has begun."""

    def log(self, point: LogPoint) -> None:
        """The student's code called `log`."""

    def budget(self, used_s: float, budget_s: float) -> None:
        """So much of the training budget is used; comes a few times a second."""


class Silent:
    """Watches nothing."""

    def stage(self, stage: Stage) -> None:
        """Ignored."""

    def log(self, point: LogPoint) -> None:
        """Ignored."""

    def budget(self, used_s: float, budget_s: float) -> None:
        """Ignored."""
