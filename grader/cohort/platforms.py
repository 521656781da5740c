"""Folders that Canvas and Moodle hand out."""

from collections import Counter
from collections.abc import Sequence

from grader.cohort.contents import choose_in_folder
from grader.cohort.handed_in import HandedIn, LooseFile
from grader.cohort.listing import Entry, list_inner_folder, modified, shown_name
from grader.cohort.names import CanvasName, MoodleName, is_canvas_text, parse_canvas_name, parse_moodle_name
from grader.cohort.places import GONE, Pile, Search, take_piles
from grader.submission.names import collision_key
from grader.text import Text

_TYPED = Text(
    "It is text or a link typed into the learning platform, not a file.",
    "파일이 아니라 학습 플랫폼에 직접 입력한 글이나 링크입니다.",
)
_NOT_CANVAS = Text(
    "Its name is not one that Canvas gives to a submission.", "Canvas가 제출물에 붙이는 이름이 아닙니다."
)
_NOT_MOODLE = Text(
    "Its name is not one that Moodle gives to a submission.", "Moodle이 제출물에 붙이는 이름이 아닙니다."
)


def read_canvas(search: Search, entries: Sequence[Entry], mission: str) -> None:
    """Files in one folder, several per student: those of one user are one submission."""
    named: dict[str, list[tuple[CanvasName, Entry]]] = {}
    for entry in entries:
        parts = None if entry.is_folder else parse_canvas_name(entry.name)
        if parts is not None:
            named.setdefault(parts.user, []).append((parts, entry))
        elif not is_list(entry):
            search.skip(entry.path, _TYPED if is_canvas_text(entry.name) else _NOT_CANVAS)
    take_piles(search, mission, (_canvas_pile(search, files) for files in named.values()))


def _canvas_pile(search: Search, files: list[tuple[CanvasName, Entry]]) -> Pile:
    files.sort(key=lambda file: file[0].file)
    first = files[0][0]
    # `data-1.csv` and `data-2.csv` are no resubmissions of one another.
    times = Counter(collision_key(parts.own) for parts, _ in files)
    loose = [
        LooseFile(entry.path, parts.own if times[collision_key(parts.own)] == 1 else parts.full_own)
        for parts, entry in files
    ]
    late = any(parts.late for parts, _ in files)
    return Pile(search.students.of_canvas(first.user, first.name), loose, late)


def read_moodle(search: Search, entries: Sequence[Entry], mission: str) -> None:
    """Folders, one per participant; or files that carry the same in their names."""
    piles: dict[str, Pile] = {}
    for entry in entries:
        parts = parse_moodle_name(entry.name)
        if parts is None:
            if not is_list(entry):
                search.skip(entry.path, _NOT_MOODLE)
        elif not parts.is_file:
            search.skip(entry.path, _TYPED)
        elif entry.is_folder:
            _take_moodle_folder(search, entry, parts, mission)
        else:
            pile = piles.setdefault(parts.user, Pile(search.students.of_moodle(parts.user, parts.name)))
            pile.files.append(LooseFile(entry.path, parts.own or entry.name))
    take_piles(search, mission, piles.values())


def _take_moodle_folder(search: Search, entry: Entry, parts: MoodleName, mission: str) -> None:
    chosen = choose_in_folder(entry.path, list_inner_folder(entry.path, search.skipped), search.skipped)
    if chosen is None:
        return
    try:
        submitted = modified(chosen.path)
    except OSError:
        search.skip(entry.path, GONE)
        return
    search.found.append(
        HandedIn(
            student=search.students.of_moodle(parts.user, parts.name),
            mission_id=mission,
            path=chosen.path,
            submitted=submitted,
            name=shown_name(chosen.path),
            model=chosen.model,
        )
    )


def is_list(entry: Entry) -> bool:
    """Whether it is a list of students or marks that lies beside the submissions."""
    return not entry.is_folder and entry.name.casefold().endswith(".csv")
