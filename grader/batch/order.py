"""One submission to grade, and the grading of it."""

import contextlib
import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from grader.assembly import invalid_report, not_graded_report
from grader.cohort import HandedIn, stage
from grader.course import Mission
from grader.errors import DiskFull, InfrastructureError, SubmissionInvalid, UsageError
from grader.pipeline import GradingRequest, grade_submission
from grader.progress import Progress
from grader.results import Mode, Report
from grader.sandbox import SandboxName
from grader.sandbox.base import Sandbox
from grader.sandbox.owner import owned_folder
from grader.settings import Settings
from grader.store import RunKind
from grader.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One submission to grade.

    Attributes:
        number: of the submission in the store.
        handed_in: what there is of it; untrusted.
        mode: train it, or take the model that was handed in.
        kind: for the mark, or to audit one.
        key: hash of everything that the result depends on.
    """

    number: int
    handed_in: HandedIn
    mission: Mission
    mode: Mode
    kind: RunKind
    key: str

    @property
    def student_id(self) -> str:
        """Whose it is."""
        return self.handed_in.student.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What is the same for every grading of a batch.

    Attributes:
        sandbox: backend; not `auto`, since results depend on it.
        seed: seeds the training and every draw of the grading.
    """

    sandbox: SandboxName
    seed: int
    settings: Settings


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an order.

    Attributes:
        model: the exported model that counted; None where there is none.
    """

    report: Report
    model: bytes | None


def carry_out(
    order: Order, conditions: Conditions, *, gpu: int | None, progress: Progress, sandbox: Sandbox | None
) -> Outcome:
    """Grades one submission; whatever goes wrong with it is in the report.

    Raises:
        UsageError: it can't be graded under these conditions.
    """
    request = GradingRequest(
        mission=order.mission,
        path=order.handed_in.path,
        artifact=order.handed_in.model if order.mode is Mode.ARTIFACT else None,
        sandbox=conditions.sandbox,
        gpu=gpu,
        seed=conditions.seed,
        settings=conditions.settings,
    )
    try:
        with _staged(order.handed_in) as path, owned_folder("model") as folder:
            model = folder / "model.pt2"
            report = grade_submission(replace(request, path=path, keep_model=model), progress=progress, sandbox=sandbox)
            return Outcome(report, model.read_bytes() if model.is_file() else None)
    except UsageError:
        raise
    except SubmissionInvalid as error:
        return Outcome(invalid_report(request, error, now=datetime.now(UTC)), None)
    except Exception as error:
        return spoilt(order, conditions, error)


def spoilt(order: Order, conditions: Conditions, error: Exception) -> Outcome:
    """What comes of an order that something other than the submission has spoilt: no mark, and another try later."""
    request = GradingRequest(mission=order.mission, path=order.handed_in.path, settings=conditions.settings)
    return Outcome(not_graded_report(request, None, _fault(error), now=datetime.now(UTC)), None)


def _fault(error: Exception) -> InfrastructureError:
    """A fault of the grader itself is the machine's, and holds up none but this submission."""
    if isinstance(error, InfrastructureError):
        return error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            Text("The disk for temporary files is full.", "임시 파일용 디스크에 남은 공간이 없습니다."),
            Text("Free some space, then start the same batch again.", "공간을 확보한 뒤 같은 명령을 다시 실행하세요."),
        )
    name = type(error).__name__
    return InfrastructureError(
        Text(f"Internal error ({name}).", f"내부 오류가 발생했습니다({name})."),
        Text(
            "Grade it alone with --debug to see where.",
            "이 제출물만 --debug 옵션으로 채점하면 원인을 볼 수 있습니다.",
        ),
    )


@contextmanager
def _staged(handed_in: HandedIn) -> Iterator[Path]:
    """Where the submission lies; loose files are brought together first."""
    with contextlib.ExitStack() as stack:
        if not handed_in.loose:
            yield handed_in.path
            return
        folder = stack.enter_context(owned_folder("staged")) / _folder_name(handed_in.student.id)
        stage(handed_in, folder)
        yield folder


def _folder_name(student_id: str) -> str:
    """A name that stays below the folder it is joined to, and tells a reader of the report whose it was."""
    return re.sub(r"[^\w-]+", "_", student_id)[:60] or "_"
