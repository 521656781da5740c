"""What of several files is the submission: an archive, a folder, one file, or some files together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.cohort.handed_in import LooseFile, Skipped
from grader.cohort.listing import MODEL_SUFFIX, Entry
from grader.submission.archives import FOREIGN_SUFFIXES, SUFFIXES
from grader.submission.collect import SINGLE_FILES
from grader.submission.names import collision_key
from grader.text import Text

ARCHIVES = (*SUFFIXES, *FOREIGN_SUFFIXES)
"""Kinds that are not accepted are taken too: the report then tells the student what to hand in instead."""
HANDED_IN = (*ARCHIVES, *SINGLE_FILES)

_BESIDE_ARCHIVE = Text(
    "It lies beside the archive that was handed in; only the archive is graded.",
    "제출한 압축 파일 옆에 있는 파일입니다. 압축 파일만 채점합니다.",
)
_SAME_NAME = Text(
    "A newer file of the same name was handed in with it.", "같은 이름의 더 새로운 파일이 함께 제출되었습니다."
)
_SEVERAL_MODELS = Text(
    "There are several models; only one named model.pt2, or a single one, is taken.",
    "모델이 여러 개 있습니다. model.pt2라는 이름이거나 하나뿐인 모델만 사용합니다.",
)
_ONLY_MODEL = Text("It is a model without the source that belongs to it.", "코드가 함께 제출되지 않은 모델 파일입니다.")
_EMPTY = Text("It is empty.", "비어 있습니다.")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The submission among some files; see `HandedIn` for the attributes."""

    path: Path
    model: Path | None = None
    loose: tuple[LooseFile, ...] = ()


def stem(name: str) -> str:
    """`name` without the suffix of what may be handed in, or of a model; unchanged where it has none."""
    lowered = name.casefold()
    fitting = [suffix for suffix in (*HANDED_IN, MODEL_SUFFIX) if lowered.endswith(suffix)]
    longest = max(fitting, key=len, default="")
    return name[: len(name) - len(longest)] if len(lowered) == len(name) else name


def is_submission_file(entry: Entry) -> bool:
    """Whether a file can be a submission by itself."""
    return not entry.is_folder and entry.name.casefold().endswith(HANDED_IN)


def choose_in_folder(folder: Path, entries: Sequence[Entry], skipped: list[Skipped]) -> Chosen | None:
    """The folder, or the archive that is all there is in it.

    Args:
        folder: of one submission.
        entries: what `list_folder` says of it.
        skipped: takes what is left over.
    """
    models = [LooseFile(entry.path, entry.name) for entry in entries if entry.is_model]
    rest = [entry for entry in entries if not entry.is_model]
    model = _pick_model(models, skipped)
    if not rest:
        skipped.append(Skipped(folder, _ONLY_MODEL if models else _EMPTY))
        return None
    archives = _archives([entry.name for entry in rest])
    if archives is None or any(entry.is_folder for entry in rest):
        return Chosen(folder, model)
    skipped += [Skipped(entry.path, _BESIDE_ARCHIVE) for place, entry in enumerate(rest) if place != archives]
    return Chosen(rest[archives].path, model)


def choose_among_files(files: Sequence[LooseFile], skipped: list[Skipped]) -> Chosen | None:
    """The one file, the one archive, or all files together.

    Args:
        files: of one submission, oldest first, under the students' own names.
        skipped: takes what is left over.
    """
    models = [file for file in files if file.name.casefold().endswith(MODEL_SUFFIX)]
    newest: dict[str, LooseFile] = {}
    for file in files:
        if file in models:
            continue
        key = collision_key(file.name)
        if key in newest:
            skipped.append(Skipped(newest[key].path, _SAME_NAME))
        newest[key] = file
    rest = list(newest.values())
    model = _pick_model(models, skipped)
    if not rest:
        skipped += [Skipped(file.path, _ONLY_MODEL) for file in models]
        return None
    archive = _archives([file.name for file in rest])
    if archive is not None:
        skipped += [Skipped(file.path, _BESIDE_ARCHIVE) for place, file in enumerate(rest) if place != archive]
        return Chosen(rest[archive].path, model)
    if len(rest) == 1:
        return Chosen(rest[0].path, model)
    return Chosen(rest[0].path, model, loose=tuple(rest))


def _archives(names: Sequence[str]) -> int | None:
    """Position of the one archive, where no source lies beside it."""
    lowered = [name.casefold() for name in names]
    archives = [place for place, name in enumerate(lowered) if name.endswith(ARCHIVES)]
    return archives[0] if len(archives) == 1 and not any(name.endswith(SINGLE_FILES) for name in lowered) else None


def _pick_model(models: Sequence[LooseFile], skipped: list[Skipped]) -> Path | None:
    named = [file for file in models if file.name.casefold() == f"model{MODEL_SUFFIX}"]
    for candidates in (named, models):
        if len(candidates) == 1:
            return candidates[0].path
    skipped += [Skipped(file.path, _SEVERAL_MODELS) for file in models]
    return None
