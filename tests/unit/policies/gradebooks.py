"""Gradebooks in a few words."""

from datetime import UTC, datetime, timedelta

from grader.entries import Attempt, CriterionScore, Gradebook, Grading, Student
from grader.results import MissionInfo, Mode, Reason, Status, Verdict
from grader.text import same

DUE = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
CNN = MissionInfo(id="mission_cnn", title=same("CNN"), points=100, pass_mark=60)


def graded(score: float, *, bonus: float = 0.0, accuracy: float | None = 0.99, reason: Reason | None = None) -> Grading:
    criteria = (
        CriterionScore(id="bar", status=Status.PARTIAL, points=score, max_points=100),
        *([CriterionScore(id="extra", status=Status.PASSED, points=bonus, max_points=20, bonus=True)] if bonus else []),
    )
    return Grading(
        key="k",
        created=DUE,
        verdict=Verdict.GRADED,
        reason=reason,
        passed=score >= 60,
        score=score + bonus,
        max_score=100,
        criteria=criteria,
        report_sha256="r",
        accuracy=accuracy,
    )


FAILED = Grading(
    key="k",
    created=DUE,
    verdict=Verdict.NOT_GRADED,
    reason=Reason.INFRASTRUCTURE,
    passed=False,
    score=0,
    max_score=100,
    criteria=(),
    report_sha256="r",
)


def attempt(
    number: int,
    grading: Grading | float | None,
    *,
    late: timedelta = timedelta(hours=-1),
    student_id: str = "kim",
    audit: Grading | None = None,
    mode: Mode = Mode.RETRAIN,
) -> Attempt:
    return Attempt(
        submission_id=number,
        student_id=student_id,
        mission_id=CNN.id,
        name="solution.py",
        content=f"content {number}",
        submitted=DUE + late,
        mode=mode,
        grading=graded(grading) if isinstance(grading, (int, float)) else grading,
        audit=audit,
    )


def gradebook(*attempts: Attempt, students: tuple[Student, ...] = (Student(id="kim"),)) -> Gradebook:
    return Gradebook(missions={CNN.id: CNN}, students={item.id: item for item in students}, attempts=attempts)
