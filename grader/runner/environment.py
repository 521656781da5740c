"""The process that a job finds: seeds, threads, versions."""

import platform
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch


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
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
        torch.cuda.set_per_process_memory_fraction(float(job["gpu_memory_fraction"]))


def versions() -> dict[str, str]:
    """Versions that a score depends on."""
    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
