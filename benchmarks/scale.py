"""Batches as large as a course: rate against a bare loop, a second run, a gradebook of ten thousand, memory.

python -m benchmarks.scale [--only PART] [--submissions 200] [--bare 20] [--gradings 10000]
"""

import argparse
import shutil
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.measuring import ROOT, Took, grade, machine, took
from benchmarks.page import Row, write_section

MIB = 1024**2
COURSE_SIZES = (20, 200, 500)


def main() -> None:
    """Measures, and writes a section of docs/performance.md for each part."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=["artifacts", "gradebook", "growth"])
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--bare", type=int, default=20)
    parser.add_argument("--gradings", type=int, default=10_000)
    parser.add_argument("--sandbox", default="docker")
    asked = parser.parse_args()
    parts = {
        "artifacts": (
            "Batches of models handed in ready",
            lambda folder: artifacts(folder, asked.submissions, asked.bare, asked.sandbox),
        ),
        "gradebook": ("Large gradebooks", lambda folder: large_gradebook(folder, asked.gradings)),
        "growth": ("Growth", growth),
    }
    for name, (title, measure) in parts.items():
        if asked.only in (None, name):
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                rows = measure(Path(folder) / name)
            write_section(title, f"{machine()}, {datetime.now(UTC):%Y-%m-%d}. n = 1 unless said.", rows)
            print(*rows, sep="\n")


def artifacts(folder: Path, submissions: int, bare: int, sandbox: str) -> list[Row]:
    """Models handed in ready: a batch of them between bare loops."""
    students = hand_in_models(folder, submissions)
    sizes = (1000, 250)
    before = {size: bare_rate(students[:bare], size, folder) for size in sizes}
    batch = ("batch", "students", "-m", "mission_cnn", "--sandbox", sandbox, "--progress", "quiet")
    first = grade(*batch, folder=folder)
    after = {size: bare_rate(students[:bare], size, folder) for size in sizes}
    again = grade(*batch, folder=folder)
    allowed_s = 2 + 0.002 * submissions
    rows = [
        Row(
            f"{submissions} models in {sandbox}, rate of the batch : rate of one bare process with batches of {size:,}",
            f"{2 * submissions / first.wall_s / (before[size] + after[size]):.2f}",
            "0.7 or more",
            f"batch {first.wall_s / submissions:.2f} s each; bare {1 / before[size]:.2f} s and {1 / after[size]:.2f} s "
            f"each ({bare} before and {bare} after)",
        )
        for size in sizes
    ]
    return [
        *rows,
        Row(
            f"second run over {submissions} unchanged : 2 s + 2 ms each",
            f"{again.wall_s / allowed_s:.2f}",
            "below 1",
            f"{again.wall_s:.2f} s of {allowed_s:.2f} s",
        ),
    ]


def hand_in_models(folder: Path, submissions: int) -> list[Path]:
    """So many students with the reference's code and model; the code differs in a comment."""
    reference = ROOT / "reference_solutions" / "mission_cnn"
    folder.mkdir(parents=True)
    grade("train", "mission_cnn", str(reference), "--out", str(folder / "model.pt2"), folder=folder)
    students = []
    for number in range(submissions):
        student = folder / "students" / f"student-{number:04}"
        shutil.copytree(reference, student, ignore=shutil.ignore_patterns("__pycache__"))
        with (student / "solution.py").open("a", encoding="utf-8") as file:
            file.write(f"\n# {number}\n")
        shutil.copyfile(folder / "model.pt2", student / "model.pt2")
        students.append(student)
    return students


def bare_rate(students: list[Path], batch_size: int, folder: Path) -> float:
    """Models per second of the bare loop, its start not counted."""
    command = [sys.executable, "-m", "benchmarks.bare_loop", str(batch_size), *map(str, students)]
    ran = took(command, folder=folder)
    return len(students) / float(ran.output.splitlines()[-1].split(",")[0])


def large_gradebook(folder: Path, gradings: int) -> list[Row]:
    """Listing, export and statistics of a gradebook filled straight into its tables."""
    fill(folder, gradings)
    rows = []
    for name, arguments in (
        ("listing", ("gradebook",)),
        ("export as CSV", ("export", "csv")),
        ("export as JSON lines", ("export", "jsonl")),
        ("statistics", ("stats",)),
    ):
        times = sorted(grade(*arguments, folder=folder).wall_s for _ in range(5))
        rows.append(
            Row(
                f"{name} of {gradings:,} gradings : 2 s",
                f"{times[2] / 2:.2f}",
                "below 1",
                f"median {times[2]:.2f} s, {times[0]:.2f} to {times[-1]:.2f}, n = 5",
            )
        )
    return rows


def fill(folder: Path, gradings: int) -> None:
    """A gradebook of made-up results."""
    from grader.course import Course
    from grader.store import open_store

    with open_store(folder / "gradebook"):
        pass
    spec = Course(ROOT).mission("mission_cnn").spec
    random = np.random.default_rng(0)
    began = datetime(2026, 3, 2, tzinfo=UTC)
    with sqlite3.connect(folder / "gradebook" / "gradebook.db") as book:
        book.execute(
            "insert into missions values (?, ?, ?, ?, ?)",
            (spec.id, spec.title.en, spec.title.ko, spec.points, spec.pass_mark),
        )
        for number in range(1, gradings + 1):
            student, moment = f"student-{number:05}", str((began + timedelta(seconds=number)).replace(tzinfo=None))
            book.execute(
                "insert into students values (?, ?, ?, '1', '', '', '', '', 1)",
                (student, f"김학생 {number}", f"{student}@example.org"),
            )
            book.execute(
                "insert into submissions values (?, ?, ?, ?, 'retrain', ?, ?)",
                (number, student, spec.id, f"{number:064}", student, moment),
            )
            earned = [criterion.points * float(random.random() < 0.8) for criterion in spec.criteria]
            score = sum(earned)
            book.execute(
                "insert into runs values "
                "(?, ?, 'grading', ?, 1, ?, 'graded', null, ?, ?, ?, ?, ?, ?, ?, ?, 'cpu', ?, null)",
                (
                    *(number, number, f"{number:064}", moment, score >= spec.pass_mark, score, spec.points),
                    *(float(random.uniform(0.9, 1)), int(random.integers(10_000, 300_000))),
                    *(30.0, 40.0, 5e8, f"{number:064}"),
                ),
            )
            book.executemany(
                "insert into criteria values (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        *(number, place, criterion.id, "passed" if points else "failed"),
                        *(points, criterion.points, criterion.bonus),
                    )
                    for place, (criterion, points) in enumerate(zip(spec.criteria, earned, strict=True))
                ],
            )


def growth(folder: Path) -> list[Row]:
    """Cost per submission and the coordinator's memory, for courses of several sizes; a mission without training."""
    found = {size: grade_sources(folder / str(size), size) for size in COURSE_SIZES}
    least = found[COURSE_SIZES[0]]
    rows = []
    for size, ran in found.items():
        rows.append(
            Row(
                f"memory of the coordinator, {size:,} submissions : {COURSE_SIZES[0]} submissions",
                f"{ran.peak_bytes / least.peak_bytes:.2f}",
                "flat",
                f"{ran.peak_bytes / MIB:.0f} MiB; {1000 * ran.wall_s / size:.0f} ms per submission with start and end",
            )
        )
    return rows


def grade_sources(folder: Path, size: int) -> Took:
    """One batch of a mission that is graded by reading."""
    source = (ROOT / "reference_solutions" / "mission_transfer_annotated" / "solution.py").read_text(encoding="utf-8")
    for number in range(size):
        student = folder / "students" / f"student-{number:05}"
        student.mkdir(parents=True)
        (student / "solution.py").write_text(f"{source}\n# {number}\n", encoding="utf-8")
    mission = ("-m", "mission_transfer_annotated")
    return grade("batch", "students", *mission, "--sandbox", "bubblewrap", "--progress", "quiet", folder=folder)


if __name__ == "__main__":
    main()
