"""Trainings that ended, as the host is told of them."""

import json
from pathlib import Path

from grader.execution.events import Failure, parse_event
from grader.execution.training import TrainingOutcome
from grader.runner import failures
from grader.sandbox.base import Exit, Limits, Usage
from grader.sandbox.session import Output, PhaseBudget, PhaseUse, SessionEnd, SessionResult

GIB = 2**30


def outcome(
    *, failure: BaseException | None = None, end: SessionEnd = SessionEnd.DONE, peak: int | None = 2 * GIB
) -> TrainingOutcome:
    """A training on a GPU, with a share of 3 GiB, that ended with what the runner says of `failure`."""
    event = None
    if failure is not None:
        described = failures.describe(failure, Path("/nowhere"))
        event = parse_event(json.dumps({"event": "failure", **described}).encode())
        assert isinstance(event, Failure)
    usage = Usage(cpu_s=4.0, memory_peak_bytes=GIB, processes=0, gpu_memory_peak_bytes=peak)
    killed = end is SessionEnd.GPU_MEMORY
    session = SessionResult(
        end=end,
        budget=PhaseBudget("train", wall_s=10),
        limits=Limits(2 * GIB, 64, 2, GIB, gpu_memory_bytes=3 * GIB),
        exit=Exit(None if killed else 0, 9 if killed else None, False, False, usage, out_of_gpu_memory=killed),
        phases={"train": PhaseUse(5.0, 4.0)},
        usage=usage,
        output=Output(b"", b"", 0),
    )
    return TrainingOutcome(session, None, event, {}, (), 10.0)
