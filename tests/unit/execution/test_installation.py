"""What a run tells of the folder that Python lies in."""

import sys

import pytest

from grader.execution import ending_of, without_installation
from grader.spec import MissionSpec
from grader.submission import Submission
from tests.unit.execution.outcomes import outcome


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python lies in the same folders on every machine: in an environment made from another installation."""
    monkeypatch.setattr(sys, "prefix", "/srv/course/.venv")
    monkeypatch.setattr(sys, "base_prefix", "/opt/python")


@pytest.mark.parametrize("prefix", ["/srv/course/.venv", "/opt/python"])
def test_folder_of_the_installation_is_left_out_of_printed_text(prefix: str) -> None:
    printed = f"{prefix}/lib/python3/site-packages/torch/x.py:4: UserWarning: careful"
    assert without_installation(printed) == "python:lib/python3/site-packages/torch/x.py:4: UserWarning: careful"
    assert without_installation("loss 0.1 /usr/share") == "loss 0.1 /usr/share"


def test_folder_of_the_system_stays_since_it_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", "/usr")
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    printed = "/usr/lib/python3/site-packages/torch/x.py:4: UserWarning: careful"
    assert without_installation(printed) == printed


def test_message_of_an_ended_run_does_not_tell_where_python_lies(spec: MissionSpec, submission: Submission) -> None:
    error = FileNotFoundError("/srv/course/.venv/share/digits.csv")
    ending = ending_of(outcome(failure=error), spec.limits, submission)
    assert ending is not None
    assert "FileNotFoundError: python:share/digits.csv" in ending.message.en
    assert "/srv/course" not in ending.message.en + ending.message.ko
