"""What the rules make of attempts."""

from datetime import timedelta
from typing import Any

import pytest

from grader.entries import Attempt, Flag, Mark, Student
from grader.policies import CoursePolicies, apply_policies, is_audited
from grader.results import Mode, Reason
from tests.unit.policies.gradebooks import CNN, DUE, FAILED, attempt, gradebook, graded

LATE = {"per_day": "10%", "cap": "30%", "accept_days": 5}


def policies(**rules: Any) -> CoursePolicies:
    return CoursePolicies.model_validate({"time_zone": "UTC", "due": DUE, **rules})


def mark(*attempts: Attempt, now: timedelta = timedelta(days=30), **rules: Any) -> Mark:
    marks = apply_policies(gradebook(*attempts), policies(**rules), now=DUE + now)
    assert len(marks) == 1
    return marks[0]


@pytest.mark.parametrize(
    ("late", "days", "points"),
    [
        (timedelta(0), 0, 90.0),
        (timedelta(minutes=10), 0, 90.0),
        (timedelta(minutes=10, microseconds=1), 1, 80.0),
        (timedelta(days=1, minutes=10), 1, 80.0),
        (timedelta(days=1, minutes=11), 2, 70.0),
        (timedelta(days=4), 4, 60.0),
        (timedelta(days=5, minutes=10), 5, 60.0),
    ],
)
def test_late_work_loses_a_share_per_begun_day_up_to_the_cap(late: timedelta, days: int, points: float) -> None:
    found = mark(attempt(1, 90, late=late), late=LATE, grace_minutes=10)
    assert (found.days_late, found.points, found.score) == (days, points, 90.0)
    assert found.penalty == pytest.approx(90 - points)
    assert found.flags == ((Flag.LATE,) if days else ())
    assert found.due == DUE


def test_work_after_the_last_day_is_not_accepted() -> None:
    found = mark(attempt(1, 90, late=timedelta(days=5, seconds=1)), late=LATE)
    assert (found.points, found.score, found.penalty, found.days_late) == (0.0, 90.0, 90.0, 6)
    assert found.flags == (Flag.TOO_LATE,)
    ungraded = mark(attempt(1, None, late=timedelta(days=9)), late=LATE)
    assert (ungraded.points, ungraded.flags) == (0.0, (Flag.TOO_LATE,))


@pytest.mark.parametrize("which", ["best", "last"])
def test_what_came_too_late_does_not_displace_what_was_accepted(which: str) -> None:
    found = mark(attempt(1, 40), attempt(2, 90, late=timedelta(days=9)), late=LATE, attempts=which)
    assert (found.points, found.attempts, found.flags) == (40.0, 2, ())


def test_penalty_in_points_never_takes_more_than_there_is() -> None:
    found = mark(attempt(1, 12, late=timedelta(days=3)), late={"per_day": 7})
    assert (found.points, found.penalty) == (0.0, 12.0)


def test_best_attempt_is_chosen_after_the_penalty() -> None:
    found = mark(attempt(1, 80), attempt(2, 85, late=timedelta(hours=1)), late=LATE)
    assert found.attempt is not None
    assert (found.attempt.submission_id, found.points, found.flags) == (1, 80.0, ())


def test_last_attempt_counts_whatever_it_earned() -> None:
    assert mark(attempt(1, 80, late=timedelta(hours=-3)), attempt(2, 70), attempts="last").points == 70.0


def test_among_equals_the_earliest_counts() -> None:
    first, second = attempt(2, 80, late=timedelta(hours=-2)), attempt(1, 80)
    assert mark(second, first).attempt is first


def test_only_the_first_attempts_count() -> None:
    found = mark(
        attempt(1, 10, late=timedelta(hours=-3)),
        attempt(2, 20, late=timedelta(hours=-2)),
        attempt(3, 90),
        max_attempts=2,
    )
    assert (found.points, found.attempts) == (20.0, 3)


def test_attempt_that_is_not_graded_leaves_the_mark_open() -> None:
    for grading in (None, FAILED):
        found = mark(attempt(1, grading))
        assert (found.points, found.score, found.flags) == (None, None, (Flag.NOT_GRADED,))
    best = mark(attempt(1, 50, late=timedelta(hours=-2)), attempt(2, None))
    assert (best.points, best.flags) == (50.0, (Flag.NOT_GRADED,))
    last = mark(attempt(1, None, late=timedelta(hours=-2)), attempt(2, 50), attempts="last")
    assert (last.points, last.flags) == (50.0, ())
    assert mark(attempt(1, 50, late=timedelta(hours=-2)), attempt(2, None), attempts="last").points is None


@pytest.mark.parametrize(
    ("rules", "points"),
    [({}, 110.0), ({"bonus": False}, 95.0), ({"max_bonus_points": 5}, 100.0), ({"max_bonus_points": 0}, 95.0)],
)
def test_bonus_counts_as_far_as_the_rules_allow(rules: dict[str, Any], points: float) -> None:
    assert mark(attempt(1, graded(95, bonus=15)), **rules).points == points


def test_student_without_an_attempt_is_missing_once_the_due_date_has_passed() -> None:
    late = mark(now=timedelta(minutes=11), grace_minutes=10)
    assert (late.attempt, late.points, late.attempts, late.flags) == (None, None, 0, (Flag.MISSING,))
    assert mark(now=timedelta(minutes=10), grace_minutes=10).flags == ()
    without_due = apply_policies(gradebook(), CoursePolicies(), now=DUE)
    assert without_due[0].flags == (Flag.MISSING,)


def test_every_student_has_a_mark_and_strangers_are_flagged() -> None:
    students = (Student(id="lee"), Student(id="kim"), Student(id="guest", enrolled=False))
    book = gradebook(attempt(1, 50), attempt(2, 60, student_id="nobody"), students=students)
    marks = apply_policies(book, CoursePolicies(), now=DUE)
    assert [(found.student.id, found.flags) for found in marks] == [
        ("lee", (Flag.MISSING,)),
        ("kim", ()),
        ("guest", (Flag.UNKNOWN_STUDENT, Flag.MISSING)),
        ("nobody", (Flag.UNKNOWN_STUDENT,)),
    ]
    assert all(found.due is None and found.max_points == 100 for found in marks)


def test_extension_moves_the_due_date_of_one_student() -> None:
    extensions = {"kim": {CNN.id: 3}}
    book = gradebook(
        attempt(1, 50, late=timedelta(days=2)),
        attempt(2, 50, late=timedelta(days=2), student_id="lee"),
        students=(Student(id="kim"), Student(id="lee")),
    )
    marks = apply_policies(book, policies(late=LATE, extensions=extensions), now=DUE)
    assert [(found.points, found.days_late) for found in marks] == [(50.0, 0), (30.0, 2)]
    assert marks[0].due == DUE + timedelta(days=3)


AUDIT = {"share": 1.0, "seed": "s", "tolerance": 0.005}


@pytest.mark.parametrize(
    ("audit", "flags"),
    [
        (None, (Flag.AUDIT_PENDING,)),
        (FAILED, (Flag.AUDIT_PENDING,)),
        (graded(90, accuracy=0.99), ()),
        (graded(90, accuracy=0.985), ()),
        (graded(90, accuracy=0.9849), (Flag.AUDIT_MISMATCH,)),
        (graded(0, accuracy=None, reason=Reason.TRAIN_ERROR), (Flag.AUDIT_MISMATCH,)),
        (graded(90, accuracy=0.999), ()),
    ],
)
def test_ready_model_is_flagged_by_its_audit(audit: Any, flags: tuple[Flag, ...]) -> None:
    found = mark(attempt(1, 90, mode=Mode.ARTIFACT, audit=audit), audit=AUDIT)
    assert found.flags == flags
    assert found.points == 90.0


def test_nothing_is_audited_that_was_trained_refused_or_not_chosen() -> None:
    assert mark(attempt(1, 90), audit=AUDIT).flags == ()
    refused = graded(0, accuracy=None, reason=Reason.ARTIFACT_REJECTED)
    assert mark(attempt(1, refused, mode=Mode.ARTIFACT), audit=AUDIT).flags == ()
    assert mark(attempt(1, 90, mode=Mode.ARTIFACT)).flags == ()


def test_mismatch_found_by_hand_is_flagged_without_a_share() -> None:
    bad = graded(10, accuracy=0.1)
    assert mark(attempt(1, 90, mode=Mode.ARTIFACT, audit=bad)).flags == (Flag.AUDIT_MISMATCH,)


def test_share_of_audits_is_about_what_was_asked_and_depends_on_the_seed() -> None:
    def chosen(seed: str) -> set[int]:
        rules = policies(audit={"share": 0.2, "seed": seed})
        return {number for number in range(2000) if is_audited(rules, f"student {number}", CNN.id, "abc")}

    assert 320 <= len(chosen("a")) <= 480  # five standard deviations
    assert chosen("a") == chosen("a") != chosen("b")
