"""What a folder of downloads holds, as values: who handed in what, for which mission, and what was not taken."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from grader.entries import Student
from grader.submission.names import printable
from grader.text import Text


class Layout(StrEnum):
    """Who laid the folder out."""

    PLAIN = "plain"
    """One entry per student, and perhaps one per mission in it."""
    CANVAS = "canvas"
    """`kim_12345_67890_solution.py`, as Canvas' bulk download names files."""
    MOODLE = "moodle"
    """`Kim Minsu_12345_assignsubmission_file_`, as Moodle names folders and files."""
    GRADESCOPE = "gradescope"
    """`submission_12345` beside `submission_metadata.yml`, as Gradescope exports."""


@dataclass(frozen=True, slots=True)
class LooseFile:
    """One of several files that make up a submission.

    Attributes:
        path: where it lies.
        name: what the student called it; vetted, one component.
    """

    path: Path
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """One submission of one student to one mission, not opened yet: everything below `path` is untrusted.

    Attributes:
        path: a folder, an archive or a file, for `grader.submission.collect`; where `loose` is filled, the first of
            those files, and `stage` makes the folder to collect.
        submitted: by the learning platform's word; else when the newest file was changed.
        name: of what was handed in, fit to print.
        model: a trained model (`.pt2`) that came with it.
        late_mark: the learning platform called it late.
        attempt: the learning platform's number, from 1; None where it gives none.
        loose: the files, where several of them lie side by side with those of others.
    """

    student: Student
    mission_id: str
    path: Path
    submitted: datetime
    name: str
    model: Path | None = None
    late_mark: bool = False
    attempt: int | None = None
    loose: tuple[LooseFile, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Paths of `loose`; empty where `path` is used as it is."""
        return tuple(file.path for file in self.loose)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that lies in the folder and was not taken.

    Attributes:
        path: where; its last component is untrusted.
        reason: why, in one sentence.
    """

    path: Path
    reason: Text

    @property
    def name(self) -> str:
        """Its name, fit to print."""
        return printable(self.path.name)


@dataclass(frozen=True, slots=True)
class Found:
    """All that a folder holds.

    Attributes:
        submissions: in the order of handing in; two of one student and mission are two attempts.
        skipped: in the order of names.
    """

    layout: Layout
    submissions: tuple[HandedIn, ...]
    skipped: tuple[Skipped, ...]
