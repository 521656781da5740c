"""Every way the grader itself can fail, and the exit code of each.

A student's failure is data (a verdict with a reason), not one of these: `SubmissionInvalid` and
`ArtifactRejected` are raised at the borders that read student bytes, and the pipeline turns them into
verdicts.

    GraderError
    ├── UsageError            exit 2: the command, the course or the spec must be changed
    │   ├── SpecError
    │   ├── CourseNotFound
    │   ├── MissionNotFound
    │   └── DestinationExists
    ├── StudentError          never escapes the pipeline
    │   ├── SubmissionInvalid
    │   └── ArtifactRejected
    └── InfrastructureError   exit 3: the machine, not the student; worth another try
        ├── RunInterrupted    the pipeline itself tries again
        ├── SandboxUnavailable
        ├── ImageMissing
        ├── GpuUnavailable
        ├── DataUnavailable
        ├── DiskFull
        ├── StoreUnavailable
        └── HiddenTestCrashed
"""

from enum import IntEnum

from grader.text import Language, Text, same


class ExitCode(IntEnum):
    """What `grade submit` tells the shell."""

    PASSED = 0
    BELOW_PASS_MARK = 1
    USAGE = 2
    INFRASTRUCTURE = 3
    INTERRUPTED = 130
    TERMINATED = 143


class GraderError(Exception):
    """A failure with a sentence on what happened and one on what to do next.

    Args:
        message: what failed, and where.
        advice: what to do next; None where there is nothing to add: the attribute is then empty.
    """

    exit_code = ExitCode.INFRASTRUCTURE

    def __init__(self, message: Text, advice: Text | None = None) -> None:
        self.message = message
        self.advice = advice or same("")
        super().__init__(message.en)

    def in_language(self, language: Language) -> str:
        """Message and advice as one paragraph."""
        parts = (self.message.in_language(language), self.advice.in_language(language))
        return " ".join(part for part in parts if part)


class UsageError(GraderError):
    """The request can't be carried out as it was made."""

    exit_code = ExitCode.USAGE


class SpecError(UsageError):
    """A mission's files contradict each other or the spec's schema."""


class CourseNotFound(UsageError):
    """No folder with `missions/` was found."""


class MissionNotFound(UsageError):
    """The course has no such mission."""


class DestinationExists(UsageError):
    """A file would have been overwritten."""


class StudentError(GraderError):
    """Something the student handed in can't be accepted; becomes a verdict."""


class SubmissionInvalid(StudentError):
    """The submission can't be collected: missing, too large, unreadable, or escaping its folder."""


class ArtifactRejected(StudentError):
    """The exported model is not one the reader accepts.

    Args:
        code: short, stable identifier of the rule that refused it, such as `foreign_op`.
        message: which rule, and what the archive said.
    """

    def __init__(self, code: str, message: Text, advice: Text | None = None) -> None:
        self.code = code
        super().__init__(message, advice)


class InfrastructureError(GraderError):
    """The machine failed; the submission keeps its right to be graded."""

    exit_code = ExitCode.INFRASTRUCTURE


class RunInterrupted(InfrastructureError):
    """A run that had begun was cut short by the machine: another one may well go through."""


class SandboxUnavailable(InfrastructureError):
    """The sandbox that was asked for can't be started here."""


class ImageMissing(SandboxUnavailable):
    """The engine answers but does not have the grader's image."""


class GpuUnavailable(InfrastructureError):
    """The GPU that was asked for is not there or not reachable from the sandbox."""


class DataUnavailable(InfrastructureError):
    """A data pack could not be fetched or does not have its checksum."""


class DiskFull(InfrastructureError):
    """The host has no room for what grading must write."""


class StoreUnavailable(InfrastructureError):
    """The gradebook's database can't be reached, or can't be written to."""


class HiddenTestCrashed(InfrastructureError):
    """A hidden test failed by itself: the mission's author must mend it."""
