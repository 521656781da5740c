"""How an evaluation ended, and whose doing that is."""

import pytest

from grader.errors import ArtifactRejected, InfrastructureError
from grader.evaluation.answers import Answers, Asked
from grader.evaluation.host import _raise_unless_done
from grader.runner.protocol import Message
from grader.sandbox.base import Exit, Limits, Usage
from grader.sandbox.session import Output, PhaseBudget, SessionEnd, SessionResult
from tests.unit.evaluation.messages import facts_message
from tests.unit.specs import small_spec


def out_of_time(phase: str) -> SessionResult:
    usage = Usage(cpu_s=1.0, memory_peak_bytes=1, processes=1)
    return SessionResult(
        end=SessionEnd.TIME,
        budget=PhaseBudget(phase, 1.0),
        limits=Limits(memory_bytes=1, processes=1, cpus=1, scratch_bytes=1),
        exit=Exit(code=None, signal=9, out_of_memory=False, out_of_processes=False, usage=usage),
        phases={},
        usage=usage,
        output=Output(b"", b"", 0),
    )


def test_time_is_the_models_doing_once_it_is_looked_at() -> None:
    answers = Answers(Asked(small_spec(), images=4, public=1))
    with pytest.raises(InfrastructureError):
        _raise_unless_done(answers, out_of_time("setup"))
    phase = answers.take(Message(b'{"event": "vetting"}', None))
    with pytest.raises(ArtifactRejected, match="so many parts"):
        _raise_unless_done(answers, out_of_time(str(phase)))
    answers.take(facts_message())
    with pytest.raises(ArtifactRejected, match="test images"):
        _raise_unless_done(answers, out_of_time("run"))


def test_wrong_number_of_logits_is_rejected_with_both_numbers() -> None:
    answers = Answers(Asked(small_spec(), images=4, public=1))
    answers.take(facts_message(output_classes=7))
    with pytest.raises(ArtifactRejected, match="7 numbers per image, the mission has 10"):
        _raise_unless_done(answers, out_of_time("run"))
