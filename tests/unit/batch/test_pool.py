"""Workers on this machine, with gradings that do what a test says."""

import itertools
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.batch import Desk, LocalPool, NoWatch, Order, work_off
from grader.batch import order as ordering
from grader.batch import pool as module
from grader.batch.order import Conditions, Outcome, carry_out
from grader.cohort import HandedIn, LooseFile
from grader.course import Course
from grader.entries import Student
from grader.errors import DiskFull, SubmissionInvalid, UsageError
from grader.pipeline import GradingRequest
from grader.progress import Progress, Silent
from grader.results import Mode, Reason, Report, Verdict
from grader.sandbox.base import Sandbox
from grader.store import RunKind, Store
from grader.text import Text, same
from tests.unit.batch.kit import conditions, entered, handed_in, order
from tests.unit.reports import samples

GRADED = Outcome(samples.report(), b"model")
WAIT_S = 20
"""For what must happen; whoever waits so long fails."""


@pytest.fixture
def orders(store: Store, course: Course, tmp_path: Path) -> list[Order]:
    return entered(store, course, tmp_path / "submissions", 6)


Grading = Callable[[Order, Sandbox], Outcome]


@pytest.fixture
def gradings(monkeypatch: pytest.MonkeyPatch) -> Callable[[Grading], None]:
    """Puts something else in the place of a grading."""

    def set_to(grading: Grading) -> None:
        def fake(
            order: Order, conditions: Conditions, *, gpu: int | None, progress: Progress, sandbox: Sandbox
        ) -> Outcome:
            return grading(order, sandbox)

        monkeypatch.setattr(module, "carry_out", fake)

    return set_to


def test_pool_has_a_worker_per_core_or_as_many_as_asked_for() -> None:
    assert LocalPool.on_cpus().slots == (None,) * (os.cpu_count() or 1)
    assert LocalPool.on_cpus(3).slots == (None, None, None)


def test_pool_spreads_first_orders_over_gpus() -> None:
    assert LocalPool.on_gpus([0, 2], per_gpu=2).slots == (0, 2, 0, 2)


def test_everything_is_graded_by_several_workers(
    store: Store, orders: list[Order], gradings: Callable[[Grading], None]
) -> None:
    together = threading.Barrier(3, timeout=WAIT_S)

    def grade(order: Order, sandbox: Sandbox) -> Outcome:
        together.wait()  # passes only where three are under way at one time
        return GRADED

    gradings(grade)
    with Desk(store, orders, NoWatch()) as desk:
        work_off(desk, LocalPool.on_cpus(3), conditions())
    assert desk.tally.graded == 6
    assert set(store.keys(RunKind.GRADING)) == {order.number for order in orders}


def test_slow_submission_does_not_hold_up_the_others(
    store: Store, orders: list[Order], gradings: Callable[[Grading], None]
) -> None:
    others_done, count = threading.Event(), itertools.count(1)

    def grade(order: Order, sandbox: Sandbox) -> Outcome:
        if order.student_id == "s00":
            assert others_done.wait(WAIT_S), "the others must not wait for this one"
        elif next(count) == len(orders) - 1:
            others_done.set()
        return GRADED

    gradings(grade)
    with Desk(store, orders, NoWatch()) as desk:
        work_off(desk, LocalPool.on_cpus(2), conditions())
    assert desk.tally.graded == 6


def test_orders_are_taken_only_as_fast_as_workers_finish(
    store: Store, orders: list[Order], gradings: Callable[[Grading], None]
) -> None:
    """An endless cohort is no more in memory than a short one."""
    taken: list[int] = []
    most_ahead = 0
    finished = 0
    lock = threading.Lock()

    def endless() -> Iterator[Order]:
        for place in itertools.count():
            taken.append(place)
            yield orders[place % len(orders)]

    def grade(order: Order, sandbox: Sandbox) -> Outcome:
        nonlocal finished, most_ahead
        with lock:
            most_ahead = max(most_ahead, len(taken) - finished)
            finished += 1
            if finished == 40:
                desk.stop()
        return Outcome(samples.report(verdict=Verdict.NOT_GRADED, criteria=(), score=0, passed=False), None)

    gradings(grade)
    with Desk(store, endless(), NoWatch()) as desk:
        work_off(desk, LocalPool.on_cpus(2), conditions())
    # Two workers may meet the same order in a row, and leave it to each other.
    assert most_ahead <= 2 + desk.tally.left
    assert finished < 45


def test_result_that_cannot_be_kept_holds_up_none_but_its_own_submission(
    store: Store, orders: list[Order], gradings: Callable[[Grading], None]
) -> None:
    unkept = samples.report(score=0.5)
    object.__setattr__(unkept, "score", 10**400)  # what nobody thought of

    gradings(lambda order, sandbox: Outcome(unkept, None) if order.student_id == "s02" else GRADED)
    with Desk(store, orders, NoWatch()) as desk:
        work_off(desk, LocalPool.on_cpus(2), conditions())
    assert (desk.tally.graded, desk.tally.not_graded) == (5, 1)
    assert desk.last_fault is not None
    assert "Internal error" in desk.last_fault.en
    assert orders[2].number not in store.keys(RunKind.GRADING)


def test_usage_error_stops_all_and_is_raised(
    store: Store, orders: list[Order], gradings: Callable[[Grading], None]
) -> None:
    def grade(order: Order, sandbox: Sandbox) -> Outcome:
        raise UsageError(same("not like this"))

    gradings(grade)
    with Desk(store, orders, NoWatch()) as desk, pytest.raises(UsageError, match="not like this"):
        work_off(desk, LocalPool.on_cpus(2), conditions())
    assert store.keys(RunKind.GRADING) == {}


def test_gradebook_on_a_full_disk_stops_all_and_is_raised(
    store: Store, orders: list[Order], gradings: Callable[[Grading], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **keywords: object) -> bool:
        raise DiskFull(same("full"))

    gradings(lambda order, sandbox: GRADED)
    monkeypatch.setattr(store, "land", refuse)
    with Desk(store, orders, NoWatch()) as desk, pytest.raises(DiskFull):
        work_off(desk, LocalPool.on_cpus(2), conditions())


def test_interrupt_ends_what_runs_and_keeps_nothing_of_it(
    store: Store, orders: list[Order], gradings: Callable[[Grading], None]
) -> None:
    stopped = threading.Event()

    def grade(order: Order, sandbox: Sandbox) -> Outcome:
        if order.student_id == "s02":
            signal.raise_signal(signal.SIGINT)
        if order.student_id in ("s00", "s01"):
            return GRADED
        assert stopped.wait(WAIT_S)
        return GRADED

    gradings(grade)
    with Desk(store, orders, NoWatch()) as desk:
        stop = desk.stop

        def note(failure: BaseException | None = None) -> None:
            stop(failure)
            stopped.set()

        desk_stop = pytest.MonkeyPatch()
        desk_stop.setattr(Desk, "stop", lambda self, failure=None: note(failure))
        try:
            with pytest.raises(KeyboardInterrupt):
                work_off(desk, LocalPool.on_cpus(1), conditions())
        finally:
            desk_stop.undo()
    assert desk.tally.graded == 2
    assert {order.student_id for order in orders if order.number in store.keys(RunKind.GRADING)} == {"s00", "s01"}
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("batch-")]


def graded_by(monkeypatch: pytest.MonkeyPatch, grade: Callable[[GradingRequest], Report]) -> None:
    def fake(request: GradingRequest, *, progress: Progress, sandbox: Sandbox | None) -> Report:
        return grade(request)

    monkeypatch.setattr(ordering, "grade_submission", fake)


def carried_out(one: Order) -> Outcome:
    return carry_out(one, conditions(), gpu=None, progress=Silent(), sandbox=None)


def test_fault_of_the_grader_is_no_mark_and_holds_up_nobody_else(
    store: Store, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    def grade(request: GradingRequest) -> Report:
        if request.path.name == "s01.py":
            raise ZeroDivisionError
        return samples.report()

    graded_by(monkeypatch, grade)
    with Desk(store, orders, NoWatch()) as desk:
        work_off(desk, LocalPool.on_cpus(2), conditions())
    assert (desk.tally.graded, desk.tally.not_graded) == (5, 1)
    assert orders[1].number not in store.keys(RunKind.GRADING)


def test_fault_of_the_grader_names_itself(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def grade(request: GradingRequest) -> Report:
        raise ZeroDivisionError

    graded_by(monkeypatch, grade)
    report = carried_out(order(course, tmp_path / "kim.py")).report
    assert (report.verdict, report.reason) == (Verdict.NOT_GRADED, Reason.INFRASTRUCTURE)
    assert report.ending is not None
    assert "ZeroDivisionError" in report.ending.message.en


def test_usage_error_is_not_taken_for_a_fault(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def grade(request: GradingRequest) -> Report:
        raise UsageError(same("wrong"))

    graded_by(monkeypatch, grade)
    with pytest.raises(UsageError):
        carried_out(order(course, tmp_path / "kim.py"))


def test_model_that_counted_comes_back_and_nothing_stays(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())

    def grade(request: GradingRequest) -> Report:
        assert request.keep_model is not None
        request.keep_model.write_bytes(b"weights")
        return samples.report()

    graded_by(monkeypatch, grade)
    assert carried_out(order(course, tmp_path / "kim.py")).model == b"weights"
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(("mode", "given"), [(Mode.ARTIFACT, True), (Mode.RETRAIN, False)])
def test_model_beside_the_code_is_graded_only_where_it_is_to_be(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, given: bool
) -> None:
    asked: list[GradingRequest] = []

    def grade(request: GradingRequest) -> Report:
        asked.append(request)
        return samples.report()

    graded_by(monkeypatch, grade)
    model = tmp_path / "model.pt2"
    carried_out(order(course, tmp_path, handed_in=handed_in(tmp_path, model=model), mode=mode))
    assert asked[0].artifact == (model if given else None)


def loose(tmp_path: Path, student: str = "kim") -> HandedIn:
    """Two files of one student, as Canvas names them."""
    paths = [tmp_path / f"kim_1_{number}_{name}" for number, name in enumerate(("solution.py", "net.py"))]
    for path in paths:
        path.write_text("answer = 1\n")
    files = tuple(LooseFile(path, path.name.split("_", 3)[3]) for path in paths)
    return handed_in(paths[0], student, loose=files)


@pytest.mark.parametrize("student", ["kim", "..", ".", "a/b", "../../etc", "", "김하나" * 40, "\x1b[31m"])
def test_loose_files_are_brought_together_whatever_the_student_is_called(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, student: str
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    def grade(request: GradingRequest) -> Report:
        assert sorted(path.name for path in request.path.iterdir()) == ["net.py", "solution.py"]
        assert len(request.path.resolve().relative_to(tmp_path / "temporary").parts) == 2
        return samples.report()

    graded_by(monkeypatch, grade)
    assert carried_out(order(course, tmp_path, handed_in=loose(tmp_path, student))).report.verdict is Verdict.GRADED
    assert list((tmp_path / "temporary").iterdir()) == []


def test_loose_file_that_can_not_be_taken_is_that_students_result_and_stops_nobody(
    course: Course, tmp_path: Path
) -> None:
    made = loose(tmp_path)
    (tmp_path / "kim_1_1_net.py").unlink()
    (tmp_path / "kim_1_1_net.py").symlink_to("/etc/passwd")
    report = carried_out(order(course, tmp_path, handed_in=made)).report
    assert (report.verdict, report.reason, report.score) == (Verdict.GRADED, Reason.SUBMISSION_INVALID, 0)


@pytest.mark.parametrize(
    ("failure", "verdict", "reason"),
    [
        (SubmissionInvalid(same("too large")), Verdict.GRADED, Reason.SUBMISSION_INVALID),
        (DiskFull(Text("The disk is full.", "디스크")), Verdict.NOT_GRADED, Reason.INFRASTRUCTURE),
        (OSError(28, "No space left on device"), Verdict.NOT_GRADED, Reason.INFRASTRUCTURE),
        (MemoryError(), Verdict.NOT_GRADED, Reason.INFRASTRUCTURE),
    ],
)
def test_failure_to_bring_files_together_is_a_result_like_any_other(
    course: Course,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    verdict: Verdict,
    reason: Reason,
) -> None:
    def refuse(*arguments: object) -> None:
        raise failure

    monkeypatch.setattr(ordering, "stage", refuse)
    report = carried_out(order(course, tmp_path, handed_in=loose(tmp_path))).report
    assert (report.verdict, report.reason) == (verdict, reason)


def test_no_room_for_temporary_files_is_told_as_a_full_disk(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**keywords: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    report = carried_out(order(course, tmp_path / "kim.py", Student(id="kim"))).report
    assert report.verdict is Verdict.NOT_GRADED
    assert report.ending is not None
    assert "disk" in report.ending.message.en
