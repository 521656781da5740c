"""Marks as JUnit XML: a suite per mission, a test case per student."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from typing import TextIO

from grader.entries import FLAG_WORDS, Flag, Gradebook, Mark
from grader.exports.cells import moment, number
from grader.exports.roll import flags, machine_failed, mission_title, missions_of
from grader.reports import words
from grader.reports.escape import inert
from grader.text import Language, Text

_NOT_XML = re.compile("[\ufffe\uffff]")
"""All that XML 1.0 forbids and `inert` leaves in."""
WAITING = Text("handed in, not graded yet", "제출했으나 아직 채점하지 않음")


def write_junit(stream: TextIO, book: Gradebook, marks: Sequence[Mark], language: Language) -> None:
    """Passed and failed as the grading says, before policies; the mark itself is in the properties.

    What the machine failed at is an error; what was not handed in, or waits to be graded, is skipped.

    Args:
        stream: text, in UTF-8.
        book: for titles of the missions.
        marks: in the order in which they are written; names are untrusted.
        language: of messages.
    """
    root = ElementTree.Element("testsuites", name="grade export")
    for mission in missions_of(book, marks):
        members = [mark for mark in marks if mark.mission_id == mission]
        suite = ElementTree.SubElement(root, "testsuite", name=xml_text(mission))
        _set_counts(suite, members)
        properties = ElementTree.SubElement(suite, "properties")
        _add_property(properties, "title", mission_title(book, mission, language))
        for mark in members:
            _add_case(suite, mark, language)
    _set_counts(root, marks)
    ElementTree.indent(root)
    # The declaration that ElementTree writes for text names the locale's encoding.
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    stream.write(ElementTree.tostring(root, encoding="unicode") + "\n")


def xml_text(raw_text: str) -> str:
    """One inert line that XML 1.0 can hold; `ElementTree` escapes what is markup."""
    return _NOT_XML.sub(lambda match: f"\\u{ord(match.group()):04x}", inert(raw_text))


def _set_counts(element: ElementTree.Element, marks: Sequence[Mark]) -> None:
    tags = [_outcome(mark) for mark in marks]
    element.set("tests", str(len(marks)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(tags.count(tag)))
    element.set("time", f"{sum(_seconds(mark) for mark in marks):.2f}")


def _add_case(suite: ElementTree.Element, mark: Mark, language: Language) -> None:
    student = mark.student
    name = f"{student.id} ({student.name})" if student.name else student.id
    case = ElementTree.SubElement(
        suite, "testcase", classname=xml_text(mark.mission_id), name=xml_text(name), time=f"{_seconds(mark):.2f}"
    )
    properties = ElementTree.SubElement(case, "properties")
    for key, value in _facts(mark):
        if value:
            _add_property(properties, key, value)
    outcome = _outcome(mark)
    if outcome is not None:
        ElementTree.SubElement(case, outcome, message=xml_text(_message(mark, language)))


def _add_property(properties: ElementTree.Element, name: str, value: str) -> None:
    ElementTree.SubElement(properties, "property", name=name, value=xml_text(value))


def _facts(mark: Mark) -> tuple[tuple[str, str], ...]:
    grading = mark.attempt.grading if mark.attempt is not None else None
    return (
        ("points", number(mark.points)),
        ("max_points", number(mark.max_points)),
        ("score", number(mark.score)),
        ("penalty", number(mark.penalty)),
        ("days_late", str(mark.days_late)),
        ("attempts", str(mark.attempts)),
        ("flags", " ".join(mark.flags)),
        ("accuracy", number(grading.accuracy) if grading is not None else ""),
        ("submitted", moment(mark.attempt.submitted) if mark.attempt is not None else ""),
        ("graded", moment(grading.created) if grading is not None else ""),
    )


def _outcome(mark: Mark) -> str | None:
    """The element that says why the case did not pass; None where it did."""
    if mark.attempt is None or mark.attempt.grading is None:
        return "skipped"
    if machine_failed(mark):
        return "error"
    return None if mark.attempt.grading.passed else "failure"


def _message(mark: Mark, language: Language) -> str:
    if mark.attempt is None:
        return FLAG_WORDS[Flag.MISSING].in_language(language)
    grading = mark.attempt.grading
    if grading is None:
        return WAITING.in_language(language)
    if machine_failed(mark):
        return words.REASON[grading.reason].in_language(language) if grading.reason else flags(mark, language)
    reached = f"{number(grading.score)} / {number(grading.max_score)}"
    reason = words.BELOW_PASS_MARK if grading.reason is None else words.REASON[grading.reason]
    return f"{reason.in_language(language)}: {reached}"


def _seconds(mark: Mark) -> float:
    grading = mark.attempt.grading if mark.attempt is not None else None
    return 0.0 if grading is None or grading.seconds is None else grading.seconds
