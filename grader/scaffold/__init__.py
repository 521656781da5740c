"""A new mission to begin from: small, complete and sound, to be changed part by part."""

import re
from collections.abc import Iterator
from pathlib import Path

from grader.errors import DestinationExists, UsageError
from grader.text import Text

FILES = Path(__file__).parent / "files"
SUFFIX = ".template"
_NAME = re.compile(r"mission_[a-z0-9_]{1,55}")


def scaffold(course: Path, mission_id: str) -> tuple[Path, ...]:
    """Writes a mission with everything it needs into a course.

    Args:
        course: folder of the course, which need not have any mission yet.
        mission_id: such as `mission_fashion`.

    Returns:
        The files written.

    Raises:
        UsageError: the name is none for a mission.
        DestinationExists: the course holds something of that name; nothing was written.
    """
    if not _NAME.fullmatch(mission_id):
        raise UsageError(
            Text(f"{mission_id!r} is no name for a mission.", f"{mission_id!r}은(는) 미션 이름으로 쓸 수 없습니다."),
            Text(
                "Take mission_ and then small letters, digits and underscores, such as mission_fashion.",
                "mission_fashion처럼 mission_ 뒤에 영문 소문자, 숫자, 밑줄만 쓰세요.",
            ),
        )
    for part in ("missions", "starter_code", "reference_solutions"):
        if (course / part / mission_id).exists():
            raise DestinationExists(
                Text(
                    f"{course / part / mission_id} exists already; nothing was changed.",
                    f"{course / part / mission_id}이(가) 이미 있어 아무것도 바꾸지 않았습니다.",
                )
            )
    return tuple(_write(course, mission_id))


def _write(course: Path, mission_id: str) -> Iterator[Path]:
    title = mission_id.removeprefix("mission_").replace("_", " ").capitalize()
    for template in sorted(FILES.rglob(f"*{SUFFIX}")):
        part, *rest = template.relative_to(FILES).parts
        name = "/".join(rest).removesuffix(SUFFIX).replace("@@ID@@", mission_id)
        destination = course / part / mission_id / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        content = template.read_text(encoding="utf-8").replace("@@ID@@", mission_id).replace("@@TITLE@@", title)
        destination.write_text(content, encoding="utf-8")
        yield destination
