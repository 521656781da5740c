"""A grading as it was asked for on the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.options import SandboxChoice
from grader.cli.session import Session
from grader.cli.submissions import locate

if TYPE_CHECKING:
    from grader.course import Course, Mission
    from grader.sandbox import SandboxName
    from grader.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be graded, and how, with all settled that a usage error can be about.

    Attributes:
        path: the submission, from the root folder on.
        gpu: `auto`, `none` or an index.
    """

    course: "Course"
    mission: "Mission"
    path: Path
    artifact: Path | None
    sandbox: "SandboxName"
    gpu: str
    seed: int
    settings: "Settings"


def settle(
    session: Session,
    mission: str,
    path: Path | None,
    *,
    sandbox: SandboxChoice | None,
    gpu: str,
    seed: int,
    artifact: Path | None = None,
) -> Asked:
    """Finds what was named; nothing slow is imported for that.

    Raises:
        UsageError: it is not there.
    """
    course = session.course()
    return Asked(
        course=course,
        mission=course.mission(mission),
        path=locate(mission, path, here=Path.cwd()).absolute(),
        artifact=artifact,
        sandbox=sandbox or session.settings.sandbox,
        gpu=gpu,
        seed=seed,
        settings=session.settings,
    )
