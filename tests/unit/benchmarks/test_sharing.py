"""Trainings that share a GPU, on a machine without one: what is asked of the grader, and what its answers mean."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import measuring, sharing
from benchmarks.measuring import Took
from benchmarks.part import Asked
from benchmarks.running import hand_in_references
from grader.sandbox.nvml import Gpu

ASKED = Asked(
    runs=2, sandboxes=("bubblewrap",), submissions=1, bare=1, gradings=1, sizes=(1, 2, 3), trainings=4, at_once=(1, 4)
)
GIB = 1024**3


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What the grader was asked; eight seconds for a batch with one at a time, two with four."""
    asked: list[tuple[str, ...]] = []

    def grade(*arguments: str, folder: Path) -> Took:
        asked.append(arguments)
        if arguments[0] == "batch":
            gradebook = Path(arguments[arguments.index("--gradebook") + 1])
            gradebook.mkdir()
            (gradebook / "gradebook.csv").write_text("student_id,mission_cnn\na,100\n", encoding="utf-8")
            time.sleep(0.1)
        several = "4" in arguments
        return Took(wall_s=2.0 if several else 8.0, cpu_s=1.0, peak_bytes=1, output="", answer_s=1.0)

    monkeypatch.setattr(sharing, "grade", grade)
    monkeypatch.setattr(sharing, "SAMPLE_S", 0.01)
    monkeypatch.setattr(measuring, "noise_share", lambda: 0.0)
    return asked


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """A driver that tells of so many GPUs, each half busy."""

    def install(gpus: int) -> None:
        found = tuple(Gpu(index, index, "GPU", 8 * GIB, GIB) for index in range(gpus))
        monkeypatch.setattr(sharing, "list_gpus", lambda: found or None)
        answers = {
            "nvmlInit": lambda: None,
            "nvmlShutdown": lambda: None,
            "nvmlDeviceGetHandleByIndex": lambda index: index,
            "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(used=3 * GIB),
            "nvmlDeviceGetUtilizationRates": lambda handle: SimpleNamespace(gpu=50),
        }
        for name, answer in answers.items():
            monkeypatch.setattr(sharing.pynvml, name, answer)

    return install


def test_on_a_gpu_trainings_share_it_and_each_reference_has_it_to_itself(
    calls: list[tuple[str, ...]], driver: Callable[[int], None], tmp_path: Path
) -> None:
    driver(1)
    sharing_row, *references = sharing.measure(tmp_path, ASKED)
    assert sharing_row.found == "4.00"
    assert sharing_row.wanted == "6 or more, of one number"
    assert "GPU busy 50%, 3.0 GiB at most" in sharing_row.detail
    batches = [call for call in calls if call[0] == "batch"]
    assert [call[call.index("--per-gpu") + 1] for call in batches] == ["1", "4", "4", "1"]
    assert all(call[call.index("--gpus") + 1] == "0" for call in batches)
    assert len({call[call.index("--gradebook") + 1] for call in batches}) == len(batches)
    assert len(references) == 7
    assert {call[call.index("--gpu") + 1] for call in calls if call[0] == "submit"} == {"0"}


def test_without_a_gpu_trainings_share_the_cores(
    calls: list[tuple[str, ...]], driver: Callable[[int], None], tmp_path: Path
) -> None:
    driver(0)
    (row,) = sharing.measure(tmp_path, ASKED)
    assert "all cores" in row.what
    assert "GPU" not in row.detail
    assert [call[call.index("--jobs") + 1] for call in calls] == ["1", "4", "4", "1"]


def test_training_that_was_not_graded_is_an_error(
    calls: list[tuple[str, ...]], driver: Callable[[int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver(0)
    real = sharing.grade

    def fails(*arguments: str, folder: Path) -> Took:
        took = real(*arguments, folder=folder)
        gradebook = Path(arguments[arguments.index("--gradebook") + 1])
        (gradebook / "gradebook.csv").write_text("student_id,mission_cnn\na,\n", encoding="utf-8")
        return took

    monkeypatch.setattr(sharing, "grade", fails)
    with pytest.raises(RuntimeError, match="not all trainings"):
        sharing.measure(tmp_path, ASKED)


def test_students_differ_and_hand_in_no_model(tmp_path: Path) -> None:
    hand_in_references(tmp_path, 3)
    sources = {path.read_text(encoding="utf-8") for path in tmp_path.glob("*/solution.py")}
    assert len(sources) == 3
    assert not list(tmp_path.glob("**/*.pt2"))
