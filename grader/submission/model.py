"""What collecting a submission gives, and the limits it keeps to."""

import ast
from dataclasses import dataclass
from pathlib import Path

from grader.errors import SubmissionInvalid
from grader.submission.source import parse_python
from grader.text import Text

ENTRY = "solution.py"
"""The module that the runner imports."""

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CollectLimits:
    """What a submission may hold. All are counted while reading; declared sizes are never believed.

    Proved by tests/adversarial/submissions_archives.
    """

    files: int = 500
    """Files kept."""
    entries: int = 20_000
    """Files, folders and archive entries looked at, left-out ones included."""
    file_bytes: int = 20 * MIB
    """One file."""
    total_bytes: int = 50 * MIB
    """All files kept together; also the size of an archive as it was handed in."""
    expanded_bytes: int = 200 * MIB
    """What decompressing an archive may yield in all, left-out files included."""
    source_bytes: int = MIB // 2
    """All Python files together: beyond this it is data. It bounds the parser's time and memory: the worst source found
    took 6.3 s and 430 MB to collect (a notebook of `f();`; Python 3.11.7, one shared core of a cloud CPU, n = 1)."""


@dataclass(frozen=True, slots=True)
class DroppedStatement:
    """A top-level statement of a notebook that was not carried over.

    Attributes:
        cell: code cell, counted from 1; text cells don't count.
        line: line in that cell, from 1.
        source: its first line, fit to print.
    """

    cell: int
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class CellSpan:
    """Lines of `solution.py` that came from one code cell: `first_line` is the cell's line 1."""

    cell: int
    first_line: int
    lines: int


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission as it lies in a clean folder of ours: plain files, vetted names, bounded sizes.

    Attributes:
        name: for people; from the path, escaped. Not unique and not a file name.
        root: the folder.
        sha256: identity of the content. The same files give the same hash from a folder, any archive, and anywhere.
        files: (relative name, bytes), sorted by name; always holds `entry`.
        dropped: statements of a notebook that were left out.
        ignored: names that were left out as junk, at most 100, fit to print; for a folder only the topmost.
        entry: the module that the runner imports.
        entry_origin: what the student calls that module, such as `mission.ipynb`; fit to print.
        source_map: where the lines of a converted notebook came from; empty otherwise.
    """

    name: str
    root: Path
    sha256: str
    files: tuple[tuple[str, int], ...]
    dropped: tuple[DroppedStatement, ...] = ()
    ignored: tuple[str, ...] = ()
    entry: str = ENTRY
    entry_origin: str = ENTRY
    source_map: tuple[CellSpan, ...] = ()

    def cell_of(self, file: str, line: int) -> tuple[int, int] | None:
        """(code cell, line in it) of a line of a converted notebook; None where it is no such line."""
        if file != self.entry:
            return None
        return cell_of(self.source_map, line)

    def locate(self, file: str, line: int) -> Text:
        """A line as the student knows it: `solution.py, line 12`, or `mission.ipynb, code cell 3, line 2`."""
        shown = self.entry_origin if file == self.entry else file
        found = self.cell_of(file, line)
        if found is None:
            return Text(en=f"{shown}, line {line}", ko=f"{shown} {line}번째 줄")
        cell, cell_line = found
        return Text(en=f"{shown}, code cell {cell}, line {cell_line}", ko=f"{shown} 코드 셀 {cell}, {cell_line}번째 줄")

    def python_files(self) -> tuple[str, ...]:
        """Names of the Python files."""
        return tuple(name for name, _ in self.files if name.endswith(".py"))

    def parse(self, file: str) -> ast.Module:
        """The syntax tree of one Python file; nothing is executed.

        Args:
            file: a name out of `files`.

        Raises:
            SubmissionInvalid: it is no readable Python; the message names the line.
        """
        if file not in dict(self.files):
            raise SubmissionInvalid(Text(en=f"There is no {file}.", ko=f"{file} 파일이 없습니다."))
        shown = self.entry_origin if file == self.entry else file
        return parse_python((self.root / file).read_bytes(), shown)


def cell_of(source_map: tuple[CellSpan, ...], line: int) -> tuple[int, int] | None:
    """(code cell, line in it) behind a line of `solution.py`."""
    for span in source_map:
        if span.first_line <= line < span.first_line + span.lines:
            return span.cell, line - span.first_line + 1
    return None
