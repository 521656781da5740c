"""Batches as people start them, each in a process of its own, and what their gradebooks hold."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from grader.entries import Attempt
from grader.results import Verdict
from grader.store import RunKind, open_store
from grader.store.database import connect
from grader.store.tables import claims, runs
from tests.conftest import ROOT

GRADE = (sys.executable, "-c", "from grader.cli import main; main()")
COMMENTS = "mission_transfer_annotated"
"""Judged from the source alone, in a tenth of a second."""
KINDS = sorted(path for path in (ROOT / "missions" / COMMENTS / "counterexamples").iterdir() if path.is_dir())
"""Wrong solutions that earn different marks."""


def hand_in(folder: Path, student: str, kind: int) -> Path:
    """One student's comments, in the form `FOLDER/<student>/solution.py`."""
    (folder / student).mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(KINDS[kind % len(KINDS)] / "solution.py", folder / student / "solution.py"))


def cohort(folder: Path, count: int) -> Path:
    """So many students, `s00` and on."""
    for place in range(count):
        hand_in(folder, f"s{place:02}", place)
    return folder


@dataclass
class Workplace:
    """A folder in which batches run, with a gradebook and temporary files of their own.

    Attributes:
        database: URL; None for SQLite in the gradebook's folder.
        pids: of every process started here.
    """

    root: Path
    database: str | None = None
    sandbox: str = "bubblewrap"
    pids: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.temporary.mkdir(parents=True, exist_ok=True)

    @property
    def temporary(self) -> Path:
        """Where all temporary files go."""
        return self.root / "temporary"

    @property
    def gradebook(self) -> Path:
        """The folder of the gradebook."""
        return self.root / "gradebook"

    @property
    def environment(self) -> dict[str, str]:
        """What every process here is started with."""
        given = {"LANG": "C.UTF-8", "COLUMNS": "80", "TMPDIR": str(self.temporary), "GRADER_COURSE": str(ROOT)}
        given |= {"PYTHONPATH": str(ROOT), "GRADER_GRADEBOOK": str(self.gradebook), "GRADER_SANDBOX": self.sandbox}
        return {**os.environ, **given, **({"GRADER_DATABASE": self.database} if self.database else {})}

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """`grade` with these arguments."""
        process = subprocess.Popen(
            [*GRADE, *arguments],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.pids.append(process.pid)
        return process

    def grade(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The same, from its beginning to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def batch(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A batch over `submissions`, on the mission that needs no training."""
        return self.grade("batch", "submissions", "--mission", COMMENTS, *arguments)

    def attempts(self) -> tuple[Attempt, ...]:
        """What is in the gradebook."""
        with open_store(self.gradebook, database=self.database) as store:
            return store.gradebook().attempts

    def scores(self) -> dict[str, float]:
        """The results that count, by student; a student with several attempts has the last one's."""
        return {one.student_id: one.grading.score for one in self.attempts() if one.grading is not None}

    def rows(self) -> tuple[list[tuple[int, bool]], int]:
        """Number of the submission and whether it counts, for every graded run; and how many claims there are."""
        engine = connect(self.database or f"sqlite:///{self.gradebook / 'gradebook.db'}")
        graded = sa.select(runs.c.submission_id, runs.c.current).where(
            runs.c.verdict == Verdict.GRADED.value, runs.c.kind == RunKind.GRADING.value
        )
        try:
            with engine.connect() as connection:
                found = [(row.submission_id, row.current) for row in connection.execute(graded)]
                return found, connection.execute(sa.select(sa.func.count()).select_from(claims)).scalar_one()
        finally:
            engine.dispose()

    def assert_each_graded_once(self, count: int) -> None:
        """Exactly one run per submission, which counts; nobody has a claim."""
        found, claimed = self.rows()
        assert len(found) == len({number for number, _ in found}) == count, found
        assert all(current for _, current in found)
        assert claimed == 0
        assert len(self.attempts()) == count
