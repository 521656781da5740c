"""Annotations of GitHub Actions: workflow commands that the runner finds in what a step prints.

The runner acts on every printed line that begins with `::`, and on `##[` anywhere: text that is not ours never
begins a line, and holds neither a line break nor `##[`. Proved by `tests/adversarial/test_export_escaping.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

from grader.reports import words
from grader.reports.escape import inert
from grader.results import CriterionResult, Report, Status, Verdict
from grader.text import Language, Text

MAX_PER_LEVEL = 10
"""GitHub keeps ten annotations of each level per step (documented limit) and drops the others silently."""
MESSAGE_BYTES = 2_000


class Level(StrEnum):
    """How GitHub shows an annotation."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One remark, on a line of the submission where `file` is not empty; all strings are untrusted."""

    level: Level
    title: str
    message: str
    file: str = ""
    line: int = 0


def write_annotations(stream: TextIO, report: Report, language: Language, *, folder: str = "") -> None:
    """Lost points as annotations on the submission's lines, then the score as a notice.

    Args:
        stream: text, in UTF-8; what is written must reach the step's standard output.
        report: with nothing that readers of the repository may not see; its strings are untrusted.
        language: of every sentence.
        folder: where the submission lies in the repository; empty for its root.
    """
    used = dict.fromkeys(Level, 0)
    left_out = 0
    for annotation in _annotations(report, language):
        # The last notice is the score's.
        if used[annotation.level] >= MAX_PER_LEVEL - (annotation.level is Level.NOTICE):
            left_out += 1
            continue
        used[annotation.level] += 1
        stream.write(command(_within(annotation, folder)) + "\n")
    stream.write(command(_score(report, left_out, language)) + "\n")


def command(annotation: Annotation) -> str:
    """The workflow command, one line without its line break."""
    properties = {"file": annotation.file, "line": str(annotation.line) if annotation.file else ""}
    properties["title"] = annotation.title
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{annotation.level} {listed}::{_data(annotation.message)}"


def without_legacy_command(text: str) -> str:
    """The text without `##[`, which older workflow commands begin with, wherever in a line they stand."""
    return text.replace("##[", "## [")


def _annotations(report: Report, language: Language) -> Iterator[Annotation]:
    if report.ending is not None:
        yield _ending(report, language)
    for criterion in report.criteria:
        if criterion.status in (Status.FAILED, Status.PARTIAL):
            yield from _lost(criterion, report, language)


def _ending(report: Report, language: Language) -> Annotation:
    assert report.ending is not None
    frame = next((each for each in reversed(report.ending.traceback) if each.file in report.submission.files), None)
    parts = (report.ending.message.in_language(language), report.ending.advice.in_language(language))
    return Annotation(
        level=Level.ERROR,
        title=words.REASON[report.ending.reason].in_language(language),
        message="\n".join(part for part in parts if part),
        file=frame.file if frame is not None else "",
        line=frame.line if frame is not None else 0,
    )


def _lost(criterion: CriterionResult, report: Report, language: Language) -> Iterator[Annotation]:
    level = Level.ERROR if criterion.status is Status.FAILED else Level.WARNING
    title = f"{criterion.title.in_language(language)}: {words.points(criterion)}"
    remarks = [remark for remark in criterion.remarks if remark.file in report.submission.files]
    for remark in remarks:
        message = remark.message.in_language(language)
        yield Annotation(level=level, title=title, message=message, file=remark.file, line=remark.line)
    if not remarks:
        parts = [text.in_language(language) for text in (criterion.measured, criterion.message, criterion.hint) if text]
        yield Annotation(level=level, title=title, message="\n".join(parts) or title)


def _score(report: Report, left_out: int, language: Language) -> Annotation:
    message = words.headline(report).in_language(language)
    if report.verdict is Verdict.GRADED:
        message += f": {words.score(report).in_language(language)}"
    if left_out:
        more = Text(f"{left_out} more remarks are in the report.", f"보고서에 설명이 {left_out}개 더 있습니다.")
        message += f"\n{more.in_language(language)}"
    return Annotation(level=Level.NOTICE, title=report.mission.title.in_language(language), message=message)


def _within(annotation: Annotation, folder: str) -> Annotation:
    if not annotation.file or not folder.strip("/"):
        return annotation
    return Annotation(
        level=annotation.level,
        title=annotation.title,
        message=annotation.message,
        file=f"{folder.rstrip('/')}/{annotation.file}",
        line=annotation.line,
    )


def _data(raw_text: str) -> str:
    text = without_legacy_command(inert(raw_text, lines=True, max_bytes=MESSAGE_BYTES))
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(raw_text: str) -> str:
    return _data(inert(raw_text)).replace(":", "%3A").replace(",", "%2C")
