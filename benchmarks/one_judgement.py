"""Judges and reports one submission twice in this process, and prints the seconds of each as JSON.

python -m benchmarks.one_judgement SUBMISSION MODEL REPORT: the report is of a training, whose curves it draws.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.measuring import ROOT
from benchmarks.part import MISSION
from grader import pipeline
from grader.course import Course
from grader.evidence import Evidence
from grader.hidden_tests import Outcome, judge
from grader.progress import Silent
from grader.reports.ahead import load_ahead
from grader.results import Report
from grader.settings import Settings


def main(submission: Path, model: Path, report_file: Path) -> None:
    """Grades once for the evidence: it is as in any grading."""
    seconds: dict[str, float] = {}
    mission = Course(ROOT).mission(MISSION)

    def judge_twice(folder: Path, evidence: Evidence) -> dict[str, Outcome]:
        seconds["first judgement"] = _seconds(lambda: judge(folder, evidence))
        seconds["judgement"] = _seconds(lambda: judge(folder, evidence))
        return judge(folder, evidence)

    request = pipeline.GradingRequest(
        mission=mission, path=submission, artifact=model, sandbox="none", settings=Settings()
    )
    load_ahead()  # as `grade submit` does
    with patch.object(pipeline, "judge", judge_twice):
        graded = pipeline.grade_submission(request, progress=Silent())
    if not graded.passed:
        raise SystemExit(f"the reference did not pass: {graded.score:g} points")
    report = Report.model_validate_json(report_file.read_text(encoding="utf-8"))
    seconds["first report"] = _seconds(lambda: _render(report))
    seconds["report"] = _seconds(lambda: _render(report))
    print(json.dumps(seconds))


def _render(report: Report) -> None:
    from grader.reports.html import render_html  # as the commands do, which other commands should not wait for
    from grader.reports.json import render_json

    render_json(report, "en")
    render_html(report, "en")


def _seconds(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
