"""The Python files of a collected submission, as text."""

from pathlib import Path

from grader.errors import SubmissionInvalid
from grader.similarity.results import SourceFile
from grader.submission.names import printable
from grader.submission.source import decode_python


def read_sources(root: Path) -> tuple[tuple[SourceFile, ...], tuple[str, ...]]:
    """All Python files below a folder, by name, and the names of those that can't be decoded.

    Args:
        root: a collected submission, or the course's own starter: plain files, no links. Content is untrusted.
    """
    files: list[SourceFile] = []
    undecodable: list[str] = []
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        try:
            files.append(SourceFile(name=name, text=decode_python(path.read_bytes(), printable(name))))
        except SubmissionInvalid:
            undecodable.append(name)
    return tuple(files), tuple(undecodable)
