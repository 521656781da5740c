"""A submission's file side by side with what criteria say about its lines."""

from dataclasses import dataclass

from grader.results import LineRemark, Report, Status

MAX_LINES = 2_000


@dataclass(frozen=True, slots=True)
class RemarkedLine:
    """One line of a file, and what was said about it."""

    number: int
    source: str
    remarks: tuple[LineRemark, ...]


@dataclass(frozen=True, slots=True)
class RemarkedFile:
    """A file with the remarks on it.

    Attributes:
        cut: lines at its end that are not shown.
    """

    name: str
    lines: tuple[RemarkedLine, ...]
    cut: int

    @property
    def count(self) -> int:
        """Remarks on lines that are shown."""
        return sum(len(line.remarks) for line in self.lines)


def remarked_files(report: Report) -> tuple[RemarkedFile, ...]:
    """Every file whose text the report holds and some criterion that lost points speaks of.

    Args:
        report: inert already (see `inert_report`).
    """
    remarks = [
        remark
        for criterion in report.criteria
        if criterion.status in (Status.FAILED, Status.PARTIAL)
        for remark in criterion.remarks
    ]
    files = []
    for source in report.annotated:
        own = [remark for remark in remarks if remark.file == source.name]
        if own:
            files.append(_file(source.name, source.text.split("\n"), own))
    return tuple(files)


def _file(name: str, lines: list[str], remarks: list[LineRemark]) -> RemarkedFile:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    by_line: dict[int, list[LineRemark]] = {}
    for remark in remarks:
        by_line.setdefault(min(max(1, remark.line), len(lines)), []).append(remark)
    return RemarkedFile(
        name=name,
        lines=tuple(
            RemarkedLine(number, text, tuple(by_line.get(number, ())))
            for number, text in enumerate(lines[:MAX_LINES], start=1)
        ),
        cut=max(0, len(lines) - MAX_LINES),
    )
