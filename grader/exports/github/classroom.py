"""GitHub Classroom: the result that its autograding reporter reads, as base64 of JSON.

The reporter takes it from the variable `<RUNNER>_RESULTS`, adds up the scores of the tests, and prints names and
messages into the step's log, where the runner looks for workflow commands.
"""

import base64
import json
from typing import Any, TextIO

from grader.exports.feedback import feedback, sentence
from grader.exports.github.annotations import without_legacy_command
from grader.reports import words
from grader.reports.escape import inert
from grader.results import CriterionResult, Report, Status, Verdict
from grader.text import Language, Text

RESULT_VERSION = 1
GRADING = Text("Grading", "채점")


def write_classroom(stream: TextIO, report: Report, language: Language) -> None:
    """The result on one line, for `result=` of a step's output; arguments as for `classroom_result`."""
    stream.write(classroom_result(report, language) + "\n")


def classroom_result(report: Report, language: Language) -> str:
    """The result as the reporter decodes it: base64 of JSON in UTF-8.

    Args:
        report: with nothing that its student may not see; its strings are untrusted.
        language: of names and messages.
    """
    text = json.dumps(result(report, language), ensure_ascii=False, allow_nan=False)
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def classroom_variable(runner: str) -> str:
    """Name of the environment variable in which the reporter looks for the result of the step `runner`."""
    return f"{runner.strip().upper()}_RESULTS"


def result(report: Report, language: Language) -> dict[str, Any]:
    """The value that is encoded; one test per criterion.

    Where the machine failed it is an error without points to be had: the reporter then enters no score.
    """
    if report.verdict is Verdict.NOT_GRADED:
        tests = [_not_graded(report, language)]
        return {"version": RESULT_VERSION, "status": "error", "max_score": 0, "tests": tests}
    short = feedback(report, language)
    return {
        "version": RESULT_VERSION,
        "status": "pass" if report.passed else "fail",
        "max_score": report.max_score,
        "tests": [
            _test(criterion, " ".join((*short.ending, *lines.remarks)), report, language)
            for criterion, lines in zip(report.criteria, short.criteria, strict=True)
        ],
    }


def _test(criterion: CriterionResult, message: str, report: Report, language: Language) -> dict[str, Any]:
    remark = next((each for each in criterion.remarks if each.file in report.submission.files), None)
    return {
        "name": without_legacy_command(f"{sentence(criterion.title, language)} ({words.points(criterion)})"),
        "status": "pass" if criterion.status is Status.PASSED else "fail",
        "score": criterion.points,
        "max_score": criterion.max_points,
        "message": None if criterion.status is Status.PASSED else without_legacy_command(message),
        "test_code": inert(criterion.id),
        "filename": "" if remark is None else without_legacy_command(inert(remark.file)),
        "line_no": 0 if remark is None else remark.line,
        "duration": 0,
    }


def _not_graded(report: Report, language: Language) -> dict[str, Any]:
    message = " ".join(feedback(report, language).ending)
    return {
        "name": GRADING.in_language(language),
        "status": "error",
        "score": 0,
        "max_score": 0,
        "message": without_legacy_command(message),
        "test_code": "",
        "filename": "",
        "line_no": 0,
        "duration": 0,
    }
