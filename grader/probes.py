"""Call a mission's probes on a submission: make their inputs, run them in a sandbox, bring the results together."""

import hashlib
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grader import data
from grader.course import Mission
from grader.errors import SpecError
from grader.evidence import ProbeResult
from grader.execution import ProbeJob, run_probes
from grader.results import Ending
from grader.sandbox.base import Sandbox
from grader.submission import Submission
from grader.text import Text
from grader.trial import GradingRequest

Inputs = tuple[dict[str, Any], dict[str, Any]]
"""What is sent into the sandbox, and what is kept on this side."""


def probe_submission(
    request: GradingRequest, submission: Submission, sandbox: Sandbox, *, workspace: Path, seed: int
) -> dict[str, ProbeResult | Ending]:
    """What each of the mission's probes gave, or why it gave nothing.

    Args:
        workspace: an empty folder for the inputs.
        seed: with the submission and the test labels, what the inputs are drawn from.

    Raises:
        SpecError: the mission's `inputs.py` does not fit its probes.
        InfrastructureError: the machine failed.
    """
    mission = request.mission
    if not mission.spec.probes:
        return {}
    made = make_inputs(request, salt=f"{submission.sha256}:{seed}")
    folder = workspace / "inputs"
    for probe_id, (sent, _) in made.items():
        _write(sent, folder / probe_id)
    job = ProbeJob(spec=mission.spec, submission=submission, probes=mission.probes, inputs=folder, seed=seed)
    outcomes = run_probes(sandbox, job)
    return {
        probe_id: outcome.ending
        if outcome.ending is not None
        else ProbeResult(*made[probe_id], arrays=outcome.arrays, values=outcome.values)
        for probe_id, outcome in outcomes.items()
    }


def make_inputs(request: GradingRequest, *, salt: str) -> dict[str, Inputs]:
    """Inputs of every probe, drawn from a hash of the test labels and `salt`: the same grading draws the same ones.

    Raises:
        SpecError: the mission's `inputs.py` does not fit its probes.
    """
    mission = request.mission
    pack = data.load(mission.spec.data.pack, cache_dir=request.settings.cache_dir)
    labels = np.ascontiguousarray(pack.array("test", "labels"), dtype="<i8").tobytes()
    makers = _makers(mission)
    made = {}
    for probe in mission.spec.probes:
        key = hashlib.sha256(f"{salt}:{probe.id}".encode() + labels).digest()
        random = np.random.default_rng(int.from_bytes(key, "big"))
        made[probe.id] = makers[probe.id](random, pack.array("train", "images"), pack.array("train", "labels"))
    return made


def _makers(mission: Mission) -> dict[str, Callable[..., Inputs]]:
    """The functions of the mission's `inputs.py`: the course's own code, as hidden tests are."""
    path = mission.hidden_tests / "inputs.py"
    spec = importlib.util.spec_from_file_location(f"{mission.id}_inputs", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SpecError(
            Text(
                f"{path}: the mission has probes, so this file must make their inputs",
                f"미션에 프로브가 있으므로 {path} 파일에서 입력을 만들어야 합니다",
            )
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    makers = {probe.id: getattr(module, probe.id, None) for probe in mission.spec.probes}
    missing = sorted(probe_id for probe_id, maker in makers.items() if maker is None)
    if missing:
        raise SpecError(
            Text(
                f"{path}: no function {missing[0]}() for the probe of that name",
                f"{path} 파일에 같은 이름의 프로브가 쓸 {missing[0]}() 함수가 없습니다",
            )
        )
    return {probe_id: maker for probe_id, maker in makers.items() if maker is not None}


def _write(sent: dict[str, Any], folder: Path) -> None:
    """Arrays as `.npy`, the rest as `values.json`, readable by all, as sandboxes need it."""
    folder.mkdir(mode=0o755, parents=True)
    values = {name: value for name, value in sent.items() if not isinstance(value, np.ndarray)}
    (folder / "values.json").write_text(json.dumps(values, allow_nan=False), encoding="utf-8")
    for name, value in sent.items():
        if isinstance(value, np.ndarray):
            np.save(folder / f"{name}.npy", value, allow_pickle=False)
    for path in folder.iterdir():
        path.chmod(0o644)
