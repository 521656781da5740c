"""A small cohort with one student of each kind, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from grader.entries import Attempt, CriterionScore, Flag, Gradebook, Grading, Mark, Student
from grader.results import MissionInfo, Mode, Reason, Report, Status, SubmissionInfo, Verdict
from grader.text import Text
from tests.unit.reports import samples

DUE = datetime(2026, 3, 2, 14, 59, tzinfo=UTC)
CNN = MissionInfo(
    id="mission_cnn",
    title=Text("Build your own CNN for handwritten digits", "손글씨 숫자를 분류하는 CNN 직접 만들기"),
    points=100,
    pass_mark=90,
)
RNN = MissionInfo(id="mission_rnn", title=Text("Read digits row by row", "한 줄씩 읽는 RNN"), points=50, pass_mark=30)

MINJUN = Student(
    id="20240001",
    name="김민준",
    email="minjun@example.ac.kr",
    section="A반",
    canvas_id="101",
    sis_id="S20240001",
    login_id="minjun",
    moodle_id="11",
)
SEOYEON = Student(
    id="20240002",
    name="이서연",
    email="seoyeon@example.ac.kr",
    section="A반",
    canvas_id="102",
    sis_id="S20240002",
    login_id="seoyeon",
    moodle_id="12",
)
ANN = Student(id="20240003", name='O\'Neil, Ann "Annie"', email="ann@example.edu", sis_id="S20240003", moodle_id="13")
JIHOON = Student(id="20240004", name="박지훈", section="B반", canvas_id="104", moodle_id="14")
BOB = Student(id="20240005", name="Bob Lee", email="bob@example.edu", section="B반", login_id="bob", moodle_id="15")
STRANGER = Student(id="final_FINAL(2)", enrolled=False)


def grading(score: float = 91.5, **changes: Any) -> Grading:
    values: dict[str, Any] = {
        "key": "k",
        "created": DUE - timedelta(hours=1),
        "verdict": Verdict.GRADED,
        "reason": None,
        "passed": score >= 90,
        "score": score,
        "max_score": 100,
        "criteria": (
            CriterionScore(id="training", status=Status.PASSED, points=60, max_points=60),
            CriterionScore(id="accuracy", status=Status.PARTIAL, points=score - 60, max_points=40),
        ),
        "report_sha256": "cd" * 32,
        "accuracy": 0.987,
        "parameters": 23_354,
        "seconds": 38.4,
        "cpu_seconds": 71.25,
        "peak_memory_bytes": 632_291_328,
        "device": "cpu",
        **changes,
    }
    return Grading(**values)


def not_graded() -> Grading:
    return grading(
        0.0,
        verdict=Verdict.NOT_GRADED,
        reason=Reason.INFRASTRUCTURE,
        passed=False,
        criteria=(),
        accuracy=None,
        parameters=None,
        seconds=None,
        cpu_seconds=None,
        peak_memory_bytes=None,
        device="",
    )


def attempt(student: Student, result: Grading | None, **changes: Any) -> Attempt:
    values: dict[str, Any] = {
        "submission_id": int(student.id[-1]) if student.id[-1].isdigit() else 9,
        "student_id": student.id,
        "mission_id": CNN.id,
        "name": f"{student.id}.zip",
        "content": "ab" * 32,
        "submitted": DUE - timedelta(hours=2),
        "mode": Mode.RETRAIN,
        "grading": result,
        **changes,
    }
    return Attempt(**values)


def mark(student: Student, result: Grading | None = None, points: float | None = None, **changes: Any) -> Mark:
    """A mark for the CNN; `changes` make it another one."""
    values: dict[str, Any] = {
        "student": student,
        "mission_id": CNN.id,
        "attempt": attempt(student, result),
        "attempts": 1,
        "points": points,
        "max_points": 100.0,
        "score": points,
        "due": DUE,
        **changes,
    }
    return Mark(**values)


def missing(student: Student, mission: MissionInfo = CNN) -> Mark:
    return mark(
        student, mission_id=mission.id, attempt=None, attempts=0, max_points=mission.points, flags=(Flag.MISSING,)
    )


LATE = mark(
    SEOYEON,
    grading(92.0),
    82.0,
    attempt=attempt(SEOYEON, grading(92.0), submitted=DUE + timedelta(days=1, hours=3)),
    attempts=3,
    score=92.0,
    penalty=10.0,
    days_late=2,
    flags=(Flag.LATE,),
)
FAILED = mark(
    JIHOON,
    mission_id=RNN.id,
    attempt=attempt(JIHOON, grading(0.0, max_score=50, reason=Reason.TIME_LIMIT, accuracy=None), mission_id=RNN.id),
    points=0.0,
    max_points=50.0,
)
WAITING = mark(
    BOB, mission_id=RNN.id, attempt=attempt(BOB, None, mission_id=RNN.id), max_points=50.0, flags=(Flag.NOT_GRADED,)
)
AUDITED = mark(
    MINJUN,
    mission_id=RNN.id,
    attempt=attempt(
        MINJUN,
        grading(45.0, max_score=50, passed=True),
        mission_id=RNN.id,
        mode=Mode.ARTIFACT,
        audit=grading(31.0, max_score=50, passed=True, accuracy=0.9012),
    ),
    points=45.0,
    max_points=50.0,
    flags=(Flag.AUDIT_MISMATCH,),
)
CNN_MARKS = (
    mark(MINJUN, grading(91.5), 91.5, attempts=2),
    LATE,
    missing(ANN),
    mark(JIHOON, not_graded(), flags=(Flag.NOT_GRADED,)),
    mark(BOB, grading(105.0), 105.0),
    mark(STRANGER, grading(64.25), 64.25, flags=(Flag.UNKNOWN_STUDENT,)),
)
MARKS = (*CNN_MARKS, AUDITED, missing(SEOYEON, RNN), missing(ANN, RNN), FAILED, WAITING)
BOOK = Gradebook(
    missions={CNN.id: CNN, RNN.id: RNN},
    students={each.id: each for each in (MINJUN, SEOYEON, ANN, JIHOON, BOB, STRANGER)},
    attempts=tuple(each.attempt for each in MARKS if each.attempt is not None),
)


def report_of(wanted: Mark) -> Report | None:
    """A report as the store would hold it."""
    if wanted.attempt is None or wanted.attempt.grading is None:
        return None
    if wanted.attempt.grading.verdict is Verdict.NOT_GRADED:
        return samples.not_graded_report()
    name = SubmissionInfo(name=wanted.student.id, sha256="ab" * 32, files=("solution.py", "layers.py"))
    if wanted.student in (STRANGER, JIHOON):
        return samples.failed_report(submission=name)
    return samples.report(submission=name)
