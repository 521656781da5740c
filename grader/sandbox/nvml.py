"""What NVIDIA's driver tells of its GPUs: the one place where its management library (NVML) is asked."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pynvml


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU.

    Attributes:
        index: as `nvidia-smi` and Docker count them: in the order of the PCI bus.
        minor: number of its device file, `/dev/nvidia{minor}`.
        name: model.
        memory_bytes: all of its memory.
        free_bytes: what no program has taken.
    """

    index: int
    minor: int
    name: str
    memory_bytes: int
    free_bytes: int


def list_gpus() -> tuple[Gpu, ...] | None:
    """Every GPU of this machine; None where no driver answers."""
    try:
        with _answering():
            return tuple(_describe(index) for index in range(pynvml.nvmlDeviceGetCount()))
    except pynvml.NVMLError:
        return None


class NvmlReader:
    """Memory by process, as `grader.sandbox.gpu_watch` asks for it.

    Raises:
        pynvml.NVMLError: no driver answers.
    """

    def __init__(self) -> None:
        pynvml.nvmlInit()

    def used_bytes(self, gpu: int) -> dict[int, int]:
        """Bytes by process id; without those of which the driver tells no figure (MIG, WSL).

        Raises:
            pynvml.NVMLError: the GPU is lost, or tells nothing.
        """
        handle = pynvml.nvmlDeviceGetHandleByIndex(gpu)
        computing = _used(pynvml.nvmlDeviceGetComputeRunningProcesses(handle))
        drawing: dict[int, int] = {}
        # A program that also draws is in both lists, with one and the same figure.
        with contextlib.suppress(pynvml.NVMLError):
            drawing = _used(pynvml.nvmlDeviceGetGraphicsRunningProcesses(handle))
        return {pid: max(computing.get(pid, 0), drawing.get(pid, 0)) for pid in computing | drawing}

    def close(self) -> None:
        """Gives the library back."""
        with contextlib.suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    pynvml.nvmlInit()
    try:
        yield
    finally:
        pynvml.nvmlShutdown()


def _describe(index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    name = pynvml.nvmlDeviceGetName(handle)
    return Gpu(
        index=index,
        minor=int(pynvml.nvmlDeviceGetMinorNumber(handle)),
        name=name if isinstance(name, str) else name.decode("utf-8", "replace"),
        memory_bytes=int(memory.total),
        free_bytes=int(memory.free),
    )


def _used(processes: Iterable[Any]) -> dict[int, int]:
    """Sums by process: a process may hold memory in several instances of one GPU."""
    used: dict[int, int] = {}
    for one in processes:
        if one.usedGpuMemory is not None:
            used[one.pid] = used.get(one.pid, 0) + int(one.usedGpuMemory)
    return used
