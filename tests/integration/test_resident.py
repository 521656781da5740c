"""`grade warm` beside `grade submit`: the same results, and nothing that goes wrong there is felt here."""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.running import becomes_true
from tests.conftest import ROOT
from tests.integration import residents
from tests.integration.residents import Place, Talking
from tests.integration.submissions import MODEL, QUICK, write
from tests.integration.test_command_line import alive
from tests.leftovers import cgroups_of, containers_of

pytestmark = pytest.mark.mnist

SLOW = MODEL + "\ndef train(log):\n    log(epoch=1)\n    while True: pass\n"
"""Trains until it is stopped."""
PAUSES = QUICK.replace("    log(epoch", "    import time; time.sleep(4)\n    log(epoch")
"""Trains for long enough to be disturbed."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with residents.place(tmp_path) as found:
        write(found.folder / "work", QUICK)
        yield found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What QUICK trains, ready."""
    folder = tmp_path_factory.mktemp("trained")
    write(folder / "work", QUICK)
    with residents.place(folder) as found:
        done = found.run("train", "mission_cnn", "work", "--out", "model.pt2")
    assert done.returncode == 0, done.stderr
    return folder / "model.pt2"


def submitted(model: Path, sandbox: str, *more: str) -> tuple[str, ...]:
    return "submit", "mission_cnn", "work", "--artifact", str(model), "--sandbox", sandbox, *more


def gradings(resident: Talking) -> int:
    """How many the resident grader has told of so far."""
    while not resident._lines.empty():
        resident.said.append(resident._lines.get() or "")
    return sum(line.startswith("mission_cnn:") for line in resident.said)


def told_of(resident: Talking, count: int) -> bool:
    """Whether the resident grader has graded so many: it tells of each after who asked has the report."""
    return becomes_true(lambda: gradings(resident) >= count) and gradings(resident) == count


def graded_by_resident(place: Place, model: Path, sandbox: str) -> bool:
    """Hands the model in; whether the resident grader graded it."""
    done = place.run(*submitted(model, sandbox, "--debug"))
    assert done.returncode == 1, done.stderr
    return "Graded here" not in done.stderr


def without_times(report: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name != "created"}


def assert_nothing_left(resident: Talking, below: list[Any], place: Place) -> None:
    assert becomes_true(lambda: alive(below) == [])
    assert containers_of(resident.pid) == []
    assert cgroups_of(resident.pid) == []
    assert place.sockets() == []
    assert list(place.temporary.iterdir()) == []


def test_warm_submission_gives_what_a_cold_one_gives(place: Place, model: Path, isolating: str) -> None:
    asked = submitted(model, isolating)
    cold = place.run(*asked, "--out", "cold")
    with place.warm(isolating) as resident:
        warm = place.run(*asked, "--out", "warm")
        as_json = place.run(*asked, "--json", "--debug")
        retrained = place.run("submit", "mission_cnn", "work", "--sandbox", isolating, "--json")
        assert told_of(resident, 3)
        below = resident.below()
        resident.signal(signal.SIGINT)
        assert resident.end() == 130
    assert_nothing_left(resident, below, place)
    assert (warm.returncode, warm.stdout) == (cold.returncode, cold.stdout)
    assert warm.stderr == cold.stderr.replace("cold/", "warm/")
    one, other = (
        json.loads((place.folder / name / "report.json").read_text(encoding="utf-8")) for name in ("cold", "warm")
    )
    assert without_times(one) == without_times(other)
    assert without_times(json.loads(as_json.stdout)) == without_times(one)
    assert as_json.stderr == ""
    pages = [(place.folder / name / "report.html").read_text(encoding="utf-8") for name in ("cold", "warm")]
    assert len(pages[0]) == len(pages[1])
    assert json.loads(retrained.stdout)["run"]["mode"] == "retrain"
    assert json.loads(retrained.stdout)["verdict"] == "graded"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_warm_submission_speaks_the_language_of_who_submits(
    place: Place, model: Path, bubblewrap: str, language: str
) -> None:
    asked = submitted(model, bubblewrap, "--lang", language)
    with place.warm(bubblewrap) as resident:
        warm = place.run(*asked, "--out", "warm")
        assert told_of(resident, 1)
    cold = place.run(*asked, "--out", "cold")
    assert warm.stdout == cold.stdout
    page = (place.folder / "warm" / "report.html").read_text(encoding="utf-8")
    assert f'lang="{language}"' in page


def test_mission_that_was_edited_between_two_submissions_is_read_anew(
    place: Place, model: Path, bubblewrap: str, tmp_path: Path
) -> None:
    place.course = tmp_path / "course"
    for part in ("missions", "starter_code", "reference_solutions"):
        shutil.copytree(ROOT / part / "mission_cnn", place.course / part / "mission_cnn")
    spec = place.course / "missions" / "mission_cnn" / "mission.toml"
    text = spec.read_text(encoding="utf-8")
    asked = submitted(model, bubblewrap, "--json")
    with place.warm(bubblewrap) as resident:
        before = json.loads(place.run(*asked).stdout)
        spec.write_text(text.replace("pass_mark = ", "pass_mark = 1 # "), encoding="utf-8")
        after = json.loads(place.run(*asked).stdout)
        spec.write_text("nonsense", encoding="utf-8")
        broken = place.run(*asked)
        assert told_of(resident, 2)
    assert before["mission"]["pass_mark"] > 1
    assert after["mission"]["pass_mark"] == 1
    assert (broken.returncode, broken.stdout) == (2, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_resident_that_ends_in_the_middle_is_not_felt(place: Place, isolating: str, number: signal.Signals) -> None:
    write(place.folder / "work", PAUSES)
    with place.warm(isolating) as resident:
        submission = place.start("submit", "mission_cnn", "work", "--sandbox", isolating, "--out", "out", "--debug")
        submission.wait_for("Training")
        below = resident.below()
        resident.signal(number)
        resident.end()
        assert submission.end() == 1, submission.said
    report = json.loads((place.folder / "out" / "report.json").read_text(encoding="utf-8"))
    assert (report["verdict"], report["reason"]) == ("graded", None)
    assert sum("Graded here" in line for line in submission.said) == 1
    if number is signal.SIGKILL:
        assert place.run("doctor", "--clean").returncode == 0
        again = place.start("warm", "--sandbox", isolating)
        again.wait_for(residents.READY)  # at the place where the dead one's socket was
        again.signal(signal.SIGTERM)
        assert again.end() == 143
    assert_nothing_left(resident, below, place)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_submission_that_is_stopped_ends_its_grading_and_the_resident_goes_on(
    place: Place, model: Path, isolating: str, number: signal.Signals
) -> None:
    write(place.folder / "slow", SLOW)
    with place.warm(isolating) as resident:
        submission = place.start("submit", "mission_cnn", "slow", "--sandbox", isolating)
        submission.wait_for("Training")
        below, containers = resident.below(), containers_of(resident.pid)
        submission.signal(number)
        assert submission.end() == (130 if number is signal.SIGINT else 143)
        assert becomes_true(lambda: alive(below) == [])
        assert becomes_true(lambda: not set(containers) & set(containers_of(resident.pid)))
        resident.wait_for("stopped")
        # Until all is ready again, the resident is busy, and submissions are graded where they were made.
        assert becomes_true(lambda: graded_by_resident(place, model, isolating), within_s=180)
        assert told_of(resident, 2)
    assert place.sockets() == []


def test_submission_beside_another_is_graded_by_itself(place: Place, model: Path, bubblewrap: str) -> None:
    write(place.folder / "slow", SLOW)
    with place.warm(bubblewrap) as resident:
        long = place.start("submit", "mission_cnn", "slow", "--sandbox", bubblewrap)
        long.wait_for("Training")
        beside = place.run(*submitted(model, bubblewrap, "--debug"))
        assert beside.returncode == 1
        assert "Graded here: the resident grader is busy" in beside.stderr
        assert gradings(resident) == 0
        assert long.process.poll() is None
        long.signal(signal.SIGINT)
        assert long.end() == 130


def test_submission_under_other_conditions_is_graded_by_itself(place: Place, model: Path, bubblewrap: str) -> None:
    with place.warm(bubblewrap) as resident:
        other_sandbox = place.run(*submitted(model, "none", "--debug"))
        assert "Graded here: the resident grader differs: sandbox" in other_sandbox.stderr
        (place.folder / "link").symlink_to(ROOT)
        place.package = place.folder / "link"
        other_code = place.run(*submitted(model, bubblewrap, "--debug"))
        assert "Graded here: the resident grader differs: code, package" in other_code.stderr
        assert (other_sandbox.returncode, other_code.returncode) == (1, 1)
        assert gradings(resident) == 0
        assert resident.process.poll() is None


def test_resident_whose_code_was_edited_answers_no_more_and_ends(
    place: Place, model: Path, bubblewrap: str, tmp_path: Path
) -> None:
    place.package = tmp_path / "installed"
    shutil.copytree(ROOT / "grader", place.package / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    with place.warm(bubblewrap) as resident:
        with (place.package / "grader" / "scoring.py").open("a", encoding="utf-8") as file:
            file.write("# edited\n")
        done = place.run(*submitted(model, bubblewrap, "--debug"))
        assert done.returncode == 1
        assert "Graded here: the resident grader differs: code" in done.stderr
        assert resident.end() == 0
    assert "Run `grade warm` again" in "".join(resident.said)


def test_second_resident_says_that_there_is_one(place: Place, bubblewrap: str) -> None:
    with place.warm(bubblewrap):
        second = place.run("warm", "--sandbox", bubblewrap)
        assert second.returncode == 2
        assert "runs for this course already" in second.stderr
        assert len(place.sockets()) == 2


def test_resident_that_nobody_asks_ends(place: Place, bubblewrap: str) -> None:
    resident = place.start("warm", "--sandbox", bubblewrap, "--idle-minutes", "0.02")
    resident.wait_for(residents.READY)
    below = resident.below()
    assert resident.end() == 0
    assert "nothing was submitted" in "".join(resident.said)
    assert_nothing_left(resident, below, place)


def test_resident_whose_terminal_is_closed_leaves_nothing(place: Place, isolating: str) -> None:
    with place.warm(isolating) as resident:
        below = resident.below()
        resident.signal(signal.SIGHUP)
        resident.signal(signal.SIGHUP)  # from the shell and from the kernel
        assert resident.end() == 143
    assert_nothing_left(resident, below, place)


def test_resident_without_an_engine_is_exit_code_3(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place.folder}/no.sock")
    done = place.run("warm", "--sandbox", "docker")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert place.sockets() == []
