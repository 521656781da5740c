"""`grade batch` as an instructor uses it, with real sandboxes."""

import csv
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.entries import Gradebook, Grading
from grader.store import open_store
from tests.databases import KINDS as DATABASES
from tests.databases import database
from tests.integration.batches import COMMENTS, KINDS, Workplace, cohort, hand_in
from tests.integration.submissions import QUICK, write


@pytest.fixture
def place(tmp_path: Path, bubblewrap: str) -> Workplace:
    """Four students' comments."""
    cohort(tmp_path / "submissions", 4)
    return Workplace(tmp_path, sandbox=bubblewrap)


def test_batch_grades_what_is_new_or_changed_and_nothing_else(place: Workplace) -> None:
    first = place.batch()
    assert first.returncode == 0, first.stderr
    assert "4 graded, 0 unchanged, 0 not graded" in first.stderr
    before = place.scores()
    assert len(set(before.values())) > 1, "the submissions must differ in what they earn"

    second = place.batch()
    assert second.returncode == 0, second.stderr
    assert "0 graded, 4 unchanged, 0 not graded" in second.stderr
    assert place.scores() == before

    hand_in(place.root / "submissions", "s02", 0)
    third = place.batch()
    assert "1 graded, 3 unchanged, 0 not graded" in third.stderr
    assert place.scores() == {**before, "s02": before["s00"]}
    place.assert_each_graded_once(5)

    forced = place.batch("--force")
    assert "4 graded, 0 unchanged, 0 not graded" in forced.stderr
    assert place.scores() == {**before, "s02": before["s00"]}

    with (place.gradebook / "gradebook.csv").open(encoding="utf-8") as file:
        rows = {row["student_id"]: row[COMMENTS] for row in csv.DictReader(file)}
    assert {name: float(points) for name, points in rows.items()} == pytest.approx(place.scores(), abs=0.01)


def test_regrade_of_one_student_leaves_the_others_alone(place: Workplace) -> None:
    place.batch()
    before = {one.student_id: one.grading for one in place.attempts()}
    again = place.grade("regrade", "submissions", "--mission", COMMENTS, "--student", "s01")
    assert again.returncode == 0, again.stderr
    assert "1 graded, 0 unchanged" in again.stderr
    after = {one.student_id: one.grading for one in place.attempts()}
    changed = {name for name in before if created(before[name]) != created(after[name])}
    assert changed == {"s01"}
    runs, claims = place.rows()
    assert (len(runs), sum(current for _, current in runs), claims) == (5, 4, 0)


def created(grading: Grading | None) -> object:
    assert grading is not None
    return grading.created


def test_student_that_is_not_there_is_a_usage_error(place: Workplace) -> None:
    done = place.batch("--student", "nobody")
    assert done.returncode == 2
    assert "nobody" in done.stderr
    assert not place.gradebook.exists()


def test_roster_names_who_handed_in_nothing_and_who_is_unknown(place: Workplace) -> None:
    roster = place.root / "roster.csv"
    roster.write_text("id,name\ns00,김하나\ns01,Lee Dul\ns02,Park Set\ns99,Choi Net\n", encoding="utf-8")
    done = place.batch("--roster", str(roster))
    assert done.returncode == 0, done.stderr
    assert "Handed in nothing (1): Choi Net" in done.stderr
    assert "Not in the roster (1): s03" in done.stderr
    assert "김하나" in done.stderr
    listed = place.grade("gradebook")
    assert listed.returncode == 0, listed.stderr
    assert "nothing handed in" in " ".join(listed.stdout.split())


def test_progress_as_json_is_one_event_per_line_on_the_output_stream(place: Workplace) -> None:
    done = place.batch("--progress", "json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0] == {"event": "planned", "total": 4, "unchanged": 0}
    landed = {event["student"]: event["score"] for event in events if event["event"] == "landed"}
    assert landed == place.scores()
    assert max(event["done"] for event in events if event["event"] == "landed") == 4


@pytest.mark.parametrize("choice", ["quiet", "lines", "auto"])
def test_progress_elsewhere_is_on_the_error_stream(place: Workplace, choice: str) -> None:
    done = place.batch("--progress", choice)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    per_result = [line for line in done.stderr.splitlines() if COMMENTS in line]
    assert len(per_result) == (0 if choice == "quiet" else 4)
    assert "\x1b" not in done.stderr


def test_without_a_sandbox_the_submissions_must_be_trusted(place: Workplace) -> None:
    refused = place.batch("--sandbox", "none")
    assert refused.returncode == 2
    assert "--trust-submissions" in refused.stderr
    assert not place.gradebook.exists()
    done = place.batch("--sandbox", "none", "--trust-submissions")
    assert done.returncode == 0, done.stderr
    assert len(place.scores()) == 4


def test_engine_that_is_not_there_is_exit_code_3_and_nothing_is_entered(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place.root}/no.sock")
    done = place.batch("--sandbox", "docker")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert not place.gradebook.exists()


@pytest.mark.parametrize("names", [(), ("--mission", "mission_none"), ("--database", "mysql://host/name")])
def test_wrong_request_is_exit_code_2_without_a_traceback(place: Workplace, names: tuple[str, ...]) -> None:
    done = place.grade("batch", "submissions", *names)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


def test_canvas_download_with_loose_files_is_graded_per_user(place: Workplace) -> None:
    folder = place.root / "canvas"
    folder.mkdir()
    source = (KINDS[0] / "solution.py").read_bytes()
    (folder / "kimhana_101_9001_solution.py").write_bytes(source)
    (folder / "kimhana_101_9002_notes.py").write_text("about = 'my notes'\n")
    (folder / "leedul_LATE_102_9003_solution.py").write_bytes((KINDS[1] / "solution.py").read_bytes())
    (folder / "parkset_103_9004_solution.py").write_text("def broken(:\n")
    (folder / "parkset_103_9005_link.py").symlink_to("/etc/passwd")
    done = place.grade("batch", "canvas", "--mission", COMMENTS)
    assert done.returncode == 0, done.stderr
    assert "(canvas)" in done.stderr
    found = {one.student_id: one.grading for one in place.attempts()}
    assert set(found) == {"101", "102", "103"}
    assert all(grading is not None for grading in found.values())
    scores = place.scores()
    assert scores["103"] == 0
    assert scores["101"] != scores["102"]
    again = place.grade("batch", "canvas", "--mission", COMMENTS)
    assert "0 graded, 3 unchanged" in again.stderr


def test_hostile_submissions_get_marks_and_hold_nobody_up(place: Workplace) -> None:
    folder = place.root / "submissions"
    os.mkfifo(folder / "s00" / "pipe.py")
    (folder / "s01" / "loop").symlink_to(folder)
    (folder / "bomb.zip").write_bytes(b"PK\x03\x04 no archive")
    (folder / "\x1b[31mred").mkdir()
    (folder / "\x1b[31mred" / "solution.py").write_text("x = 1\n")
    (folder / "empty").mkdir()
    done = place.batch()
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "0 not graded" in done.stderr
    assert {"s02", "s03", "bomb"} <= set(place.scores())


@pytest.mark.mnist
def test_models_and_trainings_of_several_missions_in_one_folder(tmp_path: Path, bubblewrap: str) -> None:
    place = Workplace(tmp_path, sandbox=bubblewrap)
    folder = tmp_path / "submissions"
    hand_in(folder / "kim", COMMENTS, 0)
    write(folder / "kim" / "mission_cnn", QUICK)
    write(folder / "lee" / "mission_cnn", QUICK + "\n# another student\n")
    trained = place.grade("train", "mission_cnn", str(folder / "lee" / "mission_cnn"), "--out", "model.pt2")
    assert trained.returncode == 0, trained.stderr
    (tmp_path / "model.pt2").rename(folder / "lee" / "mission_cnn" / "model.pt2")
    (folder / "park" / "mission_cnn").mkdir(parents=True)
    (folder / "park" / "mission_cnn" / "solution.py").write_text("def train():\n    raise ValueError('no')\n")
    done = place.grade("batch", "submissions")
    assert done.returncode == 0, done.stderr
    assert "4 graded, 0 unchanged, 0 not graded" in done.stderr
    found = {(one.student_id, one.mission_id): one.grading for one in place.attempts()}
    lee, kim = found["lee", "mission_cnn"], found["kim", "mission_cnn"]
    assert lee is not None
    assert kim is not None
    assert (kim.accuracy or 0) > 0.5
    assert lee.accuracy == kim.accuracy, "the same training, here and by the student"
    park = found["park", "mission_cnn"]
    assert park is not None
    assert str(park.reason) == "train_error"
    again = place.grade("batch", "submissions")
    assert "0 graded, 4 unchanged, 0 not graded" in again.stderr
    trained_anew = place.grade("batch", "submissions", "--retrain")
    assert "1 graded, 3 unchanged, 0 not graded" in trained_anew.stderr
    assert list(place.temporary.iterdir()) == []


def without_times(book: Gradebook) -> Gradebook:
    """A gradebook without what no two batches share."""
    attempts = []
    for one in sorted(book.attempts, key=lambda one: one.student_id):
        assert one.grading is not None
        grading = replace(
            one.grading,
            created=one.submitted,
            report_sha256="",
            seconds=None,
            cpu_seconds=None,
            peak_memory_bytes=None,
        )
        attempts.append(replace(one, submission_id=0, grading=grading))
    return replace(book, attempts=tuple(attempts))


@pytest.fixture
def both(tmp_path: Path, bubblewrap: str) -> Iterator[list[Workplace]]:
    """Two places with the same submissions, one per database."""
    submissions = cohort(tmp_path / "submissions", 6)
    with database("postgres", tmp_path) as url:
        places = []
        for kind in DATABASES:
            places.append(Workplace(tmp_path / kind, database=url if kind == "postgres" else None, sandbox=bubblewrap))
            (places[-1].root / "submissions").symlink_to(submissions)
        yield places


def test_databases_hold_equal_gradebooks_of_the_same_cohort(both: list[Workplace]) -> None:
    books = []
    for place in both:
        done = place.batch()
        assert done.returncode == 0, done.stderr
        with open_store(place.gradebook, database=place.database) as store:
            books.append(without_times(store.gradebook()))
    assert len(books[0].attempts) == 6
    assert books[0] == books[1]
    tables = [(place.gradebook / "gradebook.csv").read_text(encoding="utf-8") for place in both]
    assert tables[0] == tables[1]


def test_gradebook_is_a_plain_sqlite_file_that_is_whole(place: Workplace) -> None:
    place.batch()
    with sqlite3.connect(place.gradebook / "gradebook.db") as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert connection.execute("pragma foreign_key_check").fetchall() == []
    connection.close()
