"""Where submissions are found, as one value that the readers of each layout share."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from grader.cohort.contents import choose_among_files
from grader.cohort.handed_in import HandedIn, LooseFile, Skipped
from grader.cohort.listing import modified, shown_name
from grader.cohort.students import Students
from grader.entries import Student
from grader.submission.names import printable
from grader.text import Text

GONE = Text("It was removed while the folder was read.", "폴더를 읽는 동안 삭제되었습니다.")


@dataclass(frozen=True, slots=True)
class Search:
    """One look into one folder.

    Attributes:
        missions: ids of the course's missions.
        mission: the only one that counts; None for all.
        found, skipped: filled on the way.
    """

    folder: Path
    missions: frozenset[str]
    mission: str | None
    students: Students
    found: list[HandedIn] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def skip(self, path: Path, reason: Text) -> None:
        """Notes that something was not taken."""
        self.skipped.append(Skipped(path, reason))


def take(
    search: Search,
    students: Iterable[Student],
    mission: str,
    path: Path,
    model: Path | None,
    *,
    submitted: datetime | None = None,
    attempt: int | None = None,
) -> None:
    """Makes one submission of each student; `submitted` and `attempt` where the learning platform says them."""
    try:
        time = submitted or modified(path)
    except OSError:
        search.skip(path, GONE)
        return
    name = shown_name(path)
    search.found.extend(
        HandedIn(
            student=student, mission_id=mission, path=path, submitted=time, name=name, model=model, attempt=attempt
        )
        for student in students
    )


@dataclass(slots=True)
class Pile:
    """Files of one student that lie side by side with those of others, oldest first."""

    student: Student
    files: list[LooseFile] = field(default_factory=list)
    late: bool = False


def take_piles(search: Search, mission: str, piles: Iterable[Pile]) -> None:
    """Makes one submission of each pile."""
    for pile in piles:
        chosen = choose_among_files(pile.files, search.skipped)
        if chosen is None:
            continue
        paths = [file.path for file in chosen.loose] or [chosen.path]
        try:
            submitted = max(modified(path) for path in paths)
        except OSError:
            search.skip(chosen.path, GONE)
            continue
        search.found.append(
            HandedIn(
                student=pile.student,
                mission_id=mission,
                path=chosen.path,
                submitted=submitted,
                name=printable(next(file.name for file in pile.files if file.path == chosen.path)),
                model=chosen.model,
                late_mark=pile.late,
                loose=chosen.loose,
            )
        )
