"""One job, from its description on standard input to the exported model on the way out.

The host believes nothing of what this program says: student code shares its process and can say it too.
"""

import os
import platform
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .channel import Channel, take_over_standard_streams
from .failures import describe, flush_student_output


def main() -> None:
    """Runs the job and ends the process at once, so that no destructor or exit hook of the student's runs on."""
    job, channel = take_over_standard_streams()
    submission = Path(job["submission"])
    try:
        run(job, channel)
    except BaseException as error:  # student code may raise anything, SystemExit and KeyboardInterrupt included
        flush_student_output()
        channel.send("failure", **describe(error, submission))
    else:
        flush_student_output()
        channel.send("done")
    os._exit(0)


def run(job: Mapping[str, Any], channel: Channel) -> None:
    """Imports, trains, exports; each step is announced before it begins."""
    import torch

    from .contract import bind, find_function, import_solution
    from .datasets import TrainingData
    from .export import check_model, export_model

    prepare(job)
    channel.send("ready", versions=versions())
    data = TrainingData(Path(job["data"]), valid_images=job["valid_images"], limit=job["limit_images"])
    device = torch.device(job["device"])
    workdir = Path.cwd() / "work"
    workdir.mkdir(exist_ok=True)
    makers: dict[str, Callable[[], Any]] = {
        "train_set": data.train_set,
        "valid_set": data.valid_set,
        "device": lambda: device,
        "time_budget_s": lambda: float(job["time_budget_s"]),
        "seed": lambda: int(job["seed"]),
        "log": lambda: channel.log,
        "workdir": lambda: workdir,
    }

    channel.send("phase", phase="import")
    train = find_function(import_solution(Path(job["submission"])), "train")
    arguments = bind(train, {name: makers[name] for name in job["offers"]})
    channel.send("phase", phase="train")
    model = train(**arguments)
    channel.send("phase", phase="export")
    channel.send("artifact", blob=export_model(check_model(model), tuple(job["image_shape"])))


def prepare(job: Mapping[str, Any]) -> None:
    """Seeds every generator and sets the number of threads, so that the same job gives the same model."""
    import numpy as np
    import torch

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
    import numpy as np
    import torch

    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
