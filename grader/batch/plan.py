"""What a batch has to do: everything handed in whose result is missing or no longer holds."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from grader.assembly import mission_info
from grader.batch.content import Contents
from grader.batch.order import Conditions, Order
from grader.cohort import Found, HandedIn
from grader.course import Course, Mission
from grader.entries import Attempt, Student
from grader.hashing import grader_hash, tree_hash
from grader.policies import CoursePolicies, is_audited
from grader.results import Mode
from grader.store import NewSubmission, RunKind, Store
from grader.trial import pack_at_hand


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """What to grade, and how.

    Attributes:
        found: what lies in the folder.
        roster: students who should have handed in; None for no roster.
        image: content of the docker image; None for another backend.
        device: `cpu` or `cuda`: results of one don't stand for the other.
        retrain: train everything, also what came with a model.
        force: grade again what has not changed.
    """

    course: Course
    found: Found
    roster: dict[str, Student] | None
    conditions: Conditions
    image: str | None = None
    device: str = "cpu"
    retrain: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes:
        orders: in the order of the folder.
        numbers: of all submissions found.
        unchanged: how many have a result that still holds.
    """

    orders: tuple[Order, ...]
    numbers: tuple[int, ...] = ()
    unchanged: int = 0


def plan_batch(request: BatchRequest, store: Store) -> Plan:
    """Enters what was found into the gradebook, and gives what has to be graded."""
    store.sweep()
    keys = Keys(request)
    handed_in = request.found.submissions
    missions = {name: request.course.mission(name) for name in dict.fromkeys(one.mission_id for one in handed_in)}
    store.enter_missions(mission_info(mission) for mission in missions.values())
    store.enter_students({**(request.roster or {}), **{one.student.id: one.student for one in handed_in}}.values())
    contents = Contents(store.contents())
    new = [_new(one, contents.of(one), retrain=request.retrain) for one in handed_in]
    store.remember_contents(contents.fresh)
    numbers = store.enter_submissions(new)
    if request.force:
        store.forget_results(numbers)
    graded = store.keys(RunKind.GRADING)
    orders = {}
    for number, one, entered in zip(numbers, handed_in, new, strict=True):
        mission = missions[one.mission_id]
        key = keys.of(mission, entered.content, entered.mode)
        if graded.get(number) != key:
            orders[number] = Order(
                number=number, handed_in=one, mission=mission, mode=entered.mode, kind=RunKind.GRADING, key=key
            )
    return Plan(tuple(orders.values()), tuple(numbers), len(set(numbers)) - len(orders))


def plan_audits(request: BatchRequest, store: Store, policies: CoursePolicies, numbers: Iterable[int]) -> Plan:
    """The models handed in ready that the course's rules choose to be trained anew, and have not been.

    Args:
        numbers: of the submissions found in this batch's folder.
    """
    lying_here = {
        (one.student.id, one.mission_id): one
        for one in request.found.submissions
        if one.model is not None and policies.rules(one.mission_id).audit.share > 0
    }
    if not lying_here:  # most courses: the whole gradebook is not read for nothing
        return Plan(())
    keys, orders = Keys(request), []
    wanted, audited = set(numbers), store.keys(RunKind.AUDIT)
    for attempt in store.gradebook().attempts:
        one = lying_here.get((attempt.student_id, attempt.mission_id))
        if attempt.submission_id not in wanted or one is None or not _to_audit(attempt, policies):
            continue
        mission = request.course.mission(attempt.mission_id)
        key = keys.of(mission, attempt.content, Mode.RETRAIN)
        if audited.get(attempt.submission_id) != key:
            orders.append(
                Order(
                    number=attempt.submission_id,
                    handed_in=one,
                    mission=mission,
                    mode=Mode.RETRAIN,
                    kind=RunKind.AUDIT,
                    key=key,
                )
            )
    return Plan(tuple(orders))


def _to_audit(attempt: Attempt, policies: CoursePolicies) -> bool:
    return (
        attempt.mode is Mode.ARTIFACT
        and attempt.grading is not None
        and attempt.grading.accuracy is not None
        and is_audited(policies, attempt.student_id, attempt.mission_id, attempt.content)
    )


@dataclass(slots=True)
class Keys:
    """Hashes of everything that results depend on."""

    request: BatchRequest
    _missions: dict[str, bytes] = field(default_factory=dict)

    def of(self, mission: Mission, content: str, mode: Mode) -> str:
        """The key of one result."""
        if mission.id not in self._missions:
            self._missions[mission.id] = self._of_mission(mission)
        told = f"{content}\0{mode.value}\0".encode()
        return hashlib.sha256(self._missions[mission.id] + told).hexdigest()

    def _of_mission(self, mission: Mission) -> bytes:
        conditions = self.request.conditions
        told = (
            f"{conditions.sandbox}\0{self.request.image or ''}\0{conditions.settings.docker_runtime or ''}\0"
            f"{self.request.device}\0{conditions.seed}\0{pack_at_hand(mission, conditions.settings)}\0"
        )
        digest = hashlib.sha256(told.encode() + grader_hash())
        digest.update(tree_hash(mission.root) + tree_hash(mission.starter))
        return digest.digest()


def _new(one: HandedIn, content: str, *, retrain: bool) -> NewSubmission:
    return NewSubmission(
        student_id=one.student.id,
        mission_id=one.mission_id,
        content=content,
        mode=Mode.ARTIFACT if one.model is not None and not retrain else Mode.RETRAIN,
        name=one.name,
        submitted=one.submitted,
    )
