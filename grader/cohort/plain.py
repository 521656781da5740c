"""Folders that an instructor laid out: one entry per student, and perhaps one per mission in it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.cohort.contents import choose_in_folder, is_submission_file, stem
from grader.cohort.listing import Entry, list_inner_folder
from grader.cohort.names import without_copy
from grader.cohort.places import Search, take
from grader.cohort.platforms import is_list
from grader.entries import Student
from grader.submission.model import ENTRY
from grader.submission.names import collision_key
from grader.text import Text

MISSION_UNKNOWN = Text("It does not say which mission it is for.", "어느 미션의 제출물인지 알 수 없습니다.")
_NOT_SUBMISSION = Text(
    "It is not a folder, archive, .py or .ipynb.", "폴더, 압축 파일, .py, .ipynb 중 어느 것도 아닙니다."
)
_NOT_MISSION = Text("It is not named after a mission.", "미션 이름으로 되어 있지 않습니다.")
_MISSION_FIRST = Text(
    "It is named after a mission, not after a student: name this folder and its mission instead.",
    "학생이 아니라 미션의 이름입니다. 이 폴더와 해당 미션을 직접 지정해 주세요.",
)
_NAMELESS = Text("Its name holds no student.", "이름에 학생이 적혀 있지 않습니다.")
_MODEL_ALONE = Text(
    "It is a model, and there is no submission of the same name beside it.",
    "모델 파일이지만 같은 이름의 제출물이 옆에 없습니다.",
)


def read_plain(search: Search, entries: Sequence[Entry]) -> None:
    """`<student>` or `<student>/<mission>`, decided for each student by what lies in the folder."""
    models = _models_by_stem(entries)
    used: set[Path] = set()
    for entry in entries:
        if entry.is_model or is_list(entry):
            continue
        if not entry.is_folder and not is_submission_file(entry):
            search.skip(entry.path, _NOT_SUBMISSION)
        elif entry.is_folder and mission_named(entry, search.missions):
            search.skip(entry.path, _MISSION_FIRST)
        else:
            name = entry.name if entry.is_folder else stem(entry.name)
            if not name.strip():
                search.skip(entry.path, _NAMELESS)
                continue
            model = models.get(collision_key(name))
            _take_student(search, entry, search.students.named(name.strip()), model)
            used |= {model} if model else set()
    for model in models.values():
        if model not in used:
            search.skip(model, _MODEL_ALONE)


def mission_named(entry: Entry, missions: frozenset[str]) -> str | None:
    """The mission that an entry is named after."""
    name = entry.name if entry.is_folder or entry.is_model else stem(entry.name)
    named = without_copy(name).strip().casefold()
    return named if named in missions else None


def _take_student(search: Search, entry: Entry, student: Student, model: Path | None) -> None:
    if not entry.is_folder:
        _take(search, student, search.mission, entry.path, model)
        return
    inside = list_inner_folder(entry.path, search.skipped)
    by_mission = {item.path: mission for item in inside if (mission := mission_named(item, search.missions))}
    is_one = any(collision_key(item.name) == ENTRY for item in inside)
    if by_mission and not is_one:
        _take_missions(search, student, inside, by_mission)
        return
    _take_folder(search, student, search.mission, entry, inside, model)


def _take_missions(search: Search, student: Student, inside: Sequence[Entry], by_mission: Mapping[Path, str]) -> None:
    """Everything in a student's folder that is named after a mission."""
    models = _models_by_stem(inside)
    for item in inside:
        mission = by_mission.get(item.path)
        if item.is_model:
            continue
        if mission is None or not (item.is_folder or is_submission_file(item)):
            search.skip(item.path, _NOT_MISSION)
        elif search.mission is None or mission == search.mission:
            model = models.get(collision_key(mission))
            if item.is_folder:
                _take_folder(search, student, mission, item, list_inner_folder(item.path, search.skipped), model)
            else:
                _take(search, student, mission, item.path, model)


def _take_folder(
    search: Search, student: Student, mission: str | None, folder: Entry, inside: Sequence[Entry], model: Path | None
) -> None:
    chosen = choose_in_folder(folder.path, inside, search.skipped)
    if chosen is not None:
        _take(search, student, mission, chosen.path, chosen.model or model)


def _take(search: Search, student: Student, mission: str | None, path: Path, model: Path | None) -> None:
    if mission is None:
        search.skip(path, MISSION_UNKNOWN)
        return
    take(search, [student], mission, path, model)


def _models_by_stem(entries: Sequence[Entry]) -> dict[str, Path]:
    return {collision_key(stem(entry.name)): entry.path for entry in entries if entry.is_model}
