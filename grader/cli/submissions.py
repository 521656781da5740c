"""Where a submission lies, and what its report is called."""

import re
import unicodedata
from datetime import datetime
from pathlib import Path

from grader.errors import UsageError
from grader.text import Text

_UNSAFE = re.compile(r"[^\w.-]+")


def locate(mission_id: str, given: Path | None, *, here: Path) -> Path:
    """The submission to take.

    Args:
        mission_id: names the folder looked for last.
        given: what the user named; None looks for `solution.py` or a single notebook in `here`, then for a
            folder of the mission's name.
        here: the working directory.

    Raises:
        UsageError: there is nothing at the place named, or nothing found.
    """
    if given is not None:
        if not given.exists():
            raise UsageError(
                Text(f"There is nothing at {given}.", f"{given} 경로에 아무것도 없습니다."),
                Text("Check the path.", "경로를 다시 확인하세요."),
            )
        return given
    if (here / "solution.py").is_file():
        return here
    notebooks = sorted(here.glob("*.ipynb"))
    if len(notebooks) == 1:
        return notebooks[0]
    if (here / mission_id).is_dir():
        return here / mission_id
    raise UsageError(
        Text(
            f"No submission found: there is no solution.py, no single notebook and no folder {mission_id} here.",
            f"제출물을 찾을 수 없습니다. 현재 폴더에 solution.py, 하나뿐인 노트북, {mission_id} 폴더가 모두 없습니다.",
        ),
        Text(
            f"Name it (grade submit {mission_id} PATH), or begin with `grade start {mission_id}`.",
            f"경로를 지정하세요(grade submit {mission_id} 경로). 처음이라면: grade start {mission_id}",
        ),
    )


def report_folder(mission_id: str, submission_name: str, created: datetime) -> Path:
    """A new name per grading, so that an earlier report is never lost.

    Args:
        mission_id: trusted.
        submission_name: a student's; only letters, digits, `_`, `.` and `-` of it are used.
        created: when it was graded.
    """
    plain = _UNSAFE.sub("-", unicodedata.normalize("NFC", submission_name)).strip("-.")[:40] or "submission"
    stamp = created.astimezone().strftime("%Y%m%d-%H%M%S")
    name = mission_id if plain == mission_id else f"{mission_id}-{plain}"
    return Path("reports") / f"{name}-{stamp}"
