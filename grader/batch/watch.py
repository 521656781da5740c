"""What a batch tells whoever watches it. Called from its workers, one call at a time."""

from typing import Protocol

from grader.batch.order import Order
from grader.progress import Stage
from grader.results import LogPoint, Report


class Watch(Protocol):
    """Receives what happens; must return at once."""

    def planned(self, *, total: int, unchanged: int) -> None:
        """So many are to be graded; so many have a result that still holds."""

    def began(self, order: Order) -> None:
        """A submission is being graded."""

    def stage(self, order: Order, stage: Stage) -> None:
        """One of its steps has begun."""

    def log(self, order: Order, point: LogPoint) -> None:
        """Its code called `log`."""

    def budget(self, order: Order, used_s: float, budget_s: float) -> None:
        """So much of its training budget is used."""

    def landed(self, order: Order, report: Report, seconds: float) -> None:
        """Its result is in the gradebook; one that the machine failed at is not a mark."""

    def left(self, order: Order) -> None:
        """Another batch has it, or has graded it meanwhile."""


class NoWatch:
    """Watches nothing."""

    def planned(self, *, total: int, unchanged: int) -> None:
        """Ignored."""

    def began(self, order: Order) -> None:
        """Ignored."""

    def stage(self, order: Order, stage: Stage) -> None:
        """Ignored."""

    def log(self, order: Order, point: LogPoint) -> None:
        """Ignored."""

    def budget(self, order: Order, used_s: float, budget_s: float) -> None:
        """Ignored."""

    def landed(self, order: Order, report: Report, seconds: float) -> None:
        """Ignored."""

    def left(self, order: Order) -> None:
        """Ignored."""
