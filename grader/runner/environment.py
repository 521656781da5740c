"""The process that a job finds: seeds, threads, versions."""

import platform
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

CUDA_OWN_BYTES = 1024**3
"""More than what CUDA itself takes in one process, which is some hundred MiB."""


def warm_up() -> None:
    """Pays ahead for what any job needs: the imports that students make, and the first export of a process."""
    import torchvision  # noqa: F401 (for its import alone)

    from .export import export_model

    export_model(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2)), (1, 2, 2))


def prepare(job: Mapping[str, Any]) -> None:
    """Seeds every generator and sets the number of threads, so that the same job gives the same model."""
    seed = int(job["seed"])
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(int(job["threads"]))
    if str(job["device"]).startswith("cuda"):
        _prepare_gpu(int(job["gpu_memory_bytes"]))


def _prepare_gpu(memory_bytes: int) -> None:
    """Makes the GPU repeat itself, and keeps torch within its share of the memory.

    The host sets CUBLAS_WORKSPACE_CONFIG, which CUDA reads when it initialises. Operations of which there is no
    deterministic kind still run, with a warning: a student need not know which those are.
    """
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.use_deterministic_algorithms(True, warn_only=True)
    # TF32 keeps 10 bits of a factor's mantissa: full float32 comes closest to the CPU that evaluates the model.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    total_bytes = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(memory_fraction(memory_bytes, total_bytes))


def memory_fraction(limit_bytes: int, total_bytes: int) -> float:
    """The share of a GPU that torch's allocator may take so that the process stays within its limit.

    The host counts the whole process, and CUDA takes memory of its own beside the allocator: the context, kernels and
    libraries. Without room for them a program at its limit would be killed instead of being told.

    Args:
        limit_bytes: what the run may use.
        total_bytes: what the GPU has.
    """
    return min(1.0, max(limit_bytes - CUDA_OWN_BYTES, limit_bytes // 2) / total_bytes)


def versions() -> dict[str, str]:
    """Versions that a score depends on."""
    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
