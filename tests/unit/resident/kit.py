"""Questions to a resident grader, and a sandbox for it that starts nothing."""

import threading
from dataclasses import dataclass, field
from typing import Any

from grader.resident.conditions import Conditions, conditions_of
from grader.resident.protocol import Question
from grader.resident.server import Resident
from grader.settings import Settings
from tests.conftest import ROOT


def conditions(**changes: Any) -> Conditions:
    return conditions_of(ROOT, "bubblewrap", Settings(), {}).model_copy(update=changes)


def question(**changes: Any) -> Question:
    values: dict[str, Any] = {
        "conditions": conditions(),
        "mission": "mission_cnn",
        "path": "/work",
        "artifact": None,
        "gpu": "none",
        "seed": 0,
        "page": None,
        **changes,
    }
    return Question(**values)


@dataclass
class Ready:
    """What was done to the sandbox."""

    name: str = "bubblewrap"
    done: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def open(self) -> None:
        self.done.append("open")
        self.stopped.clear()

    def for_grading(self) -> None:
        self.done.append("for_grading")

    def keep(self) -> None:
        self.done.append("keep")

    def stop(self) -> None:
        self.done.append("stop")
        self.stopped.set()

    def close(self) -> None:
        self.done.append("close")


def resident(ready: Ready, **changes: Any) -> Resident:
    values: dict[str, Any] = {
        "conditions": conditions(),
        "sandboxes": frozenset({"auto", "bubblewrap"}),
        "settings": Settings(),
        "ready": ready,
        "choose_gpu": lambda choice: None,
        "tell": lambda line: None,
        **changes,
    }
    return Resident(**values)
