"""Collecting a submission: whatever was handed in becomes a clean folder with a `solution.py`, or a refusal."""

import hashlib
import os
import shutil
import stat
from pathlib import Path

from grader.errors import DestinationExists, SubmissionInvalid
from grader.submission.archives import FOREIGN_SUFFIXES, SUFFIXES, read_archive
from grader.submission.folder import read_file, read_folder, translated
from grader.submission.intake import Intake, not_plain
from grader.submission.layout import lay_out
from grader.submission.model import ENTRY, CollectLimits, Submission
from grader.submission.names import printable
from grader.submission.source import parse_python
from grader.text import Text

SINGLE_FILES = (".py", ".ipynb")
_HASH_VERSION = b"deep-grader submission 1\n"


def collect(path: Path, destination: Path, limits: CollectLimits = CollectLimits()) -> Submission:  # noqa: B008 - frozen
    """Reads a submission and writes it, vetted, into a folder of ours.

    Args:
        path: a folder, `.zip`, `.tar`, `.tar.gz`, `.tgz`, `.py` or `.ipynb`. Its content is untrusted, and so is its
            last component; the folders above it are not looked at. Nothing in it is executed.
        destination: does not exist yet or is an empty folder, in a place that only the grader writes to.

    Returns:
        The submission. Below `destination` lie plain files (0644) and folders (0755) only, within `limits`, with names
        that are relative, in NFC, and unique under case folding; `solution.py` is among them and parses as Python.

    Raises:
        SubmissionInvalid: it can't be accepted; message and advice are for the student.
        DestinationExists: `destination` holds something.
        InfrastructureError: the machine failed to read or write (`DiskFull` where that is why).
        In each case, and on Ctrl-C, nothing is left in `destination`; it is removed if it was made here.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve would follow a link that the student laid
    intake = Intake(limits)
    alone = _read(absolute, intake)
    layout = lay_out(intake.files, limits, alone)
    sources = {name: len(content) for name, content in layout.files.items() if name.endswith(".py")}
    if sum(sources.values()) > limits.source_bytes:
        longest = max(sources, key=sources.__getitem__)
        shown = layout.entry_origin if longest == ENTRY else printable(longest)
        raise _too_long(shown, limits.source_bytes)
    if not layout.source_map:
        parse_python(layout.files[ENTRY], layout.entry_origin)
    _write(layout.files, destination)
    return Submission(
        name=printable(absolute.name),
        root=destination,
        sha256=content_hash(layout.files),
        files=tuple(sorted((name, len(content)) for name, content in layout.files.items())),
        dropped=layout.dropped,
        ignored=tuple(intake.ignored),
        entry_origin=layout.entry_origin,
        source_map=layout.source_map,
    )


def content_hash(files: dict[str, bytes]) -> str:
    """SHA-256 over names and bytes, in hex: no two different sets of files share the bytes that go in."""
    digest = hashlib.sha256(_HASH_VERSION)
    for name, content in sorted(files.items()):
        raw_name = name.encode()
        digest.update(len(raw_name).to_bytes(8, "big") + raw_name + len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()


def _read(path: Path, intake: Intake) -> str | None:
    """Fills `intake`; returns what to call the file where a single one was handed in."""
    shown = printable(path.name)
    lowered = path.name.casefold()
    try:
        kind = stat.S_IFMT(path.lstat().st_mode)
    except FileNotFoundError as error:
        raise SubmissionInvalid(
            Text(en=f"“{shown}” does not exist.", ko=f"“{shown}”을(를) 찾을 수 없습니다."),
            Text(en="Check the path.", ko="경로를 확인해 주세요."),
        ) from error
    except OSError as error:
        raise translated(error, shown) from error
    if kind == stat.S_IFDIR:
        read_folder(path, intake)
    elif kind != stat.S_IFREG:
        raise not_plain(shown)
    elif lowered.endswith(SINGLE_FILES):
        content = read_file(path, intake.limits.file_bytes)
        intake.files[ENTRY if lowered.endswith(".py") else "notebook.ipynb"] = content
        return shown
    elif lowered.endswith(SUFFIXES):
        read_archive(read_file(path, intake.limits.total_bytes), intake)
    else:
        raise _foreign_kind(shown, archive=lowered.endswith(FOREIGN_SUFFIXES))
    return None


def _foreign_kind(shown: str, *, archive: bool) -> SubmissionInvalid:
    advice = (
        Text(en="Pack the folder as .zip.", ko="폴더를 .zip으로 압축해 주세요.")
        if archive
        else Text(
            en="Submit a folder, .zip, .tar.gz, .py or .ipynb.",
            ko="폴더, .zip, .tar.gz, .py, .ipynb 중 하나로 제출해 주세요.",
        )
    )
    return SubmissionInvalid(
        Text(
            en=f"“{shown}” is of a kind that is not accepted.", ko=f"“{shown}”은(는) 제출할 수 없는 형식의 파일입니다."
        ),
        advice,
    )


def _too_long(shown: str, limit: int) -> SubmissionInvalid:
    return SubmissionInvalid(
        Text(
            en=f"The Python files are longer than {limit // 1024} KiB; the longest is “{shown}”.",
            ko=f"파이썬 파일의 전체 길이가 {limit // 1024} KiB보다 깁니다. 가장 긴 파일은 “{shown}”입니다.",
        ),
        Text(en="Take numbers and images out of the source.", ko="코드 안에 들어 있는 숫자나 이미지를 빼 주세요."),
    )


def _write(files: dict[str, bytes], destination: Path) -> None:
    """All files or none. Names are vetted, and unique however the file system compares them."""
    made = False
    try:
        try:
            if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
                raise DestinationExists(
                    Text(f"{destination} is not an empty folder.", f"{destination} 폴더가 비어 있지 않습니다."),
                    Text("Give a new one.", "새 폴더를 지정해 주세요."),
                )
            made = not destination.exists()
            destination.mkdir(parents=True, exist_ok=True)
            destination.chmod(0o755)
            for name, content in files.items():
                _write_file(destination, name, content)
        except OSError as error:
            raise translated(error, destination.name, ours=True) from error
    except DestinationExists:
        raise
    except BaseException:  # Ctrl-C included: no half submission stays
        _clear(destination, remove=made)
        raise


def _write_file(root: Path, name: str, content: bytes) -> None:
    folder = root
    for part in name.split("/")[:-1]:
        folder /= part
        if not folder.is_dir():
            folder.mkdir()
            folder.chmod(0o755)  # whatever the umask: the sandbox reads as another user
    target = root / name
    with target.open("xb") as file:
        file.write(content)
        os.fchmod(file.fileno(), 0o644)


def _clear(destination: Path, *, remove: bool) -> None:
    for entry in destination.iterdir() if destination.is_dir() else ():
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    if remove:
        shutil.rmtree(destination, ignore_errors=True)
