"""What a run tells of the folder that Python lies in."""

import sys

import pytest

from grader.execution import ending_of, without_installation
from grader.spec import MissionSpec
from grader.submission import Submission
from tests.unit.execution.outcomes import outcome


@pytest.mark.parametrize("prefix", [sys.prefix, sys.base_prefix])
def test_folder_of_the_installation_is_left_out_of_printed_text(prefix: str) -> None:
    if prefix == "/usr":
        pytest.skip("the system's own Python tells nothing of the machine")
    printed = f"{prefix}/lib/python3/site-packages/torch/x.py:4: UserWarning: careful"
    assert without_installation(printed) == "python:lib/python3/site-packages/torch/x.py:4: UserWarning: careful"
    assert without_installation("loss 0.1 /usr/share") == "loss 0.1 /usr/share"


def test_message_of_an_ended_run_does_not_tell_where_python_lies(spec: MissionSpec, submission: Submission) -> None:
    error = FileNotFoundError(f"{sys.prefix}/share/digits.csv")
    ending = ending_of(outcome(failure=error), spec.limits, submission)
    assert ending is not None
    assert "FileNotFoundError: python:share/digits.csv" in ending.message.en
    assert sys.prefix not in ending.message.en + ending.message.ko
