"""What the gradebook keeps, in SQLite and in PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from grader.entries import Student
from grader.errors import DiskFull, InfrastructureError, StoreUnavailable, UsageError
from grader.results import MissionInfo, Mode, Reason, Report, Verdict
from grader.sandbox.owner import owned_name
from grader.store import Claimant, Claimed, NewSubmission, RunKind, Store, migrations, open_store
from grader.store import claims as claiming
from grader.store import database as database_module
from grader.store.blobs import Blobs
from grader.store.tables import claims, metadata, runs
from grader.text import Text
from tests.databases import KINDS, database
from tests.unit.reports import samples

SEOUL = timezone(timedelta(hours=9))
MISSION = MissionInfo(id="mission_cnn", title=Text("CNN", "합성곱 신경망"), points=100, pass_mark=60)
NEW = NewSubmission(
    student_id="kim",
    mission_id="mission_cnn",
    content="a" * 64,
    mode=Mode.RETRAIN,
    name="kim.zip",
    submitted=datetime(2026, 3, 2, 23, 59, tzinfo=SEOUL),
)
KEY = "k" * 64


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, database=url) as opened:
        opened.enter_students([Student(id="kim", name="김하나")])
        opened.enter_missions([MISSION])
        yield opened


def graded(**changes: object) -> Report:
    return samples.report(**changes)


def not_graded() -> Report:
    return samples.report(verdict=Verdict.NOT_GRADED, reason=Reason.INFRASTRUCTURE, criteria=(), score=0, passed=False)


def land(store: Store, number: int, report: Report, key: str = KEY, kind: RunKind = RunKind.GRADING) -> None:
    claimant = Claimant.new()
    assert store.claim(number, kind, key, claimant) is Claimed.MINE
    assert store.land(number, kind, key, report, claimant)


def test_result_that_landed_is_read_back_as_it_was(store: Store) -> None:
    (number,) = store.enter_submissions([NEW])
    report = graded()
    land(store, number, report)
    (attempt,) = store.gradebook().attempts
    assert attempt.grading is not None
    assert attempt.submitted == NEW.submitted
    assert (attempt.grading.score, attempt.grading.passed) == (report.score, report.passed)
    assert [(line.id, line.points) for line in attempt.grading.criteria] == [
        (line.id, line.points) for line in report.criteria
    ]
    assert store.report(attempt.grading.report_sha256) == report
    assert store.gradebook().missions == {"mission_cnn": MISSION}


def test_result_outlives_the_process(url: str, store: Store, tmp_path: Path) -> None:
    (number,) = store.enter_submissions([NEW])
    land(store, number, graded())
    with open_store(tmp_path, database=url) as again:
        assert again.gradebook() == store.gradebook()
        assert again.keys(RunKind.GRADING) == {number: KEY}


def test_same_content_again_is_the_same_submission_with_the_earlier_time(store: Store) -> None:
    earlier = replace(NEW, submitted=NEW.submitted - timedelta(days=1))
    later = replace(NEW, submitted=NEW.submitted + timedelta(days=1))
    numbers = [store.enter_submissions([new])[0] for new in (NEW, later, earlier)]
    assert len(set(numbers)) == 1
    assert store.gradebook().attempts[0].submitted == earlier.submitted


def test_same_content_twice_at_once_is_one_submission_with_the_earlier_time(store: Store) -> None:
    earlier = replace(NEW, submitted=NEW.submitted - timedelta(days=1))
    first, second, third = store.enter_submissions([NEW, earlier, NEW])
    assert first == second == third
    assert [attempt.submitted for attempt in store.gradebook().attempts] == [earlier.submitted]


def test_other_content_is_another_attempt(store: Store) -> None:
    store.enter_submissions([NEW, replace(NEW, content="b" * 64, submitted=NEW.submitted + timedelta(hours=1))])
    assert [attempt.content for attempt in store.gradebook().attempts] == ["a" * 64, "b" * 64]


def test_students_keep_what_a_roster_said_when_a_later_batch_has_none(store: Store) -> None:
    store.enter_students([Student(id="kim", email="kim@example.org")])
    kim = store.gradebook().students["kim"]
    assert (kim.name, kim.email) == ("김하나", "kim@example.org")


def test_machine_failure_does_not_replace_a_result(store: Store) -> None:
    (number,) = store.enter_submissions([NEW])
    land(store, number, graded())
    land(store, number, not_graded(), key="n" * 64)
    (attempt,) = store.gradebook().attempts
    assert attempt.grading is not None
    assert attempt.grading.verdict is Verdict.GRADED


def test_machine_failure_alone_leaves_the_submission_ungraded(store: Store) -> None:
    (number,) = store.enter_submissions([NEW])
    land(store, number, not_graded())
    assert store.gradebook().attempts[0].grading is None
    assert store.keys(RunKind.GRADING) == {}


def test_new_result_replaces_the_old_one_and_audits_stand_beside(store: Store) -> None:
    (number,) = store.enter_submissions([NEW])
    land(store, number, graded(score=10.0))
    land(store, number, graded(score=20.0), key="n" * 64)
    land(store, number, graded(score=5.0), kind=RunKind.AUDIT)
    (attempt,) = store.gradebook().attempts
    assert attempt.grading is not None
    assert attempt.audit is not None
    assert (attempt.grading.score, attempt.audit.score) == (20.0, 5.0)


def test_forgotten_result_no_longer_counts(store: Store) -> None:
    (number,) = store.enter_submissions([NEW])
    land(store, number, graded())
    store.forget_results([number])
    assert store.keys(RunKind.GRADING) == {}
    assert store.claim(number, RunKind.GRADING, KEY, Claimant.new()) is Claimed.MINE


def test_claim_keeps_another_batch_away_until_it_is_given_back(store: Store) -> None:
    (number,) = store.enter_submissions([NEW])
    first, second = Claimant.new(), Claimant.new()
    assert store.claim(number, RunKind.GRADING, KEY, first) is Claimed.MINE
    assert store.claim(number, RunKind.GRADING, KEY, second) is Claimed.BUSY
    assert store.claim(number, RunKind.AUDIT, KEY, second) is Claimed.MINE
    store.release(number, RunKind.GRADING, first)
    assert store.claim(number, RunKind.GRADING, KEY, second) is Claimed.MINE


def test_claim_of_what_another_batch_has_graded_since_says_so(store: Store) -> None:
    (number,) = store.enter_submissions([NEW])
    land(store, number, graded())
    assert store.claim(number, RunKind.GRADING, KEY, Claimant.new()) is Claimed.DONE
    assert store.claim(number, RunKind.GRADING, "other", Claimant.new()) is Claimed.MINE


def test_claim_of_a_killed_batch_is_taken_over(store: Store) -> None:
    (number,) = store.enter_submissions([NEW])
    program = "from grader.sandbox.owner import Owner; print(Owner.of_this_process())"
    gone = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    assert store.claim(number, RunKind.GRADING, KEY, Claimant(f"{gone}/1")) is Claimed.MINE
    assert store.claim(number, RunKind.GRADING, KEY, Claimant.new()) is Claimed.MINE


def test_claim_of_another_machine_is_taken_over_when_it_is_silent(store: Store, url: str) -> None:
    (number,) = store.enter_submissions([NEW])
    there = Claimant("000000000000-1-1/1")
    assert store.claim(number, RunKind.GRADING, KEY, there) is Claimed.MINE
    assert store.claim(number, RunKind.GRADING, KEY, Claimant.new()) is Claimed.BUSY
    engine = database_module.connect(url)
    with engine.begin() as connection:
        connection.execute(sa.update(claims).values(beat=claims.c.beat - claiming.STALE_S - 1))
    engine.dispose()
    assert store.claim(number, RunKind.GRADING, KEY, Claimant.new()) is Claimed.MINE


def test_result_of_a_batch_that_lost_its_claim_is_not_counted(store: Store) -> None:
    (number,) = store.enter_submissions([NEW])
    late, quick = Claimant("000000000000-1-1/1"), Claimant.new()
    store.claim(number, RunKind.GRADING, KEY, late)
    store.release(number, RunKind.GRADING, late)
    store.claim(number, RunKind.GRADING, KEY, quick)
    assert store.land(number, RunKind.GRADING, KEY, graded(score=7.0), quick)
    assert not store.land(number, RunKind.GRADING, KEY, graded(score=9.0), late)
    assert [attempt.grading.score for attempt in store.gradebook().attempts if attempt.grading] == [7.0]


def test_landing_again_after_a_lost_answer_changes_nothing(store: Store) -> None:
    (number,) = store.enter_submissions([NEW])
    claimant, report = Claimant.new(), graded()
    store.claim(number, RunKind.GRADING, KEY, claimant)
    assert store.land(number, RunKind.GRADING, KEY, report, claimant)
    assert store.land(number, RunKind.GRADING, KEY, report, claimant)
    assert len(store.gradebook().attempts) == 1


def test_two_counting_results_of_one_submission_are_refused_by_the_database(store: Store, url: str) -> None:
    (number,) = store.enter_submissions([NEW])
    land(store, number, graded())
    engine = database_module.connect(url)
    with engine.begin() as connection:
        row = dict(connection.execute(sa.select(runs)).one()._mapping)
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.insert(runs).values({**row, "id": row["id"] + 1}))
    engine.dispose()


def test_kept_model_is_found_by_its_submission(store: Store) -> None:
    (number,) = store.enter_submissions([NEW])
    claimant = Claimant.new()
    store.claim(number, RunKind.GRADING, KEY, claimant)
    store.land(number, RunKind.GRADING, KEY, graded(), claimant, model=b"weights")
    path = store.model_of(number)
    assert path is not None
    assert path.read_bytes() == b"weights"


def test_damaged_report_counts_as_absent(store: Store) -> None:
    (number,) = store.enter_submissions([NEW])
    land(store, number, graded())
    grading = store.gradebook().attempts[0].grading
    assert grading is not None
    store.blobs.path(grading.report_sha256).write_bytes(b"{}")
    assert store.report(grading.report_sha256) is None


def test_contents_are_remembered_by_path(store: Store) -> None:
    store.remember_contents({"p" * 64: ("one", "two")})
    store.remember_contents({"p" * 64: ("one", "three"), "q" * 64: ("four", "five")})
    assert store.contents() == {"p" * 64: ("one", "three"), "q" * 64: ("four", "five")}


@pytest.mark.parametrize("make", [migrations.migrate, migrations.bring_up_to_date], ids=["migrated", "made"])
def test_a_gradebook_has_exactly_the_tables_that_the_code_describes(
    url: str, make: Callable[[sa.Connection], None]
) -> None:
    engine = database_module.connect(url)
    with engine.begin() as connection:
        make(connection)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
        assert migrations.revision_of(connection) == migrations.HEAD
        migrations.bring_up_to_date(connection)
        migrations.migrate(connection)
    engine.dispose()
    assert found == []


def test_migrated_tables_are_declared_in_the_same_words_as_new_ones(tmp_path: Path) -> None:
    def declared(name: str, make: Callable[[sa.Connection], None]) -> set[str]:
        engine = database_module.connect(f"sqlite:///{tmp_path / name}")
        with engine.begin() as connection:
            make(connection)
            found = connection.execute(sa.text("select sql from sqlite_master where sql is not null")).scalars()
            words = {" ".join(one.split()) for one in found}
        engine.dispose()
        return words

    assert declared("new", migrations.bring_up_to_date) == declared("old", migrations.migrate)


def test_a_new_gradebook_is_made_without_alembic() -> None:
    program = (
        "import sys, pathlib, tempfile\n"
        "from grader.store import open_store\n"
        "with tempfile.TemporaryDirectory() as folder, open_store(pathlib.Path(folder)):\n"
        "    print('alembic' in sys.modules)\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


def test_head_is_the_newest_revision() -> None:
    folder = Path(migrations.__file__).parent
    assert ScriptDirectory(str(folder)).get_current_head() == migrations.HEAD


def test_gradebook_of_a_newer_grader_is_refused(url: str, tmp_path: Path) -> None:
    with open_store(tmp_path, database=url):
        engine = database_module.connect(url)
        with engine.begin() as connection:
            connection.execute(sa.text("update alembic_version set version_num = '9999'"))
        engine.dispose()
    with pytest.raises(UsageError, match="newer"):
        open_store(tmp_path, database=url)


@pytest.mark.parametrize("wrong", ["mysql://host/name", "no url", "sqlite://", "postgres"])
def test_unknown_database_is_a_usage_error(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        open_store(tmp_path, database=wrong)


def test_database_that_does_not_answer_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "RETRY_S", 0.0)
    with pytest.raises(StoreUnavailable) as caught:
        open_store(tmp_path, database="postgresql://me:secret@127.0.0.1:1/none")
    assert "secret" not in caught.value.in_language("en")
    assert "127.0.0.1" in caught.value.in_language("ko")


def test_blob_on_a_full_disk_is_told_as_such_and_leaves_nothing(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    blobs = Blobs(tmp_path / "blobs")
    sha256 = blobs.put(b"first")
    folder = blobs.path(sha256).parent

    class FullPath(type(tmp_path)):  # type: ignore[misc]
        """A folder in which every new file is on a full disk."""

        def open(self, *arguments: object, **keywords: object) -> object:
            return full.open("wb", buffering=0)

    blobs.folder = FullPath(tmp_path / "blobs")
    with pytest.raises(DiskFull):
        blobs.put(b"second")
    assert [path.name for path in folder.iterdir()] == [sha256]


def test_sweep_removes_only_what_nobody_writes_any_more(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    blobs.sweep()
    kept = blobs.put(b"content")
    program = "from grader.sandbox.owner import owned_name; print(owned_name('x'))"
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    elsewhere, long_ago = (owned_name(run).replace("@", "@0", 1) for run in ("new", "old"))
    partial = tmp_path / "blobs" / "partial"
    for name in (killed, owned_name("mine"), elsewhere, long_ago):
        (partial / name).write_bytes(b"half")
    os.utime(partial / long_ago, (1, 1))
    blobs.sweep()
    assert {path.name for path in partial.iterdir()} == {owned_name("mine"), elsewhere}
    assert blobs.get(kept) == b"content"


def test_blob_where_nothing_can_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InfrastructureError, match="can't be written"):
        Blobs(tmp_path / "file").put(b"content")


def test_utc_is_what_comes_back(store: Store) -> None:
    store.enter_submissions([NEW])
    assert store.gradebook().attempts[0].submitted.tzinfo is UTC


def test_what_the_database_library_logs_is_not_printed() -> None:
    code = "import grader.store.database, logging; logging.getLogger('sqlalchemy.pool').error('closing', exc_info=True)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("", "")
