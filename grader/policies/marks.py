"""From attempts to marks. Pure: the same gradebook, rules and moment always give the same marks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from grader.entries import Attempt, Flag, Gradebook, Grading, Mark, Student
from grader.policies.audit import audit_flag
from grader.policies.model import CoursePolicies, Rules
from grader.policies.times import days_late, due_of, has_passed
from grader.results import Verdict


@dataclass(frozen=True, slots=True)
class Weighed:
    """One attempt under the rules.

    Attributes:
        score: before the penalty; None where it is not graded.
        points: after it; None like `score`, but 0 where the work came too late to be accepted.
    """

    attempt: Attempt
    days_late: int
    too_late: bool
    score: float | None
    penalty: float
    points: float | None


def apply_policies(gradebook: Gradebook, policies: CoursePolicies, *, now: datetime) -> tuple[Mark, ...]:
    """One mark for every student, of the roster or not, and every mission, in the order of the gradebook.

    Args:
        now: with its zone. Before the due date, nobody is missing yet.
    """
    handed_in: dict[tuple[str, str], list[Attempt]] = {}
    for attempt in gradebook.attempts:
        handed_in.setdefault((attempt.student_id, attempt.mission_id), []).append(attempt)
    strangers = sorted({student_id for student_id, _ in handed_in} - gradebook.students.keys())
    students = [*gradebook.students.values(), *(Student(id=student_id, enrolled=False) for student_id in strangers)]
    usual = {mission: due_of(policies, "", mission) for mission in gradebook.missions}
    return tuple(
        _mark(
            student,
            mission_id,
            handed_in.get((student.id, mission_id), []),
            policies,
            max_points=mission.points,
            due=due_of(policies, student.id, mission_id) if student.id in policies.extensions else usual[mission_id],
            now=now,
        )
        for student in students
        for mission_id, mission in gradebook.missions.items()
    )


def _mark(
    student: Student,
    mission_id: str,
    attempts: Sequence[Attempt],
    policies: CoursePolicies,
    *,
    max_points: float,
    due: datetime | None,
    now: datetime,
) -> Mark:
    rules = policies.rules(mission_id)
    flags = [] if student.enrolled else [Flag.UNKNOWN_STUDENT]
    if not attempts:
        if due is None or has_passed(due, rules.grace_minutes, now):
            flags.append(Flag.MISSING)
        return Mark(
            student=student,
            mission_id=mission_id,
            attempt=None,
            attempts=0,
            points=None,
            max_points=max_points,
            due=due,
            flags=tuple(flags),
        )
    in_order = sorted(attempts, key=lambda attempt: (attempt.submitted, attempt.submission_id))
    weighed = [weigh(attempt, rules, due, max_points) for attempt in in_order[: rules.max_attempts]]
    counts = choose(weighed, rules)
    return Mark(
        student=student,
        mission_id=mission_id,
        attempt=counts.attempt,
        attempts=len(attempts),
        points=counts.points,
        max_points=max_points,
        score=counts.score,
        penalty=counts.penalty,
        days_late=counts.days_late,
        due=due,
        flags=(*flags, *_flags(counts, weighed, rules, policies)),
    )


def weigh(attempt: Attempt, rules: Rules, due: datetime | None, max_points: float) -> Weighed:
    """One attempt's score, and what being late takes off it."""
    late = 0 if due is None else days_late(attempt.submitted, due, timedelta(minutes=rules.grace_minutes))
    too_late = rules.late.accept_days is not None and late > rules.late.accept_days
    score = None if _is_open(attempt) else _score(attempt.grading, rules, max_points)
    if too_late:
        return Weighed(attempt, late, too_late, score, penalty=score or 0.0, points=0.0)
    if score is None:
        return Weighed(attempt, late, too_late, score=None, penalty=0.0, points=None)
    penalty = min(_late_penalty(rules, late, max_points), score)
    return Weighed(attempt, late, too_late, score, penalty, points=max(0.0, round(score - penalty, 2)))


def choose(weighed: Sequence[Weighed], rules: Rules) -> Weighed:
    """The attempt that counts.

    Args:
        weighed: in the order of handing in; not empty. What came too late counts only where nothing else was handed
            in; what is not graded yet only where nothing is, or where it is the last and the last counts. Among equals
            the earliest counts.
    """
    accepted = [item for item in weighed if not item.too_late] or list(weighed)
    graded = [item for item in accepted if item.points is not None]
    if rules.attempts == "last" or not graded:
        return accepted[-1]
    return max(graded, key=lambda item: item.points or 0.0)


def _is_open(attempt: Attempt) -> bool:
    """Not graded: by the machine's fault, or not yet."""
    return attempt.grading is None or attempt.grading.verdict is Verdict.NOT_GRADED


def _score(grading: Grading | None, rules: Rules, max_points: float) -> float | None:
    """Points of the criteria, with as much of the bonus as the rules allow; never negative."""
    if grading is None:
        return None
    allowed = (rules.max_bonus_points if rules.max_bonus_points is not None else math.inf) if rules.bonus else 0.0
    bonus = sum(criterion.points for criterion in grading.criteria if criterion.bonus)
    base = grading.score - bonus if grading.criteria else min(grading.score, max_points)
    if not grading.criteria:
        bonus = grading.score - base
    return max(0.0, round(base + min(bonus, allowed), 2))


def _late_penalty(rules: Rules, late: int, max_points: float) -> float:
    """Points to take off, rounded down to a hundredth."""
    points = min(late * rules.late.per_day.of(max_points), rules.late.cap.of(max_points))
    return math.floor(points * 100 + 1e-6) / 100


def _flags(counts: Weighed, weighed: Sequence[Weighed], rules: Rules, policies: CoursePolicies) -> list[Flag]:
    """What to look at; under `best`, an attempt still to be graded may yet raise the mark."""
    flags = []
    rivals = weighed if rules.attempts == "best" else (counts,)
    if any(_is_open(item.attempt) and not item.too_late for item in rivals):
        flags.append(Flag.NOT_GRADED)
    if counts.too_late:
        flags.append(Flag.TOO_LATE)
    elif counts.days_late > 0:
        flags.append(Flag.LATE)
    audited = audit_flag(policies, counts.attempt)
    return [*flags, audited] if audited else flags
