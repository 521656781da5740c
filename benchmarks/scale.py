"""Batches as large as a course: rate against a bare loop, a second run, a gradebook of ten thousand, growth."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.measuring import ROOT, Took, alternately, grade
from benchmarks.page import Row
from benchmarks.part import MISSION, Asked, Part, train_reference
from benchmarks.ratio import Ratio, in_words
from benchmarks.rows import against_bar, beside
from benchmarks.running import bare_script, hand_in_references
from grader.course import Course
from grader.store import open_store

MIB = 1024**2
BATCH_SIZES = (1000, 250)
LISTINGS = {
    "listing": ("gradebook",),
    "export as CSV": ("export", "csv"),
    "export as JSON lines": ("export", "jsonl"),
    "statistics": ("stats",),
}
LISTING_BAR_S = 2.0
READ_MISSION = "mission_transfer_annotated"


def artifacts(folder: Path, asked: Asked) -> list[Row]:
    """Models handed in ready: a batch of them in turns with bare loops, and the same batch again."""
    students = hand_in_models(folder, asked.submissions)
    gradebooks = count()
    contenders: dict[str, Callable[[], Sequence[float]]] = {
        **{str(size): partial(bare_loop, students[: asked.bare], size, folder) for size in BATCH_SIZES},
        **{name: partial(grade_twice, name, gradebooks, folder) for name in asked.sandboxes},
    }
    found = alternately(contenders, asked.runs, warm_up=False)
    rows = []
    for name in asked.sandboxes:
        batch = [ran[0] / asked.submissions for ran in found[name]]
        for size in BATCH_SIZES:
            bare = [ran[0] for ran in found[str(size)]]
            rows.append(
                Row(
                    f"{asked.submissions} models in {name}, rate of the batch : rate of one bare process with batches "
                    f"of {size:,}",
                    str(Ratio.of(bare, batch)),
                    "0.7 or more",
                    f"each: batch {in_words(batch)}; bare {in_words(bare)}, {len(students[: asked.bare])} a run",
                )
            )
        again, allowed_s = [ran[1] for ran in found[name]], 2 + 0.002 * asked.submissions
        rows.append(
            Row(
                f"second run over {asked.submissions} unchanged, {name} : 2 s + 2 ms each",
                str(Ratio.of(again, allowed_s)),
                "below 1",
                f"{in_words(again)} of {allowed_s:.2f} s",
            )
        )
    return rows


def hand_in_models(folder: Path, submissions: int) -> list[Path]:
    """So many students with the reference's code and model."""
    trained = train_reference(folder)
    students = hand_in_references(folder / "students", submissions)
    for student in students:
        shutil.copyfile(trained.model, student / "model.pt2")
    return students


def bare_loop(students: list[Path], batch_size: int, folder: Path) -> Sequence[float]:
    """Seconds for each model in a bare process, its start not counted."""
    ran = bare_script([student / "model.pt2" for student in students], batch_size, folder)
    return [float(ran.output.splitlines()[-1].split(",")[0]) / len(students)]


def grade_twice(sandbox: str, gradebooks: Iterator[int], folder: Path) -> Sequence[float]:
    """Seconds of a batch into a new gradebook, and of the same batch again."""
    gradebook = ("--gradebook", f"gradebook-{next(gradebooks)}")
    batch = ("batch", "students", "-m", MISSION, "--sandbox", sandbox, "--progress", "quiet", *gradebook)
    return [grade(*batch, folder=folder).wall_s for _ in range(2)]


def large_gradebook(folder: Path, asked: Asked) -> list[Row]:
    """Listing, export and statistics of a gradebook filled straight into its tables."""
    fill(folder, asked.gradings)
    contenders = {name: partial(grade, *arguments, folder=folder) for name, arguments in LISTINGS.items()}
    found = alternately(contenders, asked.runs, warm_up=True)
    return [
        against_bar(
            f"{name} of {asked.gradings:,} gradings : {LISTING_BAR_S:g} s", [ran.wall_s for ran in runs], LISTING_BAR_S
        )
        for name, runs in found.items()
    ]


def fill(folder: Path, gradings: int) -> None:
    """A gradebook of made-up results."""
    with open_store(folder / "gradebook"):
        pass
    spec = Course(ROOT).mission(MISSION).spec
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


def growth(folder: Path, asked: Asked) -> list[Row]:
    """Cost per submission and the coordinator's memory, for courses of several sizes; a mission without training."""
    for size in asked.sizes:
        hand_in_references(folder / str(size) / "students", size, mission=READ_MISSION)
    gradebooks = count()
    contenders = {str(size): partial(grade_sources, folder / str(size), gradebooks) for size in asked.sizes}
    found = list(alternately(contenders, asked.runs, warm_up=False).values())
    small, middle, large = asked.sizes[0], asked.sizes[-2], asked.sizes[-1]
    early = _each_s(found[0], found[-2], middle - small)
    late = _each_s(found[-2], found[-1], large - middle)
    rows = [
        beside(
            f"a submission more, from {middle:,} to {large:,} : from {small:,} to {middle:,}", late, early, "0.9 to 1.1"
        )
    ]
    least = [ran.peak_bytes for ran in found[0]]
    for size, runs in zip(asked.sizes[1:], found[1:], strict=True):
        peaks = [ran.peak_bytes for ran in runs]
        rows.append(
            Row(
                f"memory of the coordinator, {size:,} submissions : {small:,} submissions",
                str(Ratio.of(peaks, least)),
                "flat",
                f"{max(peaks) / MIB:.0f} MiB : {max(least) / MIB:.0f} MiB at most",
            )
        )
    return rows


def _each_s(fewer: list[Took], more: list[Took], submissions: int) -> list[float]:
    """What each submission more took, round by round; start and end of the command weigh on neither."""
    return [(larger.wall_s - smaller.wall_s) / submissions for smaller, larger in zip(fewer, more, strict=True)]


def grade_sources(folder: Path, gradebooks: Iterator[int]) -> Took:
    """One batch into a new gradebook."""
    gradebook = ("--gradebook", f"gradebook-{next(gradebooks)}")
    mission = ("-m", READ_MISSION, "--sandbox", "bubblewrap")
    return grade("batch", "students", *mission, "--progress", "quiet", *gradebook, folder=folder)


PARTS = (
    Part(
        "artifacts",
        "Batches of models handed in ready",
        "Each student has the reference of `mission_cnn` and its model. The bare process loads and evaluates one model "
        "after another, with all cores; it isolates and checks nothing, and its start is not counted.",
        artifacts,
    ),
    Part(
        "gradebook",
        "Large gradebooks",
        "A gradebook of made-up results; each command is a process of its own, and files have been read once.",
        large_gradebook,
    ),
    Part(
        "growth",
        "Growth",
        "Batches of `mission_transfer_annotated`, which is graded by reading, into new gradebooks.",
        growth,
    ),
)
