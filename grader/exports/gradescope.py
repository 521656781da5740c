"""Gradescope: `results.json` of one submission, as its autograder specification lays it down.

All text is sent as plain text (`output_format: text`), which Gradescope shows as it is.
"""

import json
from collections.abc import Collection
from enum import StrEnum
from typing import Any, TextIO

from grader.errors import InfrastructureError
from grader.exports.feedback import CriterionFeedback, feedback, sentence
from grader.reports import words
from grader.reports.escape import inert
from grader.reports.json import escape_steering
from grader.results import CriterionResult, Report, Status, Verdict
from grader.text import Language, Text

EXTRA_SCHEMA_VERSION = "1.0"


class Visibility(StrEnum):
    """When students see something on Gradescope."""

    VISIBLE = "visible"
    HIDDEN = "hidden"
    AFTER_DUE_DATE = "after_due_date"
    AFTER_PUBLISHED = "after_published"


def write_gradescope(
    stream: TextIO,
    report: Report,
    language: Language,
    *,
    visibility: Visibility = Visibility.VISIBLE,
    stdout_visibility: Visibility = Visibility.HIDDEN,
    after_due_date: Collection[str] = (),
    leaderboard: bool = False,
) -> None:
    """The report as `results.json`: one test per criterion.

    Args:
        stream: text, in UTF-8.
        report: its strings are untrusted.
        language: of every sentence.
        visibility: of the whole result.
        stdout_visibility: of what the autograder printed.
        after_due_date: ids of criteria that students see when the assignment is due, not before.
        leaderboard: show accuracy and parameters to all students of the assignment.

    Raises:
        InfrastructureError: the machine failed. Without a result Gradescope tells the student that the
            autograder did, and enters no mark.
    """
    if report.verdict is Verdict.NOT_GRADED:
        raise InfrastructureError(
            Text(
                "This submission was not graded: the machine failed, and Gradescope gets no result.",
                "채점 환경 문제로 채점하지 못해 Gradescope 결과 파일을 만들지 않습니다.",
            ),
            Text("Grade it again.", "다시 채점하세요."),
        )
    document = results(
        report,
        language,
        visibility=visibility,
        stdout_visibility=stdout_visibility,
        after_due_date=after_due_date,
        leaderboard=leaderboard,
    )
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
    stream.write(escape_steering(text) + "\n")


def results(
    report: Report,
    language: Language,
    *,
    visibility: Visibility,
    stdout_visibility: Visibility,
    after_due_date: Collection[str],
    leaderboard: bool,
) -> dict[str, Any]:
    """The value of `results.json`; arguments as for `write_gradescope`."""
    short = feedback(report, language)
    document: dict[str, Any] = {
        "score": report.score,
        "output": "\n".join((short.head, *short.ending)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": visibility.value,
        "stdout_visibility": stdout_visibility.value,
        "tests": [
            _test(index, criterion, lines, language, hidden=criterion.id in after_due_date)
            for index, (criterion, lines) in enumerate(zip(report.criteria, short.criteria, strict=True), start=1)
        ],
        "extra_data": _extra(report),
    }
    if report.run is not None and report.run.seconds is not None:
        document["execution_time"] = round(report.run.seconds)
    if leaderboard and report.metrics is not None:
        document["leaderboard"] = _leaderboard(report, language)
    return document


def _test(
    number: int, criterion: CriterionResult, lines: CriterionFeedback, language: Language, *, hidden: bool
) -> dict[str, Any]:
    shown = [
        f"{label.in_language(language)}: {text}"
        for label, text in (
            (words.MEASURED, sentence(criterion.measured, language)),
            (words.EXPECTED, sentence(criterion.expected, language)),
        )
        if text
    ]
    return {
        "number": str(number),
        "name": sentence(criterion.title, language),
        "name_format": "text",
        "score": criterion.points,
        "max_score": criterion.max_points,
        # Gradescope knows these two; of its own accord it calls everything below full points failed.
        "status": "passed" if criterion.status is Status.PASSED else "failed",
        "output": "\n".join((*shown, *lines.remarks)),
        "output_format": "text",
        "tags": [criterion.status.value, *(["bonus"] if criterion.bonus else [])],
        "visibility": (Visibility.AFTER_DUE_DATE if hidden else Visibility.VISIBLE).value,
    }


def _leaderboard(report: Report, language: Language) -> list[dict[str, Any]]:
    if report.metrics is None:
        return []
    rows: list[dict[str, Any]] = [
        {"name": words.ACCURACY.in_language(language), "value": round(report.metrics.accuracy, 4), "order": "desc"}
    ]
    if report.metrics.model is not None:
        name = Text("Parameters", "파라미터 수").in_language(language)
        rows.append({"name": name, "value": report.metrics.model.parameters, "order": "asc"})
    return rows


def _extra(report: Report) -> dict[str, Any]:
    """What a later submission or the instructor's export of all metadata can read."""
    return {
        "schema_version": EXTRA_SCHEMA_VERSION,
        "mission": inert(report.mission.id),
        "grader_version": inert(report.grader_version),
        "graded": report.created.isoformat(timespec="seconds"),
        "reason": None if report.reason is None else report.reason.value,
        "passed": report.passed,
        "max_score": report.max_score,
        "submission_sha256": report.submission.sha256,
        "accuracy": None if report.metrics is None else report.metrics.accuracy,
        "device": None if report.run is None else inert(report.run.device),
        "seeds": [] if report.run is None else list(report.run.seeds or (report.run.seed,)),
    }
