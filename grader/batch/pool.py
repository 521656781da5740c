"""Workers on this machine: threads that each take an order, have it graded in a sandbox, and hand in the result."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from grader.batch.desk import Desk
from grader.batch.order import Conditions, carry_out, spoilt
from grader.batch.worker import Worker
from grader.sandbox import open_sandbox
from grader.sandbox.warm import WarmSandbox

STOP_S = 30.0
"""How long workers may take to put away what they were doing when the batch is stopped."""


@dataclass(frozen=True, slots=True)
class LocalPool:
    """How many gradings at one time, and where.

    Attributes:
        slots: one worker each: the index of its GPU, or None for the CPU. A GPU may be named several times.
    """

    slots: tuple[int | None, ...]

    @classmethod
    def on_cpus(cls, jobs: int | None = None) -> "LocalPool":
        """So many workers; by default one per core, since much of a grading uses only one."""
        return cls((None,) * (jobs or os.cpu_count() or 1))

    @classmethod
    def on_gpus(cls, gpus: Sequence[int], per_gpu: int = 1) -> "LocalPool":
        """So many workers on each GPU; the first orders go to different ones."""
        return cls(tuple(gpu for _ in range(per_gpu) for gpu in gpus))


def work_off(desk: Desk, pool: LocalPool, conditions: Conditions) -> None:
    """Grades what the desk hands out, until there is no more.

    Raises:
        InfrastructureError: the gradebook can't be written to, or the machine fails again and again.
        KeyboardInterrupt, SystemExit: the batch was told to stop; nothing was kept half done.
    """
    settings = conditions.settings
    inner = open_sandbox(conditions.sandbox, image=settings.image, docker_runtime=settings.docker_runtime)
    # A spare beside a worker per core would take from the others what it saves for one.
    spares = 1 if len(pool.slots) < (os.cpu_count() or 1) else 0
    with WarmSandbox(inner, spares=spares) as sandbox:
        desk.healthy = lambda: sandbox.availability().ok
        workers = [
            Worker(partial(_work, desk, conditions, gpu, sandbox), name=f"batch-{place}")
            for place, gpu in enumerate(pool.slots)
        ]
        try:
            for worker in workers:
                worker.start()
            for worker in workers:
                while not worker.wait(0.5):
                    pass
        except BaseException as error:  # Ctrl-C among them
            desk.stop(error)
            sandbox.stop()
            for worker in workers:
                worker.wait(STOP_S)
            raise
    if desk.failure is not None:
        raise desk.failure


def _work(desk: Desk, conditions: Conditions, gpu: int | None, sandbox: WarmSandbox) -> None:
    try:
        while (order := desk.take()) is not None:
            outcome = carry_out(order, conditions, gpu=gpu, progress=desk.progress(order), sandbox=sandbox)
            desk.land(order, outcome, partial(spoilt, order, conditions))
    except BaseException as error:
        desk.stop(error)
        sandbox.stop()
