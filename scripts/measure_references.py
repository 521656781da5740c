"""Writes docs/references.md: what each reference solution reaches with three seeds, and what it takes.

    python scripts/measure_references.py [--sandbox bubblewrap] [--jobs 1]

Gradings that `grade verify` has made of the same content are used again.
"""

import argparse
import os
import platform
from collections.abc import Iterable
from pathlib import Path
from statistics import mean

from grader.course import Mission, find_course
from grader.image import built_from
from grader.settings import Settings
from grader.verification import Kind, Result, VerificationRequest, cases_of, verify

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "references.md"
SEEDS = (0, 1, 2)
HEAD = """# What the references reach

Written by `scripts/measure_references.py`. Each reference was graded as a student's submission would be, once per seed,
on the CPU. A bar is fair when the mean lies at least 0.2 points above it, a budget when it is at least three times what
the reference uses.

"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sandbox", choices=("docker", "bubblewrap", "none"), default="bubblewrap")
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args()
    settings = Settings()
    course = find_course(Path(__file__).resolve().parent)
    missions = [mission for mission in course.missions() if mission.spec.trains]
    cases = tuple(
        case for mission in missions for case in cases_of(mission, seeds=SEEDS) if case.kind is Kind.REFERENCE
    )
    request = VerificationRequest(
        sandbox=chosen.sandbox,
        image=built_from(settings.image) if chosen.sandbox == "docker" else None,
        jobs=chosen.jobs,
        settings=settings,
    )
    results = verify(cases, request, on_result=lambda result: print(result.case.mission.id, result.case.seed))
    rows = [_row(mission, [one for one in results if one.case.mission.id == mission.id]) for mission in missions]
    DOCUMENT.write_text(HEAD + _table(rows) + _machine(results, chosen.sandbox), encoding="utf-8")


def _row(mission: Mission, results: Iterable[Result]) -> list[str]:
    reports = [result.report for result in results]
    accuracies = [report.metrics.accuracy for report in reports if report is not None and report.metrics is not None]
    used = [report.run.cpu_seconds for report in reports if report is not None and report.run is not None]
    seconds = [one for one in used if one is not None]
    if len(accuracies) < len(SEEDS) or len(seconds) < len(SEEDS):
        raise SystemExit(f"{mission.id}: not every seed was measured")
    spec = mission.spec
    stand_in = spec.stand_in is not None and reports[0] is not None and bool(reports[0].run and reports[0].run.notes)
    bar = spec.stand_in.bar if stand_in and spec.stand_in is not None else spec.evaluation.bar
    return [
        mission.id + (f" (on {spec.stand_in.pack})" if stand_in and spec.stand_in is not None else ""),
        f"{100 * bar:g}",
        *(f"{100 * accuracy:.2f}" for accuracy in accuracies),
        f"{100 * mean(accuracies):.2f}",
        f"{100 * (mean(accuracies) - bar):+.2f}",
        " / ".join(f"{one:.0f}" for one in seconds),
        f"{spec.limits.train_cpu_s:g}",
    ]


def _table(rows: list[list[str]]) -> str:
    head = ["Mission", "Bar %", *(f"Seed {seed}" for seed in SEEDS), "Mean", "Above bar", "CPU s of train()", "Budget"]
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _machine(results: Iterable[Result], sandbox: str) -> str:
    run = next(result.report.run for result in results if result.report is not None and result.report.run is not None)
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items() if name != "grader")
    return f"\nMeasured in {sandbox} on {os.cpu_count()} {platform.machine()} cores; {versions}.\n"


if __name__ == "__main__":
    main()
