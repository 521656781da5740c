"""What a gradebook holds, as values: students, what each handed in, what came of it, and the mark that it earns.

Strings that came from file names or from a roster are untrusted text: whoever writes them somewhere makes them harmless
for that place.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from grader.results import MissionInfo, Mode, Reason, Status, Verdict
from grader.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """Who handed in, or should have.

    Attributes:
        id: unique in the course: of the roster, or out of a file's or folder's name.
        name, email, section: of the roster; empty where it does not say.
        canvas_id: Canvas' own number of the user, as in the names of downloaded files.
        sis_id: `SIS User ID` of Canvas.
        login_id: `SIS Login ID` of Canvas.
        moodle_id: number of Moodle's participant, as in `Participant 123`.
        enrolled: False for somebody whom the roster does not name, though there is one.
    """

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    canvas_id: str = ""
    sis_id: str = ""
    login_id: str = ""
    moodle_id: str = ""
    enrolled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionScore:
    """One criterion of one grading, in figures.

    Attributes:
        id: the criterion, by the spec's name, also where students don't see that name.
        points, max_points: earned, and to be had.
        bonus: points on top of the mission's.
    """

    id: str
    status: Status
    points: float
    max_points: float
    bonus: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """What came of one submission, in figures; the whole report lies in the store under `report_sha256`.

    Attributes:
        key: hash of everything that the result depends on.
        created: when it was graded, with its zone.
        score, max_score: points, before any policy.
        accuracy: share of hidden images, in [0, 1]; None where nothing was measured.
        parameters: of the model; None where there is none.
        seconds, cpu_seconds: of `train`; None where nothing was trained.
        peak_memory_bytes: of the training run.
        device: `cpu` or `cuda:0`; empty where nothing was run.
    """

    key: str
    created: datetime
    verdict: Verdict
    reason: Reason | None
    passed: bool
    score: float
    max_score: float
    criteria: tuple[CriterionScore, ...]
    report_sha256: str
    accuracy: float | None = None
    parameters: int | None = None
    seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One submission of one student to one mission.

    Attributes:
        submission_id: its number in the store.
        name: of the file or folder that was handed in.
        content: hash of what was handed in.
        submitted: when, with its zone.
        mode: trained by the grader, or handed in ready.
        grading: the current one; None where it has not been graded.
        audit: what training a ready model anew gave; None where that was not done.
    """

    submission_id: int
    student_id: str
    mission_id: str
    name: str
    content: str
    submitted: datetime
    mode: Mode
    grading: Grading | None
    audit: Grading | None = None


class Flag(StrEnum):
    """What an instructor should look at."""

    UNKNOWN_STUDENT = "unknown_student"
    """The roster does not name this student."""
    MISSING = "missing"
    """Nothing was handed in."""
    NOT_GRADED = "not_graded"
    """Handed in, but the machine failed or it was not its turn yet."""
    LATE = "late"
    TOO_LATE = "too_late"
    """After the last day on which work is accepted."""
    AUDIT_MISMATCH = "audit_mismatch"
    """Trained anew, the model is worse than the one handed in by more than the tolerance."""
    AUDIT_PENDING = "audit_pending"
    """Chosen to be trained anew, not done yet."""


FLAG_WORDS = {
    Flag.UNKNOWN_STUDENT: Text("not in the roster", "명단에 없음"),
    Flag.MISSING: Text("nothing handed in", "미제출"),
    Flag.NOT_GRADED: Text("not graded", "미채점"),
    Flag.LATE: Text("late", "지각"),
    Flag.TOO_LATE: Text("too late", "제출 기한 초과"),
    Flag.AUDIT_MISMATCH: Text("audit failed", "재학습 결과 불일치"),
    Flag.AUDIT_PENDING: Text("audit due", "재학습 확인 대기"),
}
"""Each in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What counts for one student and one mission, after the policies.

    Attributes:
        attempt: the one that counts; None where nothing was handed in.
        attempts: how many were handed in.
        points: what is entered; None where there is nothing to enter: not handed in, or not graded yet.
        max_points: the mission's points, without bonus.
        score: before policies; None like `points`.
        penalty: points taken off for being late.
        days_late: begun days after the due date and its grace.
        due: with its zone; None where there is no due date.
    """

    student: Student
    mission_id: str
    attempt: Attempt | None
    attempts: int
    points: float | None
    max_points: float
    score: float | None = None
    penalty: float = 0.0
    days_late: int = 0
    due: datetime | None = None
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradebook:
    """All that is known of a course at one moment.

    Attributes:
        missions: by id, those that were graded.
        students: by id; with a roster, also those who handed in nothing.
        attempts: in the order of handing in.
    """

    missions: dict[str, MissionInfo] = field(default_factory=dict)
    students: dict[str, Student] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = ()
