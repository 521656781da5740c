"""Finding submissions in a folder, whoever laid it out."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from grader.cohort.contents import is_submission_file
from grader.cohort.gradescope import METADATA, read_gradescope
from grader.cohort.handed_in import Found, HandedIn, Layout
from grader.cohort.listing import Entry, list_folder
from grader.cohort.names import is_canvas_text, parse_canvas_name, parse_moodle_name
from grader.cohort.places import Search
from grader.cohort.plain import MISSION_UNKNOWN, read_plain
from grader.cohort.platforms import read_canvas, read_moodle
from grader.cohort.students import Students
from grader.entries import Student
from grader.errors import MissionNotFound, UsageError
from grader.submission.model import ENTRY
from grader.submission.names import collision_key
from grader.text import Text


def find_submissions(
    folder: Path,
    *,
    missions: Collection[str],
    mission: str | None = None,
    roster: Mapping[str, Student] | None = None,
    layout: Layout | None = None,
) -> Found:
    """Everything in `folder` that is a submission. Nothing is opened but Gradescope's list; no link is followed.

    Args:
        folder: its content is untrusted.
        missions: ids of the course's missions.
        mission: the one to look for. Needed where neither folders nor files say it; a course's only mission is taken.
        roster: students by id; None where there is none.
        layout: who laid the folder out; None to find out.

    Raises:
        MissionNotFound: `mission` is none of `missions`.
        UsageError: the folder can't be read, is itself a submission, or leaves the mission open.
    """
    if mission is not None and mission not in missions:
        listed = ", ".join(sorted(missions))
        raise MissionNotFound(
            Text(f"There is no mission {mission!r}.", f"{mission!r} 미션은 없습니다."),
            Text(f"Missions: {listed}.", f"미션 목록: {listed}."),
        )
    known = frozenset(missions)
    only = mission or (next(iter(known)) if len(known) == 1 else None)
    search = Search(folder, known, only, Students(roster))
    entries = _listed(search)
    laid_out = layout or recognise(entries)
    if layout is None and laid_out is Layout.PLAIN and len(entries) == 1 and entries[0].is_folder:
        # A download that was unpacked into a folder of its own.
        inner = Search(entries[0].path, known, only, search.students, skipped=search.skipped)
        inside = _listed(inner)
        if (inner_layout := recognise(inside)) is not Layout.PLAIN:
            search, entries, laid_out = inner, inside, inner_layout
    _read(search, entries, laid_out)
    return Found(
        layout=laid_out,
        submissions=tuple(sorted(search.found, key=_order)),
        skipped=tuple(sorted(search.skipped, key=lambda item: item.path)),
    )


def recognise(entries: Sequence[Entry]) -> Layout:
    """Who laid out a folder with these entries; plain where most names are not a learning platform's."""
    files = [entry for entry in entries if not entry.is_folder]
    if any(entry.name == METADATA for entry in files):
        return Layout.GRADESCOPE
    if any(parse_moodle_name(entry.name) for entry in entries):
        return Layout.MOODLE
    of_canvas = sum(parse_canvas_name(entry.name) is not None or is_canvas_text(entry.name) for entry in files)
    others = sum(entry.is_folder or is_submission_file(entry) for entry in entries) - of_canvas
    return Layout.CANVAS if of_canvas > 0 and of_canvas > others else Layout.PLAIN


def _read(search: Search, entries: Sequence[Entry], layout: Layout) -> None:
    if layout is Layout.PLAIN:
        if any(collision_key(entry.name) == ENTRY for entry in entries):
            raise _is_submission(search.folder)
        read_plain(search, entries)
        if not search.found and any(item.reason is MISSION_UNKNOWN for item in search.skipped):
            raise _mission_needed()
        return
    if search.mission is None:
        raise _mission_needed()
    reader = {Layout.CANVAS: read_canvas, Layout.MOODLE: read_moodle, Layout.GRADESCOPE: read_gradescope}[layout]
    reader(search, entries, search.mission)


def _listed(search: Search) -> list[Entry]:
    try:
        return list_folder(search.folder, search.skipped)
    except OSError as error:
        raise UsageError(
            Text(
                f"{search.folder} can't be read as a folder: {error.strerror}.",
                f"{search.folder} 폴더를 읽을 수 없습니다: {error.strerror}.",
            ),
            Text("Give the folder that holds the submissions.", "제출물이 들어 있는 폴더를 지정해 주세요."),
        ) from error


def _order(item: HandedIn) -> tuple[object, ...]:
    return (item.submitted, item.student.id, item.mission_id, item.attempt or 0, item.path)


def _mission_needed() -> UsageError:
    return UsageError(
        Text(
            "Nothing in the folder says which mission the submissions are for.",
            "폴더 안의 제출물이 어느 미션의 것인지 알 수 없습니다.",
        ),
        Text("Name the mission.", "미션을 지정해 주세요."),
    )


def _is_submission(folder: Path) -> UsageError:
    return UsageError(
        Text(
            f"{folder} holds {ENTRY}: it is one submission, not a folder of submissions.",
            f"{folder} 폴더에 {ENTRY} 파일이 있습니다. 여러 제출물을 모은 폴더가 아니라 제출물 하나로 보입니다.",
        ),
        Text("Give the folder around it.", "그 상위 폴더를 지정해 주세요."),
    )
