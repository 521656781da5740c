"""Probes: the mission's own calls of the student's functions, in a sandbox, on inputs made for the run."""

import dataclasses
import textwrap
from pathlib import Path

import numpy as np
import pytest

from grader.course import Course, Mission
from grader.evidence import ProbeResult
from grader.pipeline import GradingRequest
from grader.probes import make_inputs, probe_submission
from grader.results import Ending, Reason
from grader.sandbox import open_sandbox
from grader.spec import ProbeSpec
from grader.submission import collect
from tests.integration.submissions import request, write

PROBES = """
import time
import numpy as np

def double(student, inputs, workdir):
    return {"doubled": student.get("double")(inputs["numbers"]), "told": inputs["told"]}

def endless(student, inputs, workdir):
    student.get("endless")()
    return {}
"""
INPUTS = """
import numpy as np

def double(random, train_images, train_labels):
    numbers = random.integers(0, 100, 5)
    return {"numbers": numbers, "told": "a value"}, {"answer": 2 * numbers, "labels": np.asarray(train_labels[:3])}

def endless(random, train_images, train_labels):
    return {}, {}
"""


def probing(course: Course, folder: Path, *probes: str, timeout_s: float = 3) -> Mission:
    """mission_cnn with probes of its own."""
    (folder / "hidden_tests").mkdir(parents=True)
    (folder / "hidden_tests" / "inputs.py").write_text(INPUTS, encoding="utf-8")
    (folder / "probes.py").write_text(PROBES, encoding="utf-8")
    (folder / "probes.py").chmod(0o644)
    mission = course.mission("mission_cnn")
    specs = tuple(ProbeSpec(id=probe, timeout_s=timeout_s) for probe in probes)
    return dataclasses.replace(mission, root=folder, spec=mission.spec.model_copy(update={"probes": specs}))


def probe(mission: Mission, folder: Path, source: str, sandbox: str) -> dict[str, ProbeResult | Ending]:
    asked: GradingRequest = request(mission, write(folder / "work", textwrap.dedent(source)), sandbox)
    folder.chmod(0o755)
    with open_sandbox(sandbox, image=asked.settings.image) as opened:  # type: ignore[arg-type]
        submission = collect(asked.path, folder / "submission")
        return probe_submission(asked, submission, opened, workspace=folder, seed=0)


@pytest.mark.mnist
def test_probe_brings_back_arrays_and_values(course: Course, tmp_path: Path, any_sandbox: str) -> None:
    mission = probing(course, tmp_path / "mission", "double")
    result = probe(mission, tmp_path, "def double(x): return 2 * x", any_sandbox)["double"]
    assert isinstance(result, ProbeResult), result
    assert np.array_equal(result.array("doubled", dtype="int64", shape=(5,)), result.kept["answer"])
    assert result.value("told", str) == "a value"


@pytest.mark.mnist
def test_inputs_depend_on_the_submission_and_not_on_the_clock(course: Course, tmp_path: Path) -> None:
    asked = request(probing(course, tmp_path / "mission", "double"), tmp_path, "none")
    first, again, other = (make_inputs(asked, salt=salt)["double"][0]["numbers"] for salt in ("a", "a", "b"))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.mnist
@pytest.mark.parametrize(
    ("source", "reason", "words"),
    [
        ("def endless(): return {}['x']", Reason.TRAIN_ERROR, "KeyError"),
        ("x = 1", Reason.TRAIN_ERROR, "no function endless"),
        ("def endless():\n    while True: pass", Reason.TIME_LIMIT, "Stopped after"),
        ("import os\ndef endless(): os._exit(0)", Reason.TRAIN_ERROR, "ended with exit code 0"),
        ("def endless(): return [b'x' * 2**28 for _ in range(64)]", Reason.MEMORY_LIMIT, "memory"),
    ],
)
def test_failing_probe_costs_itself_only(
    course: Course, tmp_path: Path, bubblewrap: str, source: str, reason: Reason, words: str
) -> None:
    timeout_s = 60 if reason is Reason.MEMORY_LIMIT else 3
    mission = probing(course, tmp_path / "mission", "endless", "double", timeout_s=timeout_s)
    results = probe(mission, tmp_path, f"{source}\ndef double(x): return 2 * x\n", bubblewrap)
    ending = results["endless"]
    assert isinstance(ending, Ending), ending
    assert (ending.reason, words in ending.message.en) == (reason, True), ending
    assert isinstance(results["double"], ProbeResult), results["double"]


@pytest.mark.mnist
def test_code_that_can_not_be_imported_fails_every_probe(course: Course, tmp_path: Path, bubblewrap: str) -> None:
    mission = probing(course, tmp_path / "mission", "endless", "double")
    results = probe(mission, tmp_path, "raise RuntimeError('no')", bubblewrap)
    assert all(isinstance(result, Ending) and "RuntimeError: no" in result.message.en for result in results.values())


@pytest.mark.mnist
def test_objects_are_refused_with_words(course: Course, tmp_path: Path, bubblewrap: str) -> None:
    mission = probing(course, tmp_path / "mission", "double")
    source = "import numpy as np\ndef double(x): return np.array([object()])"
    result = probe(mission, tmp_path, source, bubblewrap)["double"]
    assert isinstance(result, Ending)
    assert "dtype object" in result.message.en
