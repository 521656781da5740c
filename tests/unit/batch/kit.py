"""A small course, what students handed in for it, and orders, for tests of batches."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from grader.batch import BatchRequest, Conditions, Order
from grader.cohort import Found, HandedIn, Layout
from grader.course import Course
from grader.entries import Student
from grader.progress import Stage
from grader.results import LogPoint, Mode, Report
from grader.settings import Settings
from grader.store import RunKind, Store
from tests.conftest import ROOT

COMMENTS = "mission_transfer_annotated"
"""Trains nothing, needs no data."""
CNN = "mission_cnn"
MONDAY = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


def small_course(root: Path) -> Course:
    """A copy of two missions that a test may change."""
    for mission in (COMMENTS, CNN):
        for part in ("missions", "starter_code"):
            shutil.copytree(ROOT / part / mission, root / part / mission)
    return Course(root)


def handed_in(path: Path, student: str = "kim", **changes: object) -> HandedIn:
    """What lies at `path`, as one student's."""
    values = {"mission_id": COMMENTS, "path": path, "submitted": MONDAY, "name": path.name, **changes}
    return HandedIn(student=Student(id=student), **values)  # type: ignore[arg-type]


def conditions(**changes: object) -> Conditions:
    values = {"sandbox": "none", "seed": 0, "settings": Settings(), **changes}
    return Conditions(**values)  # type: ignore[arg-type]


def request(course: Course, *submissions: HandedIn, **changes: object) -> BatchRequest:
    """A batch over these submissions."""
    values = {
        "course": course,
        "found": Found(layout=Layout.PLAIN, submissions=submissions, skipped=()),
        "roster": None,
        "conditions": conditions(),
        **changes,
    }
    return BatchRequest(**values)  # type: ignore[arg-type]


def land_all(store: Store, orders: "tuple[Order, ...]", report: Callable[[Order], Report]) -> None:
    """Results for all of them, as a batch would enter them."""
    from grader.store import Claimant

    claimant = Claimant.new()
    for order in orders:
        store.claim(order.number, order.kind, order.key, claimant)
        assert store.land(order.number, order.kind, order.key, report(order), claimant)


def entered(store: Store, course: Course, folder: Path, count: int) -> list[Order]:
    """Orders for so many students, whose submissions are in the gradebook."""
    from grader.batch import plan_batch

    folder.mkdir(exist_ok=True)
    submissions = []
    for place in range(count):
        path = folder / f"s{place:02}.py"
        path.write_text(f"answer = {place}\n", encoding="utf-8")
        submissions.append(handed_in(path, f"s{place:02}"))
    return list(plan_batch(request(course, *submissions), store).orders)


def order(course: Course, path: Path, student: Student | None = None, number: int = 1, **changes: object) -> Order:
    """An order of nobody's gradebook."""
    given = handed_in(path)
    if student is not None:
        given = HandedIn(student=student, mission_id=COMMENTS, path=path, submitted=MONDAY, name=path.name)
    values = {
        "number": number,
        "handed_in": given,
        "mission": course.mission(COMMENTS),
        "mode": Mode.RETRAIN,
        "kind": RunKind.GRADING,
        "key": "k" * 64,
        **changes,
    }
    return Order(**values)  # type: ignore[arg-type]


class Notes:
    """A watch that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def planned(self, *, total: int, unchanged: int) -> None:
        self.told.append(("planned", f"{total} {unchanged}"))

    def began(self, order: Order) -> None:
        self.told.append(("began", order.student_id))

    def stage(self, order: Order, stage: Stage) -> None:
        self.told.append(("stage", order.student_id))

    def log(self, order: Order, point: LogPoint) -> None:
        self.told.append(("log", order.student_id))

    def budget(self, order: Order, used_s: float, budget_s: float) -> None:
        self.told.append(("budget", order.student_id))

    def landed(self, order: Order, report: Report, seconds: float) -> None:
        self.told.append(("landed", order.student_id))

    def left(self, order: Order) -> None:
        self.told.append(("left", order.student_id))

    def of(self, event: str) -> list[str]:
        """The students of one kind of event, in order."""
        return [student for name, student in self.told if name == event]
