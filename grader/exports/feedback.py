"""What a report says to its student, in a few lines: for systems that have one field for it."""

from dataclasses import dataclass
from html import escape

from grader.reports import words
from grader.reports.escape import inert
from grader.results import CriterionResult, Report, Status, Verdict
from grader.text import Language, Text

SENTENCE_BYTES = 1_000
"""Longest sentence; a report has many, and a comment is read at a glance."""

_HTML_SIGNS = str.maketrans({"<": "＜", ">": "＞", "&": "＆"})


@dataclass(frozen=True, slots=True)
class CriterionFeedback:
    """One criterion: a line with its points, and what to add to it."""

    line: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """A short report: every string is one inert line.

    Attributes:
        head: how it ended.
        ending: what ended it early and what to do; empty otherwise.
    """

    head: str
    ending: tuple[str, ...]
    criteria: tuple[CriterionFeedback, ...]


def feedback(report: Report, language: Language) -> Feedback:
    """The report in short.

    Args:
        report: with nothing that its student may not see; its strings are untrusted.
        language: of every sentence.
    """
    return Feedback(
        head=_head(report).in_language(language),
        ending=_ending(report, language),
        criteria=tuple(_criterion(each, language) for each in report.criteria),
    )


def as_text(short: Feedback) -> str:
    """Lines of plain text. Also inert for a reader that takes it for HTML: `<`, `>` and `&` are full-width."""
    lines = [short.head, *short.ending]
    for criterion in short.criteria:
        lines += [criterion.line, *(f"    → {remark}" for remark in criterion.remarks)]
    return "\n".join(lines).translate(_HTML_SIGNS)


def as_html(short: Feedback) -> str:
    """One line of HTML: paragraphs and a list, without attributes; everything else is escaped."""
    parts = [f"<p><strong>{escape(short.head)}</strong></p>"]
    if short.ending:
        parts.append(f"<p>{'<br>'.join(escape(line) for line in short.ending)}</p>")
    if short.criteria:
        items = (
            f"<li>{'<br>'.join(escape(line) for line in (criterion.line, *criterion.remarks))}</li>"
            for criterion in short.criteria
        )
        parts.append(f"<ul>{''.join(items)}</ul>")
    return "".join(parts)


def sentence(text: Text | None, language: Language) -> str:
    """One inert line; empty for None."""
    return "" if text is None else inert(text.in_language(language), max_bytes=SENTENCE_BYTES)


def _head(report: Report) -> Text:
    headline = words.headline(report)
    if report.verdict is Verdict.NOT_GRADED:
        return headline
    score, mark = words.score(report), words.pass_mark(report)
    return Text(f"{headline.en}: {score.en} ({mark.en})", f"{headline.ko}: {score.ko} ({mark.ko})")


def _ending(report: Report, language: Language) -> tuple[str, ...]:
    lines = []
    if report.reason is not None:
        lines.append(words.REASON[report.reason].in_language(language))
    if report.verdict is Verdict.NOT_GRADED:
        # What failed on the machine is the instructor's to read.
        return (*lines, words.NOT_YOUR_FAULT.in_language(language))
    if report.ending is not None:
        lines += [sentence(report.ending.message, language), sentence(report.ending.advice, language)]
    return tuple(line for line in lines if line)


def _criterion(criterion: CriterionResult, language: Language) -> CriterionFeedback:
    measured = sentence(criterion.measured, language)
    title = sentence(criterion.title, language)
    line = f"{words.SYMBOL[criterion.status]} {title}: {words.points(criterion)}"
    remarks = [sentence(criterion.message, language)]
    if criterion.status is not Status.PASSED:
        remarks.append(sentence(criterion.hint, language))
    return CriterionFeedback(
        line=f"{line} · {measured}" if measured else line, remarks=tuple(remark for remark in remarks if remark)
    )
