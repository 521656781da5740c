"""Gradebooks of a given size, for tests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from grader.entries import Attempt, CriterionScore, Flag, Gradebook, Grading, Mark, Student
from grader.results import MissionInfo, Mode, Reason, Status, Verdict
from grader.text import Text

CREATED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MISSION = MissionInfo(id="mission_cnn", title=Text("Digits", "손글씨 숫자"), points=100, pass_mark=60)


def score(
    criterion: str, points: float, max_points: float = 10, status: Status | None = None, **more: Any
) -> CriterionScore:
    given = Status.PASSED if points >= max_points else Status.PARTIAL if points > 0 else Status.FAILED
    return CriterionScore(id=criterion, status=status or given, points=points, max_points=max_points, **more)


def grading(criteria: Sequence[CriterionScore] = (), **changes: Any) -> Grading:
    total = sum(one.points for one in criteria)
    values: dict[str, Any] = {
        "key": "k",
        "created": CREATED,
        "verdict": Verdict.GRADED,
        "reason": None,
        "passed": total >= 60,
        "score": total,
        "max_score": 100.0,
        "criteria": tuple(criteria),
        "report_sha256": "0" * 64,
        **changes,
    }
    return Grading(**values)


def mark(number: int, graded: Grading | None, *, handed_in: bool = True, **changes: Any) -> Mark:
    student = Student(id=f"s{number:05}")
    attempt = Attempt(
        submission_id=number,
        student_id=student.id,
        mission_id=MISSION.id,
        name="solution.py",
        content="0" * 64,
        submitted=CREATED,
        mode=Mode.RETRAIN,
        grading=graded,
    )
    points = graded.score if graded is not None and graded.verdict is Verdict.GRADED else None
    values: dict[str, Any] = {
        "student": student,
        "mission_id": MISSION.id,
        "attempt": attempt if handed_in else None,
        "attempts": int(handed_in),
        "points": points if handed_in else None,
        "max_points": 100.0,
        **changes,
    }
    return Mark(**values)


def gradebook(marks: Sequence[Mark]) -> Gradebook:
    return Gradebook(
        missions={MISSION.id: MISSION},
        students={one.student.id: one.student for one in marks},
        attempts=tuple(one.attempt for one in marks if one.attempt is not None),
    )


def cohort(size: int, criteria: int = 8, seed: int = 0) -> tuple[Mark, ...]:
    """A cohort with abilities: the last criterion is the hardest, and most of them go together."""
    rng = np.random.default_rng(seed)
    names = ["training", "accuracy", "robustness", "structure", "parameters", "convolutions_matter", "style", "bonus"]
    marks = []
    for number in range(size):
        ability = rng.normal()
        drawn = []
        for index in range(criteria):
            chance = ability - (index - criteria / 2) * 0.5 + rng.normal()
            points = 12.5 if chance > 0 else 5.0 if chance > -0.4 else 0.0
            drawn.append(score(names[index % 8] + ("" if index < 8 else str(index)), points, 12.5))
        if number % 17 == 3:
            drawn = [score(one.id, 0, 12.5, Status.SKIPPED) for one in drawn]
            made = grading(drawn, reason=[Reason.TIME_LIMIT, Reason.TRAIN_ERROR][number % 2])
        else:
            parameters = int(10 ** rng.uniform(4, 6))
            made = grading(
                drawn,
                accuracy=float(np.clip(0.97 + 0.005 * ability + 0.004 * rng.normal(), 0, 1)),
                parameters=parameters,
                seconds=float(rng.gamma(4, 10)),
                cpu_seconds=float(rng.gamma(4, 19)),
                peak_memory_bytes=int(rng.gamma(8, 90) * 2**20),
            )
        marks.append(mark(number, made, handed_in=number % 23 != 5))
    return tuple(marks)


MISSIONS = (
    MISSION,
    MissionInfo(id="mission_mlp", title=Text("An MLP in a project", "프로젝트 속 MLP"), points=100, pass_mark=60),
    MissionInfo(
        id="mission_transfer_annotated",
        title=Text("Explain a script line by line", "전이 학습 코드 설명하기"),
        points=100,
        pass_mark=60,
    ),
    MissionInfo(id="mission_rnn", title=Text("Read digits row by row", "한 줄씩 읽는 RNN"), points=100, pass_mark=60),
    MissionInfo(
        id="mission_albumentations", title=Text("Augmented digits", "증강으로 99.5% 넘기"), points=100, pass_mark=60
    ),
    MissionInfo(
        id="mission_cifar", title=Text("A data set of one's own", "데이터셋 직접 만들기"), points=100, pass_mark=60
    ),
    MissionInfo(id="mission_conv_only", title=Text("Convolutions only", "합성곱만으로"), points=100, pass_mark=60),
    MissionInfo(
        id="mission_semi_supervised",
        title=Text("A hundred labels", "레이블 100개로 학습하기"),
        points=100,
        pass_mark=60,
    ),
)
NAMES = ("김민준", "이서연", "박지훈", "Ann O'Neil", "최수아", "Bob Lee", "정하은", "강도윤", "윤지우", "Zoë Meyer")


def school(size: int, missions: Sequence[MissionInfo] = MISSIONS) -> tuple[Gradebook, tuple[Mark, ...]]:
    """A class with names, sections, late and missing work, and one mission in which nothing is trained."""
    students = [
        Student(
            id=f"2026{number:04}",
            name=NAMES[number % 10] + (f" {number // 10 + 1}" if number >= 10 else ""),
            section="AB"[number % 2],
            enrolled=number % 20 != 19,
        )
        for number in range(size)
    ]
    marks = [
        _of(student, mission, made)
        for seed, mission in enumerate(missions)
        for student, made in zip(students, cohort(size, seed=seed), strict=True)
    ]
    marks.sort(key=lambda one: one.student.id)
    book = Gradebook(
        missions={mission.id: mission for mission in missions},
        students={student.id: student for student in students},
        attempts=tuple(one.attempt for one in marks if one.attempt is not None),
    )
    return book, tuple(marks)


def _of(student: Student, mission: MissionInfo, made: Mark) -> Mark:
    attempt, flags = made.attempt, () if made.attempt else (Flag.MISSING,)
    if attempt is not None and attempt.grading is not None and mission.id == "mission_transfer_annotated":
        attempt = replace(attempt, grading=replace(attempt.grading, accuracy=None, parameters=None))
    if attempt is not None and int(student.id) % 7 == 0:
        flags = (Flag.LATE,)
    if not student.enrolled:
        flags = (Flag.UNKNOWN_STUDENT, *flags)
    return replace(made, student=student, mission_id=mission.id, attempt=attempt, flags=flags)


def links(marks: Sequence[Mark]) -> dict[tuple[str, str], str]:
    """Where the reports of those who handed in would lie."""
    return {
        (one.student.id, one.mission_id): f"{one.mission_id}/{one.student.id}/report.html"
        for one in marks
        if one.attempt is not None
    }
