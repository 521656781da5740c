"""Step summaries in Markdown: one report, or the marks of a batch. Append them to the file `$GITHUB_STEP_SUMMARY`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from grader.entries import FLAG_WORDS, Flag, Gradebook, Mark
from grader.exports.cells import number
from grader.exports.feedback import SENTENCE_BYTES
from grader.exports.github.markdown import code, inert_markdown
from grader.exports.roll import flags, machine_failed, mission_points, mission_title, missions_of
from grader.reports import words
from grader.results import CriterionResult, Report, Status, Verdict
from grader.text import Language, Text, same

MAX_BYTES = 900_000
"""GitHub shows no summary beyond 1 MiB (documented limit of a step); the rest is for what other steps add."""

STUDENT = Text("Student", "학생")
NAME = Text("Name", "이름")
MISSION = Text("Mission", "미션")
HANDED_IN = Text("Handed in", "제출")
GRADED = Text("Graded", "채점 완료")
REMARKS = Text("Remarks", "비고")


def write_summary(stream: TextIO, report: Report, language: Language) -> None:
    """One report: how it ended, the criteria as a table, the run.

    Args:
        stream: text, in UTF-8.
        report: with nothing that readers of the repository may not see; its strings are untrusted.
        language: of every sentence.
    """
    stream.write(f"## {_text(report.mission.title, language)}\n\n")
    head = words.headline(report).in_language(language)
    if report.verdict is Verdict.GRADED:
        score, mark = words.score(report).in_language(language), words.pass_mark(report).in_language(language)
        stream.write(f"**{head}** · {score} ({mark}) · {code(report.submission.name)}\n\n")
    else:
        stream.write(f"**{head}** · {code(report.submission.name)}\n\n")
    ending = _ending(report, language)
    if ending:
        stream.write(f"> {'<br>'.join(ending)}\n\n")
    if report.criteria:
        titles = (same(""), words.CRITERION, words.POINTS, words.MEASURED, REMARKS)
        stream.write(_table_head(title.in_language(language) for title in titles))
        for criterion in report.criteria:
            stream.write(_row(_criterion_cells(criterion, language)))
        stream.write("\n")
    if report.run is not None:
        stream.write(f"{inert_markdown(' · '.join(words.run_facts(report.run, language)))}\n\n")


def write_cohort_summary(stream: TextIO, book: Gradebook, marks: Sequence[Mark], language: Language) -> None:
    """The marks of a batch: figures per mission, then one row per student and mission.

    Args:
        stream: text, in UTF-8.
        book: for titles and points of the missions.
        marks: in the order in which they are written; names are untrusted. Whoever can read the repository's
            runs can read them.
        language: of every sentence.
    """
    missions = missions_of(book, marks)
    titles = (
        MISSION,
        HANDED_IN,
        GRADED,
        words.PASSED,
        FLAG_WORDS[Flag.NOT_GRADED],
        FLAG_WORDS[Flag.MISSING],
        FLAG_WORDS[Flag.LATE],
    )
    stream.write(_table_head(_capital(title.in_language(language)) for title in titles))
    for mission in missions:
        own = [mark for mark in marks if mark.mission_id == mission]
        stream.write(_row((inert_markdown(mission_title(book, mission, language)), *map(str, _counts(own)))))
    stream.write("\n")
    columns = (STUDENT, NAME, MISSION, words.POINTS, REMARKS)
    stream.write(_table_head(column.in_language(language) for column in columns))
    _write_marks(stream, (_row(_mark_cells(book, mark, language)) for mark in marks), len(marks), language)


def _write_marks(stream: TextIO, rows: Iterator[str], count: int, language: Language) -> None:
    """As many rows as GitHub shows, and how many there are beyond."""
    written = 0
    for index, row in enumerate(rows):
        written += len(row.encode("utf-8"))
        if written > MAX_BYTES:
            rest = Text(f"… {count - index} more in the gradebook.", f"… 나머지 {count - index}개는 성적부에 있습니다.")
            stream.write(f"\n{rest.in_language(language)}\n")
            return
        stream.write(row)


def _counts(marks: Sequence[Mark]) -> tuple[int, ...]:
    gradings = [mark.attempt.grading for mark in marks if mark.attempt is not None and mark.attempt.grading is not None]
    graded = [grading for grading in gradings if grading.verdict is Verdict.GRADED]
    handed_in = sum(mark.attempt is not None for mark in marks)
    return (
        handed_in,
        len(graded),
        sum(grading.passed for grading in graded),
        handed_in - len(graded),
        len(marks) - handed_in,
        sum(Flag.LATE in mark.flags or Flag.TOO_LATE in mark.flags for mark in marks),
    )


def _mark_cells(book: Gradebook, mark: Mark, language: Language) -> tuple[str, ...]:
    most = number(mission_points(book, mark.mission_id, (mark,)))
    points = f"{number(mark.points)} / {most}" if mark.points is not None else "–"
    remarks = flags(mark, language)
    if machine_failed(mark) and Flag.NOT_GRADED not in mark.flags:
        remarks = ", ".join(part for part in (remarks, FLAG_WORDS[Flag.NOT_GRADED].in_language(language)) if part)
    name = code(mark.student.name) if mark.student.name else ""
    return (code(mark.student.id), name, code(mark.mission_id), points, remarks)


def _criterion_cells(criterion: CriterionResult, language: Language) -> tuple[str, ...]:
    remarks = [criterion.message]
    if criterion.status is not Status.PASSED:
        remarks.append(criterion.hint)
    return (
        words.SYMBOL[criterion.status],
        _text(criterion.title, language),
        words.points(criterion),
        _text(criterion.measured, language),
        "<br>".join(_text(remark, language) for remark in remarks if remark is not None),
    )


def _ending(report: Report, language: Language) -> tuple[str, ...]:
    """Why it ended early. Our words come first: untrusted text at the beginning of a line could be a list or code."""
    if report.ending is None:
        return () if report.reason is None else (words.REASON[report.reason].in_language(language),)
    reason = words.REASON[report.ending.reason].in_language(language)
    lines = (reason, _text(report.ending.message, language), _text(report.ending.advice, language))
    return tuple(line for line in lines if line)


def _text(text: Text | None, language: Language) -> str:
    return "" if text is None else inert_markdown(text.in_language(language), max_bytes=SENTENCE_BYTES)


def _table_head(titles: Iterable[str]) -> str:
    cells = tuple(titles)
    return _row(cells) + _row(["---"] * len(cells))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
