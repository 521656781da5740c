"""Whatever the attempts and the rules: penalties stay within their bounds, and the order of things does not matter."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from grader.entries import Flag, Student
from grader.policies import CoursePolicies, apply_policies, is_audited
from grader.policies.marks import weigh
from grader.policies.times import days_after, days_late, placed_in
from tests.unit.policies.gradebooks import DUE, FAILED, attempt, gradebook, graded

amounts = st.one_of(st.floats(0, 200), st.integers(0, 100).map(lambda percent: f"{percent}%"))
late_rules = st.fixed_dictionaries({"per_day": amounts, "cap": amounts}, optional={"accept_days": st.integers(0, 10)})
rules = st.fixed_dictionaries(
    {"time_zone": st.sampled_from(["Asia/Seoul", "America/New_York", "UTC"]), "due": st.just(DUE), "late": late_rules},
    optional={
        "grace_minutes": st.integers(0, 3000),
        "attempts": st.sampled_from(["best", "last"]),
        "max_attempts": st.integers(1, 4),
        "bonus": st.booleans(),
        "max_bonus_points": st.floats(0, 30),
    },
)
points = st.integers(0, 10_000).map(lambda hundredths: hundredths / 100)
gradings = st.one_of(
    st.none(),
    st.just(FAILED),
    st.builds(lambda score, bonus: graded(score, bonus=bonus), points, st.integers(0, 2000).map(lambda b: b / 100)),
)
lateness = st.integers(-5 * 24 * 3600, 15 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds))
attempts = st.lists(st.tuples(gradings, lateness), max_size=6).map(
    lambda items: [attempt(number, grading, late=late) for number, (grading, late) in enumerate(items)]
)


@given(attempts, rules, st.randoms(use_true_random=False))
def test_mark_keeps_its_bounds_and_ignores_order(
    items: list[Any], raw: dict[str, Any], shuffler: random.Random
) -> None:
    policies = CoursePolicies.model_validate(raw)
    (mark,) = apply_policies(gradebook(*items), policies, now=DUE)
    shuffled = list(items)
    shuffler.shuffle(shuffled)
    assert apply_policies(gradebook(*shuffled), policies, now=DUE) == (mark,)
    assert mark.attempts == len(items)
    if mark.points is None:
        assert mark.score is None
        return
    assert mark.points >= 0
    assert mark.penalty >= 0
    if Flag.TOO_LATE in mark.flags:
        assert mark.points == 0
        return
    assert mark.score is not None
    assert mark.points <= mark.score
    assert mark.penalty <= policies.late.cap.of(100) + 1e-9
    assert abs(mark.score - mark.penalty - mark.points) < 0.006
    assert mark.days_late > 0 or mark.penalty == 0


@given(attempts, rules)
def test_best_attempt_is_at_least_every_other(items: list[Any], raw: dict[str, Any]) -> None:
    policies = CoursePolicies.model_validate({**raw, "attempts": "best", "max_attempts": 99})
    (mark,) = apply_policies(gradebook(*items), policies, now=DUE)
    earned = [weigh(item, policies, DUE.astimezone(policies.zone), 100).points for item in items]
    known = [value for value in earned if value is not None]
    if known and mark.points is not None:
        assert mark.points == max(known)


@given(attempts, rules, st.text(max_size=5))
def test_other_students_change_nothing(items: list[Any], raw: dict[str, Any], other: str) -> None:
    policies = CoursePolicies.model_validate({**raw, "audit": {"share": 0.5, "seed": 1}})
    (alone,) = apply_policies(gradebook(*items), policies, now=DUE)
    crowd = gradebook(*items, attempt(99, 100, student_id=f"x{other}"), students=(Student(id="a"), Student(id="kim")))
    assert alone in apply_policies(crowd, policies, now=DUE)


@given(st.floats(0, 1), st.floats(0, 1), st.text(max_size=5), st.text(max_size=5))
def test_larger_share_keeps_whom_the_smaller_chose(one: float, other: float, student: str, content: str) -> None:
    few, many = (
        CoursePolicies.model_validate({"audit": {"share": share, "seed": "s"}}) for share in sorted((one, other))
    )
    if is_audited(few, student, "mission_cnn", content):
        assert is_audited(many, student, "mission_cnn", content)


zones = st.sampled_from(["America/New_York", "Asia/Seoul", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"])
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1))


@example(datetime(2026, 11, 1, 1, 30), ZoneInfo("America/New_York"), 30, 1)
@example(datetime(2026, 10, 31, 1, 30), ZoneInfo("America/New_York"), 0, 25 * 3600)
@example(datetime(2026, 3, 7, 2, 30), ZoneInfo("America/New_York"), 0, 24 * 3600)
@given(moments, zones.map(ZoneInfo), st.integers(0, 4000), st.integers(-100_000, 3_000_000))
def test_days_late_are_the_fewest_days_that_reach(
    local: datetime, zone: ZoneInfo, grace_minutes: int, seconds: int
) -> None:
    due = placed_in(local, zone)
    grace = timedelta(minutes=grace_minutes)
    deadline = (due.astimezone(UTC) + grace).astimezone(zone)
    submitted = deadline.astimezone(UTC) + timedelta(seconds=seconds)
    days = days_late(submitted, due, grace)
    assert (days == 0) == (submitted <= deadline)
    if days > 0:
        assert submitted <= days_after(deadline, days)
        assert days == 1 or submitted > days_after(deadline, days - 1)
