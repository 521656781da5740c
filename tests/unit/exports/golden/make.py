"""Every format on the small cohort: `python -m tests.unit.exports.golden.make` writes the golden files anew."""

import io
from pathlib import Path
from typing import Any

from grader.exports import FORMATS, Assignment, FeedbackForm, Request
from tests.unit.exports import cohort

FOLDER = Path(__file__).parent
ASSIGNMENTS = {"mission_cnn": Assignment(title="Mission 1: CNN", id="4711"), "mission_rnn": Assignment()}
ONE = {"marks": cohort.CNN_MARKS[:1]}
FAILED = {"marks": (cohort.FAILED,), "folder": "submission"}

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "gradebook.csv": ("csv", {}),
    "gradebook-bom.csv": ("csv", {"bom": True}),
    "marks.csv": ("csv-long", {}),
    "marks.jsonl": ("jsonl", {}),
    "canvas.csv": ("canvas", {"assignments": ASSIGNMENTS}),
    "moodle.en.csv": ("moodle", {"marks": cohort.CNN_MARKS}),
    "moodle.ko.csv": ("moodle", {"marks": cohort.CNN_MARKS, "language": "ko", "feedback": FeedbackForm.TEXT}),
    "results.en.json": ("gradescope", ONE),
    "results.ko.json": ("gradescope", {**ONE, "language": "ko", "leaderboard": True, "after_due_date": ["accuracy"]}),
    "marks.en.xml": ("junit", {}),
    "marks.ko.xml": ("junit", {"language": "ko"}),
    "summary.en.md": ("github-summary", ONE),
    "summary.ko.md": ("github-summary", {**FAILED, "language": "ko"}),
    "cohort.en.md": ("github-cohort", {}),
    "cohort.ko.md": ("github-cohort", {"language": "ko"}),
    "annotations.en.txt": ("github-annotations", FAILED),
    "annotations.ko.txt": ("github-annotations", {**ONE, "language": "ko"}),
    "classroom.en.txt": ("github-classroom", ONE),
}
"""By file name: the format, and how its request differs from one for all marks in English."""


def rendered(name: str) -> bytes:
    """What the format of this golden file writes now."""
    export, changes = CASES[name]
    values: dict[str, Any] = {"book": cohort.BOOK, "marks": cohort.MARKS, "report_of": cohort.report_of, **changes}
    stream = io.StringIO(newline="")
    FORMATS[export].write(stream, Request(**values))
    return stream.getvalue().encode("utf-8")


def main() -> None:
    for name in CASES:
        (FOLDER / name).write_bytes(rendered(name))


if __name__ == "__main__":
    main()
