"""Where workers get orders and hand in results: each order goes out once, and each result is kept once."""

import threading
from pathlib import Path

import pytest

from grader.batch import Desk, NoWatch, Order
from grader.batch import desk as module
from grader.batch.desk import Tally
from grader.batch.order import Outcome
from grader.course import Course
from grader.errors import DiskFull, InfrastructureError, StoreUnavailable
from grader.progress import Stage
from grader.results import LogPoint, Reason, Verdict
from grader.sandbox.owner import Owner
from grader.store import Claimant, Claimed, RunKind, Store
from grader.text import Text, same
from tests.unit.batch.kit import Notes, entered
from tests.unit.reports import samples

GRADED = Outcome(samples.report(), None)
FAILED = Outcome(
    samples.report(
        verdict=Verdict.NOT_GRADED,
        reason=Reason.INFRASTRUCTURE,
        ending=samples.ending(reason=Reason.INFRASTRUCTURE, message=Text("The engine is gone.", "엔진이 없습니다.")),
        criteria=(),
        score=0,
        passed=False,
    ),
    None,
)


@pytest.fixture
def orders(store: Store, course: Course, tmp_path: Path) -> list[Order]:
    return entered(store, course, tmp_path / "submissions", 4)


def take(desk: Desk) -> Order:
    order = desk.take()
    assert order is not None
    return order


def elsewhere() -> Claimant:
    """Another living batch."""
    return Claimant(f"{Owner.of_this_process()}/another")


def free(store: Store, order: Order) -> bool:
    """Whether another batch could have it."""
    claimant = elsewhere()
    mine = store.claim(order.number, order.kind, order.key, claimant) is Claimed.MINE
    store.release(order.number, order.kind, claimant)
    return mine


def test_orders_are_handed_out_one_by_one_and_results_kept(store: Store, orders: list[Order]) -> None:
    notes = Notes()
    with Desk(store, orders, notes) as desk:
        while (order := desk.take()) is not None:
            assert not free(store, order)
            desk.land(order, GRADED)
    assert desk.tally == Tally(graded=4)
    assert notes.of("began") == notes.of("landed") == ["s00", "s01", "s02", "s03"]
    assert store.keys(RunKind.GRADING) == {order.number: order.key for order in orders}
    assert all(attempt.grading is not None for attempt in store.gradebook().attempts)


def test_order_that_another_batch_has_is_left(store: Store, orders: list[Order]) -> None:
    store.claim(orders[0].number, RunKind.GRADING, orders[0].key, elsewhere())
    notes = Notes()
    with Desk(store, orders, notes) as desk:
        assert take(desk).student_id == "s01"
    assert notes.of("left") == ["s00"]
    assert desk.tally.left == 1


def test_order_that_another_batch_has_graded_is_left(store: Store, orders: list[Order]) -> None:
    other = elsewhere()
    store.claim(orders[0].number, RunKind.GRADING, orders[0].key, other)
    store.land(orders[0].number, RunKind.GRADING, orders[0].key, GRADED.report, other)
    with Desk(store, orders, NoWatch()) as desk:
        assert take(desk).student_id == "s01"
    assert desk.tally.left == 1


def test_result_whose_order_was_lost_meanwhile_is_not_kept_and_counts_as_left(
    store: Store, orders: list[Order]
) -> None:
    notes = Notes()
    with Desk(store, orders, notes) as desk:
        order = take(desk)
        store.release(order.number, order.kind, desk.claimant)
        desk.land(order, GRADED)
    assert store.keys(RunKind.GRADING) == {}
    assert (notes.of("landed"), notes.of("left")) == ([], ["s00"])
    assert desk.tally == Tally(left=1)


def test_result_after_the_stop_is_not_kept_and_the_order_is_given_back(store: Store, orders: list[Order]) -> None:
    with Desk(store, orders, NoWatch()) as desk:
        order = take(desk)
        desk.stop()
        desk.land(order, GRADED)
        assert free(store, order)
        assert desk.take() is None
    assert store.keys(RunKind.GRADING) == {}
    assert desk.tally == Tally()


def test_desk_that_closes_gives_back_what_was_begun(store: Store, orders: list[Order]) -> None:
    with Desk(store, orders, NoWatch()) as desk:
        order = take(desk)
        assert not free(store, order)
    assert free(store, order)


def test_desk_that_was_stopped_leaves_others_claims_alone(store: Store, orders: list[Order]) -> None:
    store.claim(orders[0].number, RunKind.GRADING, orders[0].key, elsewhere())
    desk = Desk(store, orders, NoWatch())
    with desk:
        take(desk)
        desk.stop(KeyboardInterrupt())
    assert store.claim(orders[0].number, RunKind.GRADING, orders[0].key, Claimant.new()) is Claimed.BUSY


def test_claims_are_renewed_while_the_batch_lives(
    store: Store, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RENEW_S", 0.0)
    renewed = threading.Event()
    claimants = []

    def renew(claimant: Claimant) -> None:
        claimants.append(claimant)
        if len(claimants) == 1:
            raise StoreUnavailable(same("not now"))
        renewed.set()

    monkeypatch.setattr(store, "renew", renew)
    with Desk(store, orders, NoWatch()) as desk:
        assert renewed.wait(10), "one failure must not end it"
    assert set(claimants) == {desk.claimant}


def test_machine_that_fails_again_and_again_ends_the_batch_with_the_reason(store: Store, orders: list[Order]) -> None:
    with Desk(store, orders, NoWatch(), patience=2, healthy=lambda: False) as desk:
        desk.land(take(desk), FAILED)
        assert not desk.stopped
        desk.land(take(desk), FAILED)
        assert desk.take() is None
    assert isinstance(desk.failure, InfrastructureError)
    assert "The engine is gone." in desk.failure.message.en
    assert "엔진이 없습니다." in desk.failure.message.ko
    assert desk.tally == Tally(not_graded=2)


def test_healthy_machine_goes_on_whatever_fails(store: Store, orders: list[Order]) -> None:
    with Desk(store, orders, NoWatch(), patience=2, healthy=lambda: True) as desk:
        for _ in orders:
            desk.land(take(desk), FAILED)
    assert desk.failure is None
    assert desk.tally == Tally(not_graded=4)
    assert desk.last_fault == Text("The engine is gone.", "엔진이 없습니다.")


def test_success_restores_patience(store: Store, orders: list[Order]) -> None:
    with Desk(store, orders, NoWatch(), patience=2, healthy=lambda: False) as desk:
        for outcome in (FAILED, GRADED, FAILED):
            desk.land(take(desk), outcome)
        assert not desk.stopped
    assert desk.tally == Tally(graded=1, not_graded=2)


def test_gradebook_that_can_not_be_written_to_is_the_workers_to_tell(
    store: Store, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **keywords: object) -> None:
        raise DiskFull(same("full"))

    with Desk(store, orders, NoWatch()) as desk:
        order = take(desk)
        monkeypatch.setattr(store, "land", refuse)
        monkeypatch.setattr(store, "release_all", refuse)
        with pytest.raises(DiskFull):
            desk.land(order, GRADED)
    assert desk.tally == Tally()


def test_progress_of_a_grading_reaches_the_watch(store: Store, orders: list[Order]) -> None:
    notes = Notes()
    with Desk(store, orders, notes) as desk:
        progress = desk.progress(take(desk))
        progress.stage(Stage.TRAIN)
        progress.log(LogPoint(seconds=1, values={"epoch": 1}))
        progress.budget(1, 2)
    assert [event for event, _ in notes.told] == ["began", "stage", "log", "budget"]


def test_first_reason_to_stop_is_the_one_told(store: Store, orders: list[Order]) -> None:
    first, second = StoreUnavailable(same("first")), DiskFull(same("second"))
    with Desk(store, orders, NoWatch()) as desk:
        desk.stop(first)
        desk.stop(second)
    assert desk.failure is first


def test_many_workers_at_one_desk_share_the_orders(store: Store, course: Course, tmp_path: Path) -> None:
    orders = entered(store, course, tmp_path / "many", 30)
    notes = Notes()

    def work(desk: Desk) -> None:
        while (order := desk.take()) is not None:
            desk.land(order, GRADED)

    with Desk(store, orders, notes) as desk:
        workers = [threading.Thread(target=work, args=(desk,)) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert sorted(notes.of("began")) == sorted(notes.of("landed")) == sorted(one.student_id for one in orders)
    assert desk.tally == Tally(graded=30)
