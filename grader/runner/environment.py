"""The process that a job finds: seeds, threads, versions."""

import platform
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch


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
