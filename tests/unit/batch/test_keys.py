"""What a result depends on changes its key; nothing else does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from grader.batch import BatchRequest
from grader.batch import plan as module
from grader.batch.plan import Keys
from grader.course import Course
from grader.results import Mode
from grader.settings import Settings
from tests.unit.batch.kit import CNN, conditions, request, small_course

CONTENT = "c" * 64


@dataclass(frozen=True)
class Pack:
    """A data pack, as far as keys look at it."""

    id: str = "mnist"
    version: str = "1"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setattr("grader.data.resolve", lambda *arguments, **keywords: Pack())
    monkeypatch.setattr(module, "grader_hash", lambda: b"grader")
    return small_course(tmp_path)


def key(asked: BatchRequest, content: str = CONTENT, mode: Mode = Mode.RETRAIN) -> str:
    return Keys(asked).of(asked.course.mission(CNN), content, mode)


def append(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")


@pytest.mark.parametrize(
    "path",
    [
        f"missions/{CNN}/mission.toml",
        f"missions/{CNN}/hidden_tests/test_cnn.py",
        f"missions/{CNN}/hidden_tests/new_file.py",
        f"starter_code/{CNN}/solution.py",
    ],
)
def test_change_of_a_mission_changes_the_key(course: Course, path: str) -> None:
    if not path.endswith("new_file.py"):
        assert (course.root / path).exists(), "the path must be one of the mission's"
    before = key(request(course))
    append(course.root / path)
    assert key(request(course)) != before


def test_removed_hidden_file_changes_the_key(course: Course) -> None:
    extra = course.root / "missions" / CNN / "hidden_tests" / "table.json"
    extra.write_text("{}")
    before = key(request(course))
    extra.unlink()
    assert key(request(course)) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda asked: replace(asked, conditions=conditions(sandbox="bubblewrap")),
        lambda asked: replace(asked, conditions=conditions(seed=1)),
        lambda asked: replace(asked, conditions=conditions(settings=Settings(docker_runtime="runsc"))),
        lambda asked: replace(asked, image="another image"),
        lambda asked: replace(asked, device="cuda"),
    ],
    ids=["sandbox", "seed", "runtime", "image", "device"],
)
def test_change_of_a_condition_changes_the_key(course: Course, change: Callable[[BatchRequest], BatchRequest]) -> None:
    assert key(change(request(course))) != key(request(course))


@pytest.mark.parametrize("pack", [Pack(version="2"), Pack(id="mnist-standin")])
def test_change_of_the_data_changes_the_key(course: Course, monkeypatch: pytest.MonkeyPatch, pack: Pack) -> None:
    before = key(request(course))
    monkeypatch.setattr("grader.data.resolve", lambda *arguments, **keywords: pack)
    assert key(request(course)) != before


def test_change_of_the_grader_changes_the_key(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(request(course))
    monkeypatch.setattr(module, "grader_hash", lambda: b"newer grader")
    assert key(request(course)) != before


def test_content_mode_and_mission_change_the_key(course: Course) -> None:
    asked = request(course)
    keys = Keys(asked)
    missions = [course.mission(name) for name in course.mission_ids()]
    found = {keys.of(one, content, mode) for one in missions for content in (CONTENT, "d" * 64) for mode in Mode}
    assert len(found) == len(missions) * 2 * len(Mode)


@pytest.mark.parametrize(
    "path",
    [
        f"missions/{CNN}/counterexamples/new/solution.py",
        f"missions/{CNN}/hidden_tests/__pycache__/test_model.pyc",
        "missions/mission_transfer_annotated/hidden_tests/test_annotation.py",
        f"reference_solutions/{CNN}/solution.py",
        "course.toml",
    ],
)
def test_change_of_what_no_result_depends_on_leaves_the_key(course: Course, path: str) -> None:
    before = key(request(course))
    (course.root / path).parent.mkdir(parents=True, exist_ok=True)
    append(course.root / path)
    assert key(request(course)) == before


def test_retraining_and_forcing_are_no_part_of_the_key(course: Course) -> None:
    before = key(request(course))
    assert key(request(course, retrain=True, force=True)) == before


def test_mission_without_training_asks_for_no_data(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **keywords: object) -> Pack:
        raise AssertionError("no data pack is needed")

    monkeypatch.setattr("grader.data.resolve", refuse)
    mission = course.mission("mission_transfer_annotated")
    assert len(Keys(request(course)).of(mission, CONTENT, Mode.RETRAIN)) == 64


def test_files_of_a_mission_are_read_once_per_batch(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def count(folder: Path) -> bytes:
        read.append(folder)
        return b""

    monkeypatch.setattr(module, "tree_hash", count)
    keys, mission = Keys(request(course)), course.mission(CNN)
    for place in range(10):
        keys.of(mission, str(place), Mode.RETRAIN)
    assert len(read) == 2
