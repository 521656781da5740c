"""Which of the files handed in is `solution.py`.

The rule, in this order, on what is left once junk is out:

1. One folder around everything is taken off, as often as there is one (zip files of a folder; Windows makes two).
2. `solution.py` at the top (`Solution.py` too).
3. Exactly one notebook at the top: it is converted; Python files beside it stay, so that it can import them.
4. Exactly one Python file at the top, whatever its name.
5. Otherwise the submission is refused, and the message lists what was found.
"""

from dataclasses import dataclass

from grader.errors import SubmissionInvalid
from grader.submission.model import ENTRY, CellSpan, CollectLimits, DroppedStatement
from grader.submission.names import printable
from grader.submission.notebook import convert_notebook
from grader.text import Text

MAX_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Layout:
    """Files under their final names, with `solution.py` among them, and where that came from."""

    files: dict[str, bytes]
    entry_origin: str
    dropped: tuple[DroppedStatement, ...] = ()
    source_map: tuple[CellSpan, ...] = ()


def lay_out(files: dict[str, bytes], limits: CollectLimits, alone: str | None = None) -> Layout:
    """Applies the rule above.

    Args:
        files: vetted names → untrusted content, junk left out.
        limits: bounds the code of a notebook.
        alone: what the student calls the only file, where one was handed in by itself; fit to print.

    Raises:
        SubmissionInvalid: empty, no file can be `solution.py`, or the notebook can't be converted.
    """
    if not files:
        raise SubmissionInvalid(
            Text(en="The submission is empty.", ko="제출물이 비어 있습니다."),
            Text(en="Submit the folder that holds solution.py.", ko="solution.py가 들어 있는 폴더를 제출해 주세요."),
        )
    files = _unwrapped(files)
    origin = _entry_name(files)
    shown = alone or printable(origin)
    rest = {name: content for name, content in files.items() if name != origin}
    if not origin.casefold().endswith(".ipynb"):
        return Layout(files={**rest, ENTRY: files[origin]}, entry_origin=shown)
    converted = convert_notebook(files[origin], shown, limits.source_bytes)
    return Layout(
        files={**rest, ENTRY: converted.source.encode()},
        entry_origin=shown,
        dropped=converted.dropped,
        source_map=converted.source_map,
    )


def _unwrapped(files: dict[str, bytes]) -> dict[str, bytes]:
    while True:
        tops = {name.partition("/")[0] for name in files}
        if len(tops) != 1 or next(iter(tops)) in files:
            return files
        files = {name.partition("/")[2]: content for name, content in files.items()}


def _entry_name(files: dict[str, bytes]) -> str:
    top = sorted(name for name in files if "/" not in name)
    named = [name for name in top if name.casefold() == ENTRY]
    if any(name.casefold().startswith(f"{ENTRY}/") for name in files):
        raise _no_entry(files)  # a folder of that name
    notebooks = [name for name in top if name.casefold().endswith(".ipynb")]
    modules = [name for name in top if name.casefold().endswith(".py") and name != "__init__.py"]
    for candidates in (named, notebooks, modules):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            raise _which(candidates)
    raise _no_entry(files)


def _which(candidates: list[str]) -> SubmissionInvalid:
    found = _listed(candidates)
    return SubmissionInvalid(
        Text(
            en=f"There is no solution.py, and more than one file could be it: {found}.",
            ko=f"solution.py가 없고, 대신할 수 있는 파일이 여러 개입니다: {found}.",
        ),
        Text(en="Name the right one solution.py.", ko="제출할 파일의 이름을 solution.py로 바꿔 주세요."),
    )


def _no_entry(files: dict[str, bytes]) -> SubmissionInvalid:
    found = _listed(sorted(files))
    return SubmissionInvalid(
        Text(en=f"No solution.py was found, only {found}.", ko=f"solution.py를 찾을 수 없습니다. 있는 파일: {found}."),
        Text(
            en="Submit the folder that holds solution.py, or the file itself.",
            ko="solution.py가 들어 있는 폴더나 solution.py 파일을 제출해 주세요.",
        ),
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(printable(name, 60) for name in names[:MAX_NAMES_SHOWN])
    return f"{shown}, …" if len(names) > MAX_NAMES_SHOWN else shown
