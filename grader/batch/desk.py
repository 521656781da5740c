"""Where workers get orders and hand in results: the one place of a batch that talks to the gradebook."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from grader.batch.order import Order, Outcome
from grader.batch.watch import Watch
from grader.errors import GraderError, InfrastructureError
from grader.progress import Progress, Stage
from grader.results import LogPoint, Verdict
from grader.store import Claimant, Claimed, Store
from grader.text import Text

RENEW_S = 15.0
"""How often the gradebook is told that this batch lives; four times within what others wait."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a batch came to."""

    graded: int = 0
    not_graded: int = 0
    left: int = 0
    """Another batch had them."""


@dataclass(slots=True)
class Desk:
    """Hands out each order once, and keeps each result as it lands. Safe to use from several threads.

    Attributes:
        orders: what is to be done; taken one by one.
        watch: told what happens, by one thread at a time.
        patience: after so many gradings in a row that the machine failed at, it is asked whether it can grade at all.
        healthy: says whether it can; if not, the batch ends: all the rest would fail, too.
    """

    store: Store
    orders: Iterable[Order]
    watch: Watch
    patience: int = 3
    healthy: Callable[[], bool] = lambda: True
    claimant: Claimant = field(default_factory=Claimant.new)
    tally: Tally = Tally()
    failure: BaseException | None = None
    last_fault: Text | None = None
    """What was wrong with the machine when it last failed at a grading."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _failed_in_a_row: int = 0
    _began: dict[int, float] = field(default_factory=dict)
    _heart: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.orders = iter(self.orders)

    def __enter__(self) -> Self:
        self._heart = threading.Thread(target=self._beat, name="batch-heart", daemon=True)
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        if self._heart is not None:
            self._heart.join()
        with contextlib.suppress(InfrastructureError):  # the next batch sees that this one is gone
            self.store.release_all(self.claimant)

    @property
    def stopped(self) -> bool:
        """Whether no more is to be begun or kept."""
        return self._stopped.is_set()

    def stop(self, failure: BaseException | None = None) -> None:
        """Ends the batch: nothing more is handed out, and what is under way is not kept."""
        with self._lock:
            self.failure = self.failure or failure
        self._stopped.set()

    def take(self) -> Order | None:
        """The next order that nobody else has; None where there are no more."""
        while not self.stopped:
            with self._lock:
                order = next(iter(self.orders), None)
            if order is None:
                return None
            if self.store.claim(order.number, order.kind, order.key, self.claimant) is Claimed.MINE:
                self._tell(self.watch.began, order)
                self._began[order.number] = time.monotonic()
                return order
            self._leave(order)
        return None

    def land(self, order: Order, outcome: Outcome, spoilt_by: Callable[[Exception], Outcome] | None = None) -> None:
        """Keeps a result; one that comes after the batch was stopped is no result.

        Args:
            spoilt_by: what to keep instead of a result that can't be kept, whatever is in it; None raises.

        Raises:
            GraderError: the gradebook takes no results at all.
        """
        if self.stopped:
            self.give_back(order)
            return
        try:
            kept = self._keep(order, outcome)
        except GraderError:
            raise
        except Exception as error:
            if spoilt_by is None:
                raise
            outcome = spoilt_by(error)
            kept = self._keep(order, outcome)
        if not kept:
            self._leave(order)
            return
        seconds = time.monotonic() - self._began.pop(order.number, time.monotonic())
        graded = outcome.report.verdict is Verdict.GRADED
        self._count(graded=graded)
        if not graded and outcome.report.ending is not None:
            self.last_fault = outcome.report.ending.message
        self._tell(self.watch.landed, order, outcome.report, seconds)
        if self._failed_in_a_row >= self.patience and not self.healthy():
            ending = outcome.report.ending
            self.stop(_gives_up(ending.message if ending else None, ending.advice if ending else None))

    def give_back(self, order: Order) -> None:
        """Lets somebody else have an order that was begun."""
        with contextlib.suppress(InfrastructureError):
            self.store.release(order.number, order.kind, self.claimant)

    def progress(self, order: Order) -> Progress:
        """What a grading tells its own progress, told to this batch's watch."""
        return _Told(self, order)

    def _keep(self, order: Order, outcome: Outcome) -> bool:
        return self.store.land(order.number, order.kind, order.key, outcome.report, self.claimant, model=outcome.model)

    def _leave(self, order: Order) -> None:
        with self._lock:
            self.tally = Tally(self.tally.graded, self.tally.not_graded, self.tally.left + 1)
        self._tell(self.watch.left, order)

    def _count(self, *, graded: bool) -> None:
        with self._lock:
            done, failed = self.tally.graded + graded, self.tally.not_graded + (not graded)
            self.tally = Tally(done, failed, self.tally.left)
            self._failed_in_a_row = 0 if graded else self._failed_in_a_row + 1

    def _tell(self, event: Callable[..., None], *arguments: object) -> None:
        with self._lock:
            event(*arguments)

    def _beat(self) -> None:
        while not self._stopped.wait(RENEW_S):
            with contextlib.suppress(GraderError):  # whoever lands a result meets the same, and says so
                self.store.renew(self.claimant)


@dataclass(frozen=True, slots=True)
class _Told:
    """One order's progress."""

    desk: Desk
    order: Order

    def stage(self, stage: Stage) -> None:
        self.desk._tell(self.desk.watch.stage, self.order, stage)

    def log(self, point: LogPoint) -> None:
        self.desk._tell(self.desk.watch.log, self.order, point)

    def budget(self, used_s: float, budget_s: float) -> None:
        self.desk._tell(self.desk.watch.budget, self.order, used_s, budget_s)


def _gives_up(message: Text | None, advice: Text | None) -> InfrastructureError:
    last = message or Text("no reason is known", "알려진 이유가 없습니다")
    return InfrastructureError(
        Text(
            f"The machine failed several times in a row, last: {last.en}",
            f"채점 환경에 문제가 연달아 생겼습니다. 마지막 문제: {last.ko}",
        ),
        advice,
    )
