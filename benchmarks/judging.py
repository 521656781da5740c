"""Hidden tests and reports: what each submission costs beside running its model."""

import json
import sys
from functools import partial
from pathlib import Path

from benchmarks.measuring import alternately, took
from benchmarks.page import Row
from benchmarks.part import Asked, Part, Trained, train_reference
from benchmarks.rows import against_bar

JUDGEMENT_BAR_S = 0.06
REPORT_BAR_S = 0.15
_KINDS = (
    ("hidden tests of a submission", "judgement", JUDGEMENT_BAR_S),
    ("report as JSON and HTML", "report", REPORT_BAR_S),
)


def measure(folder: Path, asked: Asked) -> list[Row]:
    """Of the first submission of a process, and of later ones."""
    trained = train_reference(folder)
    report = folder / "report.json"
    report.write_text(trained.report.model_dump_json(), encoding="utf-8")
    found = alternately({"": partial(_judge, trained, report, folder)}, asked.runs, warm_up=True)[""]
    rows = []
    for title, name, bar_s in _KINDS:
        for which, key in (("the first of a process", f"first {name}"), ("a later one", name)):
            what = f"{title}, {which} : {1000 * bar_s:.0f} ms"
            rows.append(against_bar(what, [one[key] for one in found], bar_s))
    return rows


def _judge(trained: Trained, report: Path, folder: Path) -> dict[str, float]:
    files = (str(trained.submission), str(trained.model), str(report))
    command = [sys.executable, "-m", "benchmarks.one_judgement", *files]
    seconds: dict[str, float] = json.loads(took(command, folder=folder, may_fail=False).output.splitlines()[-1])
    return seconds


PART = Part(
    "judging",
    "Hidden tests and reports",
    "The reference of `mission_cnn`. The first of a process also pays for what is loaded at its first use; what "
    "reports are made with is loaded while the model is evaluated, as in `grade submit`.",
    measure,
)
