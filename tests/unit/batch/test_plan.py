"""What a batch has to do, in each database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from grader.batch import BatchRequest, plan_audits, plan_batch
from grader.batch import plan as module
from grader.cohort import Found, HandedIn
from grader.course import Course
from grader.entries import Student
from grader.policies import CoursePolicies
from grader.results import Mode, Report, Verdict
from grader.store import RunKind, Store, open_store
from tests.databases import KINDS, database
from tests.unit.batch.kit import CNN, MONDAY, handed_in, land_all, request
from tests.unit.reports import samples


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with database(request.param, tmp_path) as url, open_store(tmp_path / "gradebook", database=url) as opened:
        yield opened


@pytest.fixture
def course(course: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setattr(module, "pack_at_hand", lambda mission, settings: "mnist 1")
    return course


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "submissions").mkdir()
    return tmp_path / "submissions"


def write(folder: Path, student: str, source: str = "answer = 1\n", **changes: object) -> HandedIn:
    path = folder / f"{student}.py"
    path.write_text(source, encoding="utf-8")
    return handed_in(path, student, **changes)


def graded(order: object) -> Report:
    return samples.report()


def students(asked: BatchRequest, store: Store) -> list[str]:
    return [order.student_id for order in plan_batch(asked, store).orders]


def test_everything_new_is_to_be_graded_in_the_order_of_the_folder(store: Store, course: Course, folder: Path) -> None:
    asked = request(course, *(write(folder, name) for name in ("lee", "kim", "park")))
    plan = plan_batch(asked, store)
    assert [order.student_id for order in plan.orders] == ["lee", "kim", "park"]
    assert (len(set(plan.numbers)), plan.unchanged) == (3, 0)


def test_graded_and_unchanged_is_left_alone_and_a_changed_one_is_not(
    store: Store, course: Course, folder: Path
) -> None:
    kim, lee = write(folder, "kim"), write(folder, "lee")
    land_all(store, plan_batch(request(course, kim, lee), store).orders, graded)
    plan = plan_batch(request(course, kim, lee), store)
    assert (plan.orders, plan.unchanged) == ((), 2)
    write(folder, "lee", "answer = 2\n")
    plan = plan_batch(request(course, kim, lee), store)
    assert ([order.student_id for order in plan.orders], plan.unchanged) == (["lee"], 1)
    assert [attempt.student_id for attempt in store.gradebook().attempts].count("lee") == 2


def test_work_put_back_as_it_was_graded_before_needs_no_grading(store: Store, course: Course, folder: Path) -> None:
    kim = write(folder, "kim")
    land_all(store, plan_batch(request(course, kim), store).orders, graded)
    write(folder, "kim", "answer = 2\n")
    land_all(store, plan_batch(request(course, kim), store).orders, graded)
    write(folder, "kim")
    assert students(request(course, kim), store) == []


def test_not_graded_is_to_be_graded(store: Store, course: Course, folder: Path) -> None:
    asked = request(course, write(folder, "kim"))
    failed = samples.report(verdict=Verdict.NOT_GRADED, criteria=(), score=0, passed=False)
    land_all(store, plan_batch(asked, store).orders, lambda order: failed)
    assert students(asked, store) == ["kim"]


def test_forced_is_graded_again_and_stays_to_be_graded_until_it_is(store: Store, course: Course, folder: Path) -> None:
    asked = request(course, write(folder, "kim"), write(folder, "lee"))
    land_all(store, plan_batch(asked, store).orders, graded)
    plan = plan_batch(replace(asked, force=True), store)
    assert len(plan.orders) == 2
    land_all(store, plan.orders[:1], graded)
    assert students(asked, store) == ["lee"]


def test_force_touches_only_what_lies_in_this_folder(store: Store, course: Course, folder: Path) -> None:
    kim, lee = write(folder, "kim"), write(folder, "lee")
    land_all(store, plan_batch(request(course, kim, lee), store).orders, graded)
    plan_batch(request(course, kim, force=True), store)
    assert students(request(course, lee), store) == []


def test_changed_condition_grades_everything_again(store: Store, course: Course, folder: Path) -> None:
    asked = request(course, write(folder, "kim"))
    land_all(store, plan_batch(asked, store).orders, graded)
    assert students(replace(asked, device="cuda"), store) == ["kim"]


def test_model_is_taken_unless_everything_is_to_be_trained(store: Store, course: Course, folder: Path) -> None:
    model = folder / "model.pt2"
    model.write_bytes(b"weights")
    asked = request(course, write(folder, "kim", mission_id=CNN, model=model))
    (taken,) = plan_batch(asked, store).orders
    (trained,) = plan_batch(replace(asked, retrain=True), store).orders
    assert (taken.mode, trained.mode) == (Mode.ARTIFACT, Mode.RETRAIN)
    assert taken.key != trained.key
    assert taken.number != trained.number


def test_same_work_handed_in_twice_is_graded_once_at_its_earlier_time(
    store: Store, course: Course, folder: Path
) -> None:
    late = write(folder, "kim", submitted=MONDAY + timedelta(days=2))
    early = replace(late, path=folder / "again.py", submitted=MONDAY)
    early.path.write_bytes(late.path.read_bytes())
    plan = plan_batch(request(course, late, early), store)
    assert (len(plan.orders), len(set(plan.numbers)), plan.unchanged) == (1, 1, 0)
    (attempt,) = store.gradebook().attempts
    assert attempt.submitted == MONDAY
    land_all(store, plan.orders, graded)
    assert plan_batch(request(course, late, early), store).unchanged == 1


def test_same_work_of_two_students_is_two_submissions(store: Store, course: Course, folder: Path) -> None:
    assert students(request(course, write(folder, "kim"), write(folder, "lee")), store) == ["kim", "lee"]


def test_nothing_handed_in_is_nothing_to_do(store: Store, course: Course) -> None:
    plan = plan_batch(request(course, roster={"kim": Student(id="kim", name="김하나")}), store)
    assert (plan.orders, plan.unchanged) == ((), 0)
    assert store.gradebook().students["kim"].name == "김하나"


def test_planning_reads_unchanged_files_once(
    store: Store, course: Course, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grader.batch import content

    monkeypatch.setattr(content, "_SETTLED_NS", -(10**18))
    asked = request(course, write(folder, "kim"), write(folder, "lee"))
    plan_batch(asked, store)

    def refuse(path: Path, left: int) -> tuple[bytes, int]:
        raise AssertionError(f"{path} has not changed")

    monkeypatch.setattr(content, "_file", refuse)
    assert len(plan_batch(asked, store).orders) == 2


def policies(share: float) -> CoursePolicies:
    return CoursePolicies.model_validate({"audit": {"share": share, "seed": "s"}})


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (1.0, 1)])
def test_audits_are_of_graded_models_that_the_course_chooses(
    store: Store, course: Course, folder: Path, share: float, count: int
) -> None:
    model = folder / "model.pt2"
    model.write_bytes(b"weights")
    with_model = write(folder, "kim", mission_id=CNN, model=model)
    asked = request(course, with_model, write(folder, "lee", mission_id=CNN))
    plan = plan_batch(asked, store)
    assert plan_audits(asked, store, policies(share), plan.numbers).orders == ()
    land_all(store, plan.orders, graded)
    audits = plan_audits(asked, store, policies(share), plan.numbers).orders
    assert [(one.student_id, one.mode, one.kind) for one in audits] == [("kim", Mode.RETRAIN, RunKind.AUDIT)] * count
    land_all(store, audits, graded)
    assert plan_audits(asked, store, policies(share), plan.numbers).orders == ()


def test_course_that_audits_nothing_does_not_read_the_gradebook(
    store: Store, course: Course, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = folder / "model.pt2"
    model.write_bytes(b"weights")
    asked = request(course, write(folder, "kim", mission_id=CNN, model=model))
    plan = plan_batch(asked, store)

    def refuse() -> None:
        raise AssertionError("the gradebook is read")

    monkeypatch.setattr(store, "gradebook", refuse)
    assert plan_audits(asked, store, policies(0.0), plan.numbers).orders == ()
    with pytest.raises(AssertionError):
        plan_audits(asked, store, policies(0.1), plan.numbers)


def test_audits_leave_out_what_does_not_lie_in_this_folder(store: Store, course: Course, folder: Path) -> None:
    model = folder / "model.pt2"
    model.write_bytes(b"weights")
    asked = request(course, write(folder, "kim", mission_id=CNN, model=model))
    plan = plan_batch(asked, store)
    land_all(store, plan.orders, graded)
    elsewhere = replace(asked, found=Found(layout=asked.found.layout, submissions=(), skipped=()))
    assert plan_audits(elsewhere, store, policies(1.0), plan.numbers).orders == ()
