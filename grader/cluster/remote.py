"""What runs on the machines of a cluster: one grading per task, in a sandbox of that machine."""

import atexit
import contextlib
import json
import time
from functools import cache
from typing import Any

from grader.batch.order import carry_out
from grader.cluster.parcel import unpack_mission, unpack_order
from grader.course import Mission
from grader.errors import GraderError
from grader.hashing import grader_hash
from grader.progress import Stage
from grader.results import LogPoint
from grader.sandbox import SandboxName, open_sandbox
from grader.sandbox.owner import owned_folder
from grader.sandbox.warm import WarmSandbox

BUDGET_S = 1.0
"""How often the use of a budget is told, at most."""


def describe_node(sandbox: SandboxName, image: str, docker_runtime: str | None) -> str:
    """Whether this machine can grade, as JSON: `ok`, why not, and what its results depend on."""
    built = None
    try:
        with open_sandbox(sandbox, image=image, docker_runtime=docker_runtime) as opened:
            state = opened.availability()
        if state.ok and sandbox == "docker":
            from grader.image import built_from

            built = built_from(image)
        ok, detail = state.ok, state.detail
    except GraderError as error:
        ok, detail = False, error.message
    told = {"ok": ok, "en": detail.en, "ko": detail.ko, "image": built, "grader": grader_hash().hex()}
    return json.dumps(told)


def grade_parcel(packed_order: bytes, packed_mission: bytes, mission_id: str, board: Any) -> tuple[str, bytes | None]:
    """Grades one order.

    Args:
        packed_order, packed_mission: made by `parcel`.
        board: actor that takes what happens.

    Returns:
        The report as JSON, and the model that counted.
    """
    mission = _mission(packed_mission, mission_id)
    with owned_folder("order") as folder:
        order, conditions = unpack_order(packed_order, mission, folder)
        sandbox = _sandbox(conditions.sandbox, conditions.settings.image, conditions.settings.docker_runtime)
        outcome = carry_out(order, conditions, gpu=_own_gpu(), progress=Teller(order.number, board), sandbox=sandbox)
    return outcome.report.model_dump_json(), outcome.model


class Teller:
    """Progress that travels: each event as JSON, to the board of the machine that hands out orders."""

    def __init__(self, number: int, board: Any) -> None:
        self._number = number
        self._board = board
        self._told = 0.0

    def stage(self, stage: Stage) -> None:
        """See `Progress`."""
        self._say({"stage": stage.value})

    def log(self, point: LogPoint) -> None:
        """See `Progress`."""
        self._say({"log": point.model_dump(mode="json")})

    def budget(self, used_s: float, budget_s: float) -> None:
        """See `Progress`."""
        if time.monotonic() - self._told >= BUDGET_S:
            self._told = time.monotonic()
            self._say({"budget": [used_s, budget_s]})

    def _say(self, event: dict[str, Any]) -> None:
        self._board.say.remote(json.dumps({"number": self._number, **event}))


class Board:
    """Keeps what the machines tell until it is asked for; the oldest is dropped where nobody asks."""

    MOST = 10_000

    def __init__(self) -> None:
        self._events: list[str] = []

    def say(self, event: str) -> None:
        """Takes one event."""
        self._events = [*self._events[-self.MOST + 1 :], event]

    def drain(self) -> list[str]:
        """All that came since the last call."""
        events, self._events = self._events, []
        return events


@cache
def _mission(packed: bytes, mission_id: str) -> Mission:
    """The mission, laid out once per worker process."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return unpack_mission(packed, mission_id, stack.enter_context(owned_folder("mission")))


@cache
def _sandbox(name: SandboxName, image: str, docker_runtime: str | None) -> WarmSandbox:
    """One per worker process, so that the program that evaluates stays from one order to the next."""
    sandbox = WarmSandbox(open_sandbox(name, image=image, docker_runtime=docker_runtime), spares=0)
    atexit.register(sandbox.close)
    return sandbox


def _own_gpu() -> int | None:
    """The GPU that Ray gave to this task."""
    import ray

    found = ray.get_gpu_ids()
    return int(found[0]) if found else None
