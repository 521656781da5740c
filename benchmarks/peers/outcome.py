"""From what graders wrote to accuracies, and from what was measured to a table; nothing here runs anything."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.page import Row

CHECKS = 5
TEST_IMAGES = 10_000
LARGEST_DIFFERENCE = 1e-4
"""Of one model's accuracy between graders: one image of 10,000, whose two best logits are next to equal."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run over all submissions.

    Attributes:
        cpu_s: in which any core of the machine was busy, containers' too.
        wall_s: from the first command's start to the last one's end.
        noise_share: of one core, how busy the machine was just before; it is in `cpu_s` if it went on.
    """

    cpu_s: float
    wall_s: float
    noise_share: float = 0


def of_script(grades: str) -> dict[str, float]:
    """Accuracy per student from rows of student, points, accuracy."""
    rows = list(csv.reader(io.StringIO(grades)))
    return {student: float(accuracy) for student, points, accuracy in rows if _all(int(points), student)}


def of_gradescope(results: str, student: str) -> float:
    """Accuracy from `results.json`."""
    found = json.loads(results)
    _all(sum(test["status"] == "passed" for test in found["tests"]), student)
    (entry,) = found["leaderboard"]
    return float(entry["value"])


def of_check50(report: str, student: str) -> float:
    """Accuracy from check50's JSON; that the network loads and that its accuracy was measured are checks as well."""
    results = json.loads(report)["results"]
    _all(sum(result["passed"] is True for result in results) - 2, student)
    (line,) = (line for result in results if result["name"] == "accuracy" for line in result["log"])
    return float(line.removeprefix("accuracy: "))


def of_nbgrader(grades: str) -> dict[str, float]:
    """Accuracy per student from the exported table: a point per check, and one per image that is read right."""
    found = {}
    for row in csv.DictReader(io.StringIO(grades)):
        if float(row["max_score"]) != CHECKS + TEST_IMAGES:
            raise ValueError(f"{row['student_id']} could have {row['max_score']} points, so another course was graded")
        found[row["student_id"]] = (float(row["score"]) - CHECKS) / TEST_IMAGES
    return found


def of_otter(results: str, note: str, student: str) -> float:
    """Accuracy from the note that the last test left; a point for each check, and one for having left it."""
    tests = [test for test in json.loads(results)["tests"] if "score" in test]
    _all(round(sum(test["score"] for test in tests)) - 1, student)
    return float(note)


def of_gradebook(table: str) -> dict[str, float]:
    """Accuracy per student from `grade export csv-long`."""
    rows = list(csv.DictReader(io.StringIO(table)))
    if ungraded := [row["student_id"] for row in rows if row["verdict"] != "graded"]:
        raise ValueError(f"not graded: {', '.join(ungraded)}")
    return {row["student_id"]: float(row["accuracy"]) for row in rows}


def disagreements(found: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Where graders differ on a model's accuracy, or on who handed in; none where the comparison is fair."""
    if not found:
        return []
    (first, expected), *others = found.items()
    said = []
    for name, accuracies in others:
        if accuracies.keys() != expected.keys():
            said.append(f"{name} and {first} graded other students: {sorted(accuracies.keys() ^ expected.keys())}")
            continue
        said += [
            f"{student}: {accuracies[student]} by {name}, {accuracy} by {first}"
            for student, accuracy in expected.items()
            if not abs(accuracies[student] - accuracy) <= LARGEST_DIFFERENCE * 1.001
        ]
    return said


def table(
    found: Mapping[str, Sequence[Measured]], missing: Mapping[str, str], *, floor: str, ours: Sequence[str]
) -> list[Row]:
    """Ratios of median CPU and wall seconds to the floor and to ours, and who could not be measured."""
    rows = [
        _row(name, reference, found)
        for reference in (floor, *ours)
        for name in found
        if reference in found and name not in (reference, floor, *(ours if reference in ours else ()))
    ]
    rows += [Row(name, "not measured", "–", _last_line(reason)) for name, reason in missing.items()]
    return rows


def _row(name: str, reference: str, found: Mapping[str, Sequence[Measured]]) -> Row:
    cpu, reference_cpu = ([run.cpu_s for run in found[one]] for one in (name, reference))
    wall, reference_wall = ([run.wall_s for run in found[one]] for one in (name, reference))
    return Row(
        f"{name} : {reference}",
        f"CPU {median(cpu) / median(reference_cpu):.2f}, wall {median(wall) / median(reference_wall):.2f}",
        "–",
        f"CPU {_spread(cpu)} : {_spread(reference_cpu)}; wall {_spread(wall)} : {_spread(reference_wall)}",
    )


def _spread(seconds: Sequence[float]) -> str:
    if len(seconds) == 1:
        return f"{seconds[0]:.1f} s"
    return f"{median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f})"


def _last_line(error: str) -> str:
    """What a traceback ends with, fit for a cell of a table."""
    lines = error.strip().splitlines()
    return lines[-1].strip().replace("|", "\\|")[:200] if lines else "no reason was given"


def _all(passed: int, student: str) -> bool:
    if passed != CHECKS:
        raise ValueError(f"{student} passed {passed} of {CHECKS} checks: the graders do not grade the same")
    return True
