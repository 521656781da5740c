"""A run that has ended, in the form that endings are told from."""

from typing import Protocol

from grader.execution.events import FailureFields
from grader.sandbox.session import SessionEnd, SessionResult
from grader.text import Text

_STEPS = {
    "import": Text("importing solution.py", "solution.py를 불러오는 동안"),
    "train": Text("train()", "train()을 실행하는 동안"),
    "export": Text("exporting the model", "모델을 내보내는 동안"),
}


class EndedRun(Protocol):
    """A run as its ending is told."""

    @property
    def session(self) -> SessionResult:
        """Figures measured by the host."""

    @property
    def end(self) -> SessionEnd:
        """Why it ended."""

    @property
    def phase(self) -> str:
        """Where it ended."""

    @property
    def failure(self) -> FailureFields | None:
        """What the runner reported; unvetted claims of the student's side."""

    @property
    def budget_s(self) -> float:
        """The budget that counted."""

    @property
    def completed(self) -> bool:
        """Whether it came to its good end."""


def step_of(phase: str) -> Text:
    """What was being done in a phase, as part of a sentence."""
    probe = phase.removeprefix("probe:")
    if probe != phase:
        return Text(f"trying your functions (check “{probe}”)", f"작성한 함수를 확인하는 동안(‘{probe}’ 검사)")
    return _STEPS[phase]
