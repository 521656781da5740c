"""Whatever stops a batch, the next one grades exactly what is missing, with the marks of an undisturbed one."""

import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from grader.store import open_store
from tests.conformance.running import becomes_true
from tests.conftest import need
from tests.databases import KINDS, POSTGRES, database
from tests.integration.batches import COMMENTS, Workplace, cohort
from tests.integration.forking import PRETENDED_SCORE, Forge
from tests.integration.submissions import QUICK, write
from tests.leftovers import cgroups_of, containers_of

BATCH = ("batch", "submissions", "--mission", COMMENTS, "--progress", "json")
STUDENTS = 4


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    with Forge() as made:
        yield made


@dataclass(frozen=True)
class Undisturbed:
    """What comes of the submissions when nothing happens.

    Attributes:
        seconds: from the start of the process to its end, without imports.
    """

    submissions: Path
    scores: dict[str, float]
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, forge: Forge) -> Undisturbed:
    root = tmp_path_factory.mktemp("undisturbed")
    submissions = cohort(root / "submissions", STUDENTS)
    place = Workplace(root)
    ended = forge.run(place, *BATCH)
    assert ended.code == 0, ended.output
    place.assert_each_graded_once(STUDENTS)
    return Undisturbed(submissions, place.scores(), ended.seconds)


def new_place(root: Path, undisturbed: Undisturbed, url: str | None = None) -> Workplace:
    """A place where the same submissions lie."""
    place = Workplace(root, database=url)
    (root / "submissions").symlink_to(undisturbed.submissions)
    return place


def assert_nothing_is_wrong(place: Workplace, expected: dict[str, float]) -> int:
    """The gradebook can be opened, and all that counts in it is as it should be; gives how much that is."""
    if place.database is None:
        if not (place.gradebook / "gradebook.db").exists():
            return 0
        with contextlib.closing(sqlite3.connect(place.gradebook / "gradebook.db")) as connection:
            assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
            assert connection.execute("pragma foreign_key_check").fetchall() == []
    with open_store(place.gradebook, database=place.database) as store:
        found = [one for one in store.gradebook().attempts if one.grading is not None]
        for one in found:
            assert one.grading is not None
            report = store.report(one.grading.report_sha256)
            assert report is not None, "a result that counts has its report"
            assert report.score == one.grading.score == expected[one.student_id]
    return len(found)


def assert_clean(place: Workplace, forge: Forge) -> None:
    """Nothing is left of any process that was killed here, once `grade doctor --clean` was run."""
    cleaned = forge.run(place, "doctor", "--clean")
    assert cleaned.code == 0, cleaned.output
    assert list(place.temporary.iterdir()) == []
    for pid in place.pids:
        assert (containers_of(pid), cgroups_of(pid)) == ([], [])


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "kills"), [("sqlite", 100), ("postgres", 15)])
def test_batch_killed_at_any_moment_loses_nothing_and_grades_nothing_twice(
    tmp_path: Path, bubblewrap: str, forge: Forge, undisturbed: Undisturbed, kind: str, kills: int
) -> None:
    moments = random.Random(f"{kind} moments")
    killed, rounds = 0, 0
    progress: set[int] = set()
    # Two at a time come and go in pairs: few kills may all fall on the same two parts of a batch, and go on then.
    while killed < kills or (len(progress) <= STUDENTS // 2 and killed < 10 * kills):
        rounds += 1
        root = tmp_path / str(rounds)
        root.mkdir()
        with database(kind, root) as url:
            place = new_place(root, undisturbed, url if kind == "postgres" else None)
            done = False
            while not done:
                ended = forge.run(place, *BATCH, after_s=moments.uniform(0, undisturbed.seconds))
                done = ended.code == 0
                if not done:
                    assert ended.code == -signal.SIGKILL, ended.output
                    killed += 1
                    progress.add(assert_nothing_is_wrong(place, undisturbed.scores))
            last = forge.run(place, *BATCH)
            assert last.code == 0, last.output
            place.assert_each_graded_once(STUDENTS)
            assert place.scores() == undisturbed.scores
    assert_clean(place, forge)
    assert len(progress) > STUDENTS // 2, "kills must have met batches in all of their parts"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_batch_killed_at_each_of_its_writes_loses_nothing_and_grades_nothing_twice(
    tmp_path: Path, forge: Forge
) -> None:
    """One kill before every statement, commit and file of a batch, whose gradings themselves are left out."""
    submissions = cohort(tmp_path / "submissions", 2)
    expected = dict.fromkeys(("s00", "s01"), PRETENDED_SCORE)
    arguments = (*BATCH, "--jobs", "1", "--trust-submissions")
    for write_number in itertools.count(1):
        place = Workplace(tmp_path / str(write_number), sandbox="none")
        (place.root / "submissions").symlink_to(submissions)
        ended = forge.run(place, *arguments, pretend=True, killed_at=write_number)
        if ended.code == 0:
            break
        assert ended.code == -signal.SIGKILL, ended.output
        assert_nothing_is_wrong(place, expected)
        resumed = forge.run(place, *arguments, pretend=True)
        assert resumed.code == 0, resumed.output
        place.assert_each_graded_once(2)
        assert place.scores() == expected
        assert not list((place.gradebook / "artifacts" / "partial").iterdir())
    assert write_number > 40, "a batch writes more than that"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_batch_killed_while_it_starts_is_begun_anew(
    tmp_path: Path, bubblewrap: str, forge: Forge, undisturbed: Undisturbed
) -> None:
    """With all its imports, as people start it."""
    moments = random.Random("starts")
    place = new_place(tmp_path, undisturbed)
    began = time.monotonic()
    assert place.grade("--version").returncode == 0
    usual_s = time.monotonic() - began + undisturbed.seconds + 1
    for _ in range(6):
        process = place.start(*BATCH)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=moments.uniform(0, usual_s))
        process.kill()
        process.communicate()
        assert_nothing_is_wrong(place, undisturbed.scores)
    assert place.grade(*BATCH).returncode == 0
    place.assert_each_graded_once(STUDENTS)
    assert_clean(place, forge)


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_batch_killed_while_sandboxes_run_leaves_nothing_that_doctor_does_not_remove(
    tmp_path: Path, bubblewrap: str, forge: Forge
) -> None:
    for student in ("kim", "lee"):
        write(tmp_path / "submissions" / student, QUICK + f"\n# {student}\n")
    place = Workplace(tmp_path)
    arguments = ("batch", "submissions", "--mission", "mission_cnn", "--progress", "json")
    whole = forge.run(place, *arguments)
    assert whole.code == 0, whole.output
    expected = place.scores()
    shutil.rmtree(place.gradebook)
    moments = random.Random("sandboxes")
    below: list[psutil.Process] = []
    for _ in range(5):
        ended = forge.run(place, *arguments, after_s=moments.uniform(0.2, whole.seconds))
        assert ended.code in (0, -signal.SIGKILL), ended.output
        below += [one for one in psutil.process_iter() if runs_in(place.temporary, one)]
        assert_nothing_is_wrong(place, expected)
        if ended.code == 0:
            forge.run(place, "regrade", *arguments[1:], after_s=moments.uniform(0.2, whole.seconds))
    assert forge.run(place, *arguments).code == 0
    found, claimed = place.rows()
    assert sum(current for _, current in found) == 2
    assert claimed == 0
    assert place.scores() == expected
    assert_clean(place, forge)
    assert becomes_true(lambda: not any(one.is_running() for one in below))


def runs_in(folder: Path, process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return any(str(folder) in part for part in process.cmdline())
    return False


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [2, 3])
def test_batches_on_one_gradebook_at_one_time_share_the_work(
    tmp_path: Path, bubblewrap: str, kind: str, count: int
) -> None:
    cohort(tmp_path / "submissions", 12)
    with database(kind, tmp_path) as url:
        place = Workplace(tmp_path, database=url if kind == "postgres" else None)
        processes = [place.start(*BATCH) for _ in range(count)]
        ended = [process.communicate(timeout=120) for process in processes]
        said = "\n".join(err[-1000:] for _, err in ended)
        assert [process.returncode for process in processes] == [0] * count, said
        landed = [event["student"] for out, _ in ended for event in events(out) if event["event"] == "landed"]
        assert sorted(landed) == [f"s{number:02}" for number in range(12)]
        place.assert_each_graded_once(12)


def events(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def until(process: "subprocess.Popen[str]", wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Reads what a batch tells until it tells what is wanted."""
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(json.loads(line))
        if wanted(told[-1]):
            return told
    raise AssertionError(f"it ended before: {told} {process.stderr.read() if process.stderr else ''}")


SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
UNHURRIED = (
    "import time; from grader.batch import pool; at_once = pool.carry_out; "
    "pool.carry_out = lambda *given, **named: (time.sleep(0.5), at_once(*given, **named))[1]; "
)
"""Half a second more for each grading, so that a batch has a middle in which it can be disturbed."""


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches that are started take their time."""
    code = UNHURRIED + "from grader.cli import main; main()"
    monkeypatch.setattr("tests.integration.batches.GRADE", (sys.executable, "-c", code))


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_signal_ends_a_batch_says_how_to_go_on_and_the_next_does(
    tmp_path: Path, bubblewrap: str, undisturbed: Undisturbed, number: signal.Signals, code: int
) -> None:
    place = new_place(tmp_path, undisturbed)
    process = place.start(*BATCH, "--jobs", "1")
    told = until(process, lambda event: event["event"] == "landed")
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert f"To go on: grade {' '.join(BATCH)} --jobs 1\n" in err
    told += events(out)
    kept = assert_nothing_is_wrong(place, undisturbed.scores)
    assert kept == sum(event["event"] == "landed" for event in told) < STUDENTS
    assert place.rows()[1] == 0
    assert list(place.temporary.iterdir()) == []
    assert becomes_true(lambda: not any(one.is_running() for one in below))
    resumed = place.grade(*BATCH)
    assert f"{STUDENTS - kept} graded, {kept} unchanged" in resumed.stderr
    place.assert_each_graded_once(STUDENTS)
    assert place.scores() == undisturbed.scores


@pytest.mark.usefixtures("unhurried")
def test_regrading_that_was_stopped_goes_on_where_it_was(
    tmp_path: Path, bubblewrap: str, undisturbed: Undisturbed
) -> None:
    place = new_place(tmp_path, undisturbed)
    assert place.grade(*BATCH).returncode == 0
    process = place.start("regrade", *BATCH[1:], "--jobs", "1")
    told = until(process, lambda event: event["event"] == "landed")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    kept = sum(event["event"] == "landed" for event in told + events(out))
    assert f"To go on: grade {' '.join(BATCH)} --jobs 1\n" in err
    resumed = place.grade(*BATCH)
    assert f"{STUDENTS - kept} graded, {kept} unchanged" in resumed.stderr
    assert place.scores() == undisturbed.scores


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_signal_at_any_moment_ends_a_batch_in_order(
    tmp_path: Path, bubblewrap: str, forge: Forge, undisturbed: Undisturbed, number: signal.Signals, code: int
) -> None:
    moments = random.Random(code)
    for turn in range(8):
        (tmp_path / str(turn)).mkdir()
        place = new_place(tmp_path / str(turn), undisturbed)
        ended = forge.run(place, *BATCH, after_s=0.1 + moments.uniform(0, undisturbed.seconds), number=number)
        # With everything done, the process is about to end by itself, and may take the signal as any other does.
        done = f"{STUDENTS} graded, 0 unchanged" in ended.output
        assert ended.code in ((0, code, -number) if done else (code,)), ended.output
        assert "Traceback" not in ended.output
        if (place.gradebook / "gradebook.db").exists():
            assert_nothing_is_wrong(place, undisturbed.scores)
            assert place.rows()[1] == 0
        assert list(place.temporary.iterdir()) == []
    assert forge.run(place, *BATCH).code == 0
    place.assert_each_graded_once(STUDENTS)


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_signal_ends_trainings_and_their_sandboxes_at_once(
    tmp_path: Path, bubblewrap: str, number: signal.Signals, code: int
) -> None:
    write(tmp_path / "submissions" / "kim", "def train(log):\n    log(epoch=1)\n    while True: pass\n")
    place = Workplace(tmp_path)
    process = place.start("batch", "submissions", "--mission", "mission_cnn", "--progress", "json")
    until(process, lambda event: event["event"] == "log")
    below = psutil.Process(process.pid).children(recursive=True)
    assert below, "the check below must be able to see a run"
    process.send_signal(number)
    _, err = process.communicate(timeout=40)
    assert process.returncode == code, err
    assert "To go on:" in err
    assert becomes_true(lambda: not any(one.is_running() for one in below))
    assert list(place.temporary.iterdir()) == []
    assert (containers_of(process.pid), cgroups_of(process.pid)) == ([], [])
    assert place.rows() == ([], 0)
    write(tmp_path / "submissions" / "kim", QUICK)
    resumed = place.grade("batch", "submissions", "--mission", "mission_cnn")
    assert "1 graded, 0 unchanged, 0 not graded" in resumed.stderr


@pytest.mark.mnist
@pytest.mark.slow
def test_sandboxes_killed_from_outside_leave_the_marks_as_they_would_be(tmp_path: Path, bubblewrap: str) -> None:
    waits = QUICK.replace("    log(epoch", "    import time; time.sleep(1.5)\n    log(epoch")
    for student in ("kim", "lee"):
        write(tmp_path / "submissions" / student, waits + f"\n# {student}\n")
    arguments = ("batch", "submissions", "--mission", "mission_cnn", "--progress", "json")
    quiet, disturbed = (Workplace(tmp_path / name) for name in ("quiet", "disturbed"))
    for place in (quiet, disturbed):
        (place.root / "submissions").symlink_to(tmp_path / "submissions")
    assert quiet.grade(*arguments).returncode == 0
    process = disturbed.start(*arguments)
    for _ in range(2):
        until(process, lambda event: event["event"] == "stage" and event["stage"] == "train")
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.send_signal(signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert disturbed.scores() == quiet.scores()
    assert [one.grading.accuracy for one in disturbed.attempts() if one.grading] == [
        one.grading.accuracy for one in quiet.attempts() if one.grading
    ]
    disturbed.assert_each_graded_once(2)


@pytest.mark.slow
def test_lost_connections_to_the_database_are_waited_for(
    tmp_path: Path, bubblewrap: str, undisturbed: Undisturbed
) -> None:
    with database("postgres", tmp_path) as url:
        named = sa.engine.make_url(url).update_query_dict({"application_name": tmp_path.name})
        place = new_place(tmp_path, undisturbed, named.render_as_string(hide_password=False))
        process = place.start(*BATCH)
        engine = sa.create_engine(sa.engine.make_url(POSTGRES).set(drivername="postgresql+psycopg"))
        ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = :name"
        told = 0
        for _ in range(3):
            until(process, lambda event: event["event"] in ("began", "landed"))
            with engine.begin() as connection:
                told += connection.execute(sa.text(ended), {"name": tmp_path.name}).scalar_one()
        engine.dispose()
        _, err = process.communicate(timeout=120)
        assert told > 0, "there must have been connections to end"
        assert process.returncode == 0, err
        place.assert_each_graded_once(STUDENTS)
        assert place.scores() == undisturbed.scores


@dataclass
class Server:
    """A PostgreSQL server of this test's own, which it may stop."""

    programs: Path
    folder: Path

    @property
    def url(self) -> str:
        """Over a socket in its folder."""
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def run(self, *command: str) -> None:
        """One of the server's programs, as the user who may run it."""
        subprocess.run(
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def control(self, *what: str) -> None:
        """`pg_ctl`, until it is done."""
        options = f"-k {self.folder} -c listen_addresses="
        log = str(self.folder / "log")
        self.run(str(self.programs / "pg_ctl"), "-D", str(self.folder / "data"), "-l", log, "-o", options, "-w", *what)


@pytest.fixture
def server() -> Iterator[Server]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    able = bool(found) and os.geteuid() == 0 and shutil.which("setpriv") is not None
    need("postgres", ok=able, reason="a server of the test's own needs its programs, setpriv and root")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    made = Server(found[-1].parent, folder)
    shutil.chown(folder, "postgres", "postgres")
    try:
        made.run(str(made.programs / "initdb"), "-D", str(folder / "data"), "-A", "trust", "-U", "postgres", "-N")
        made.control("start")
        try:
            yield made
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                made.control("stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_restart_of_the_database_is_waited_for(
    tmp_path: Path, bubblewrap: str, undisturbed: Undisturbed, server: Server, mode: str
) -> None:
    place = new_place(tmp_path, undisturbed, server.url)
    process = place.start(*BATCH, "--jobs", "1")
    until(process, lambda event: event["event"] == "landed")
    server.control("restart", "-m", mode)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    place.assert_each_graded_once(STUDENTS)
    assert place.scores() == undisturbed.scores


@pytest.mark.slow
def test_database_that_stays_away_ends_the_batch_and_the_next_completes_it(
    tmp_path: Path, bubblewrap: str, undisturbed: Undisturbed, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = new_place(tmp_path, undisturbed, server.url)
    impatient = (
        UNHURRIED + "from grader.store import database; database.RETRY_S = 1.0; from grader.cli import main; main()"
    )
    monkeypatch.setattr("tests.integration.batches.GRADE", (sys.executable, "-c", impatient))
    process = place.start(*BATCH, "--jobs", "1")
    until(process, lambda event: event["event"] == "landed")
    server.control("stop", "-m", "fast")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 3, err
    assert "Traceback" not in err
    assert "Nothing that was stored is lost" in " ".join(err.split())
    server.control("start")
    assert assert_nothing_is_wrong(place, undisturbed.scores) >= 1
    assert place.grade(*BATCH).returncode == 0
    place.assert_each_graded_once(STUDENTS)
    assert place.scores() == undisturbed.scores


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=False, capture_output=True
        ).returncode
        == 0
    )
    need("mount", ok=mounted, reason="a small disk needs root and the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leaves no byte on it."""
    path = disk / "filler"
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return path


@pytest.mark.slow
@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("what", ["gradebook", "temporary"])
def test_full_disk_ends_the_batch_names_the_disk_and_the_next_completes_it(
    tmp_path: Path, bubblewrap: str, undisturbed: Undisturbed, small_disk: Path, what: str
) -> None:
    place = Workplace(tmp_path / "place")
    # Larger than what other gradings give back when they end, so that it can't be graded on a full disk.
    shutil.copytree(undisturbed.submissions, place.root / "submissions")
    (place.root / "submissions" / "s03" / "notes.txt").write_bytes(b"notes\n" * 100_000)
    with contextlib.suppress(FileNotFoundError):
        (place.root / what).rmdir()
    (small_disk / what).mkdir()
    (place.root / what).symlink_to(small_disk / what)
    process = place.start(*BATCH, "--jobs", "1")
    until(process, lambda event: event["event"] == "landed")
    filler = fill(small_disk)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 3, out + err
    assert "Traceback" not in err
    told = "".join(err.splitlines())
    assert ("The disk with" in told and "is full." in told) or "There is no space left on the disk." in told
    if what == "gradebook":
        begun_full = place.grade("regrade", *BATCH[1:])
        assert begun_full.returncode == 3, begun_full.stderr
        assert "Traceback" not in begun_full.stderr
        assert "is full." in begun_full.stderr
    filler.unlink()
    assert assert_nothing_is_wrong(place, undisturbed.scores) < STUDENTS
    resumed = place.grade(*BATCH)
    assert resumed.returncode == 0, resumed.stderr
    found, claimed = place.rows()
    assert (sum(current for _, current in found), claimed) == (STUDENTS, 0)
    assert place.scores() == undisturbed.scores
