"""Marks as JSON lines: one object per mark, for programs. `docs/export.schema.json` is the schema of a line.

Strings come back exactly as they were; characters that could steer a terminal are written as JSON escapes.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal, TextIO

from grader.entries import Attempt, Flag, Grading, Mark
from grader.reports.json import escape_steering
from grader.results import Mode, Reason, ResultModel, Status, Verdict

LINE_SCHEMA_VERSION: Final = "1.0"


class StudentLine(ResultModel):
    """Who handed in, or should have."""

    id: str
    name: str
    """Empty, like the fields below, where the roster does not say."""
    email: str
    section: str
    canvas_id: str
    sis_id: str
    login_id: str
    moodle_id: str
    enrolled: bool
    """False for somebody whom the roster does not name, though there is one."""


class CriterionLine(ResultModel):
    """One criterion, in figures."""

    id: str
    status: Status
    points: float
    max_points: float
    bonus: bool


class GradingLine(ResultModel):
    """What came of one submission."""

    created: datetime
    verdict: Verdict
    reason: Reason | None
    passed: bool
    score: float
    """Before any policy."""
    max_score: float
    criteria: tuple[CriterionLine, ...]
    accuracy: float | None
    """Share of hidden images, from 0 to 1."""
    parameters: int | None
    seconds: float | None
    """Wall-clock seconds of `train`."""
    cpu_seconds: float | None
    peak_memory_bytes: int | None
    device: str
    report_sha256: str
    """Of the whole report in the store."""


class SubmissionLine(ResultModel):
    """What was handed in and counts."""

    id: int
    name: str
    sha256: str
    """Content hash."""
    submitted: datetime
    mode: Mode
    grading: GradingLine | None
    """None where it has not been graded."""
    audit: GradingLine | None
    """What training a ready model anew gave."""


class MarkLine(ResultModel):
    """One line: what counts for one student and one mission."""

    schema_version: Literal["1.0"] = LINE_SCHEMA_VERSION
    """Rises when a field changes its meaning or goes."""
    mission_id: str
    student: StudentLine
    points: float | None
    """What is entered, after policies; None where nothing was handed in or graded."""
    max_points: float
    """The mission's points, without bonus."""
    score: float | None
    """Before policies."""
    penalty: float
    """Points taken off for being late."""
    days_late: int
    due: datetime | None
    attempts: int
    flags: tuple[Flag, ...]
    submission: SubmissionLine | None
    """The one that counts; None where nothing was handed in."""


def write_jsonl(stream: TextIO, marks: Iterable[Mark]) -> None:
    """One JSON object per mark and line.

    Args:
        stream: text, in UTF-8.
        marks: in the order in which they are written; names are untrusted.
    """
    for mark in marks:
        document = line(mark).model_dump(mode="json")
        stream.write(escape_steering(json.dumps(document, ensure_ascii=False, allow_nan=False)) + "\n")


def line(mark: Mark) -> MarkLine:
    """The mark as the object of its line."""
    student = mark.student
    return MarkLine(
        mission_id=mark.mission_id,
        student=StudentLine(
            id=student.id,
            name=student.name,
            email=student.email,
            section=student.section,
            canvas_id=student.canvas_id,
            sis_id=student.sis_id,
            login_id=student.login_id,
            moodle_id=student.moodle_id,
            enrolled=student.enrolled,
        ),
        points=mark.points,
        max_points=mark.max_points,
        score=mark.score,
        penalty=mark.penalty,
        days_late=mark.days_late,
        due=mark.due,
        attempts=mark.attempts,
        flags=mark.flags,
        submission=None if mark.attempt is None else _submission(mark.attempt),
    )


def line_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one line."""
    schema = MarkLine.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def line_schema_document() -> str:
    """The schema as the text of the published file."""
    return json.dumps(line_schema(), indent=2, ensure_ascii=False) + "\n"


def _submission(attempt: Attempt) -> SubmissionLine:
    return SubmissionLine(
        id=attempt.submission_id,
        name=attempt.name,
        sha256=attempt.content,
        submitted=attempt.submitted,
        mode=attempt.mode,
        grading=None if attempt.grading is None else _grading(attempt.grading),
        audit=None if attempt.audit is None else _grading(attempt.audit),
    )


def _grading(grading: Grading) -> GradingLine:
    return GradingLine(
        created=grading.created,
        verdict=grading.verdict,
        reason=grading.reason,
        passed=grading.passed,
        score=grading.score,
        max_score=grading.max_score,
        criteria=tuple(
            CriterionLine(
                id=each.id, status=each.status, points=each.points, max_points=each.max_points, bonus=each.bonus
            )
            for each in grading.criteria
        ),
        accuracy=grading.accuracy,
        parameters=grading.parameters,
        seconds=grading.seconds,
        cpu_seconds=grading.cpu_seconds,
        peak_memory_bytes=grading.peak_memory_bytes,
        device=grading.device,
        report_sha256=grading.report_sha256,
    )
