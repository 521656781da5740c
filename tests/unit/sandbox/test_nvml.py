"""What is made of the driver's answers; the driver's own library is a stand-in with the same functions."""

from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from grader.sandbox.nvml import Gpu, NvmlReader, list_gpus

GIB = 2**30


def process(pid: int, used: int | None) -> SimpleNamespace:
    return SimpleNamespace(pid=pid, usedGpuMemory=used)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Two cards; what runs on the second can be changed, and `open` counts who has the library open."""
    told: dict[str, Any] = {"computing": [], "drawing": [], "open": 0}

    def opened(change: int) -> None:
        told["open"] += change

    answers = {
        "nvmlInit": lambda: opened(1),
        "nvmlShutdown": lambda: opened(-1),
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(total=16 * GIB, free=(15 - handle) * GIB),
        "nvmlDeviceGetName": lambda handle: b"card 0" if handle == 0 else "card 1",
        "nvmlDeviceGetMinorNumber": lambda handle: 5 + handle,
        "nvmlDeviceGetComputeRunningProcesses": lambda handle: told["computing"] if handle == 1 else [],
        "nvmlDeviceGetGraphicsRunningProcesses": lambda handle: told["drawing"] if handle == 1 else [],
    }
    for name, answer in answers.items():
        assert hasattr(pynvml, name)
        monkeypatch.setattr(pynvml, name, answer)
    return told


def test_gpus_are_listed_with_their_memory_and_device_number(driver: dict[str, Any]) -> None:
    assert list_gpus() == (
        Gpu(0, 5, "card 0", 16 * GIB, 15 * GIB),
        Gpu(1, 6, "card 1", 16 * GIB, 14 * GIB),
    )
    assert driver["open"] == 0


@pytest.mark.parametrize("failing", ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetMemoryInfo"])
def test_driver_that_does_not_answer_lists_none(
    driver: dict[str, Any], failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: Any) -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, failing, fail)
    assert list_gpus() is None
    assert driver["open"] == 0


def test_memory_is_told_by_process_over_all_instances_of_a_gpu(driver: dict[str, Any]) -> None:
    driver["computing"] = [process(7, GIB), process(8, 3 * GIB), process(7, GIB)]
    reader = NvmlReader()
    assert reader.used_bytes(1) == {7: 2 * GIB, 8: 3 * GIB}
    assert reader.used_bytes(0) == {}
    reader.close()
    assert driver["open"] == 0


def test_process_that_draws_as_well_counts_once(driver: dict[str, Any]) -> None:
    driver["computing"] = [process(7, GIB)]
    driver["drawing"] = [process(7, GIB), process(9, 2 * GIB)]
    assert NvmlReader().used_bytes(1) == {7: GIB, 9: 2 * GIB}


def test_process_without_a_figure_is_left_out(driver: dict[str, Any]) -> None:
    driver["computing"] = [process(7, None), process(8, GIB)]
    assert NvmlReader().used_bytes(1) == {8: GIB}


def test_gpu_that_tells_nothing_of_drawing_is_read_all_the_same(
    driver: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(handle: int) -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    monkeypatch.setattr(pynvml, "nvmlDeviceGetGraphicsRunningProcesses", unsupported)
    driver["computing"] = [process(7, GIB)]
    assert NvmlReader().used_bytes(1) == {7: GIB}
