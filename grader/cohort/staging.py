"""Loose files of one submission, brought together in a folder of their own."""

from pathlib import Path

from grader.cohort.handed_in import HandedIn
from grader.errors import DestinationExists, SubmissionInvalid
from grader.submission.folder import read_file, translated
from grader.submission.model import CollectLimits
from grader.text import Text


def stage(handed_in: HandedIn, destination: Path, limits: CollectLimits = CollectLimits()) -> Path:  # noqa: B008 - frozen
    """What `grader.submission.collect` is to be given: `path`, or a folder made of the loose files.

    Args:
        handed_in: its files are untrusted and may have changed since they were found.
        destination: does not exist yet or is an empty folder; only used where there are loose files.
        limits: bound each file and all of them together.

    Returns:
        `handed_in.path`, or `destination` with plain files under the students' own names.

    Raises:
        SubmissionInvalid: a file is no plain file any more, can't be read, or is too large.
        DestinationExists: `destination` holds something.
        InfrastructureError: the machine failed to write.
    """
    if not handed_in.loose:
        return handed_in.path
    if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
        raise DestinationExists(
            Text(f"{destination} is not an empty folder.", f"{destination} 폴더가 비어 있지 않습니다."),
            Text("Give a new one.", "새 폴더를 지정해 주세요."),
        )
    left = limits.total_bytes
    for file in handed_in.loose:
        content = read_file(file.path, min(left, limits.file_bytes))
        left -= len(content)
        _write(destination, file.name, content)
    return destination


def _write(folder: Path, name: str, content: bytes) -> None:
    if name in ("", ".", "..") or "/" in name:
        raise SubmissionInvalid(Text("A file has no usable name.", "사용할 수 없는 이름의 파일이 있습니다."))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("xb") as target:
            target.write(content)
    except OSError as error:
        raise translated(error, folder.name, ours=True) from error
