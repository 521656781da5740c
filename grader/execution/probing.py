"""Probing runs: the student's functions called on inputs made for this submission, in a sandbox of their own."""

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt

from grader.execution.arrays import MAX_VALUES_BYTES, parse_array, parse_values
from grader.execution.endings import ending_of
from grader.execution.events import (
    ArrayComes,
    Done,
    Failure,
    PhaseBegins,
    ProbeBegins,
    ProbeFailure,
    Ready,
    ValuesCome,
    parse_probe_event,
)
from grader.execution.training import RUNNER, runner_argv
from grader.results import Ending
from grader.runner.protocol import Message, ProtocolError
from grader.sandbox.base import Limits, Request, Sandbox
from grader.sandbox.delivery import OVERHEAD_BYTES
from grader.sandbox.session import Caps, PhaseBudget, SessionEnd, SessionResult, run_session
from grader.spec import MissionSpec
from grader.submission import Submission

MAX_ARRAYS = 64
"""Of one probe."""
MAX_ARRAY_BYTES = 64 * 1024**2
"""Of one probe, together."""
PHASE_PREFIX = "probe:"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeJob:
    """What probing runs are given.

    Attributes:
        spec: the mission's probes and limits.
        submission: the collected submission; untrusted.
        probes: the mission's `probes.py`.
        inputs: a folder per probe with `values.json` and `.npy` files.
        seed: seeds every generator in the sandbox, anew for each probe.
    """

    spec: MissionSpec
    submission: Submission
    probes: Path
    inputs: Path
    seed: int


@dataclass(slots=True)
class ProbeOutcome:
    """What one probe gave; student-authored, of bounded size.

    Attributes:
        arrays: plain numbers.
        values: JSON.
        completed: it came to its end.
        ending: why it did not; None where it did.
    """

    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    completed: bool = False
    ending: Ending | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """One session, in the form that endings are told from."""

    session: SessionResult
    end: SessionEnd
    phase: str
    failure: Failure | ProbeFailure | None
    budget_s: float
    completed: bool = False


@dataclass(slots=True)
class _Listener:
    """Collects what probes give; refuses what comes out of order."""

    selected: list[str]
    outcomes: dict[str, ProbeOutcome] = field(default_factory=dict)
    failures: dict[str, ProbeFailure] = field(default_factory=dict)
    failure: Failure | None = None
    current: str | None = None

    def take(self, message: Message) -> str | bool:
        event = parse_probe_event(message.raw_json)
        match event:
            case Ready():
                return False
            case PhaseBegins(phase="import"):
                return "import"
            case ProbeBegins():
                return self._begin(event.probe)
            case ArrayComes():
                self._take_array(event, message.blob)
            case ValuesCome():
                outcome = self._of(event.probe)
                outcome.values = parse_values(message.blob or b"")
                outcome.completed = True
            case ProbeFailure():
                self._of(event.probe)
                self.failures[event.probe] = event
            case Failure():
                self.failure = event
                return True
            case Done():
                return True
            case _:
                raise ProtocolError("a probe has no such event")
        return False

    def _begin(self, probe: str) -> str:
        if probe not in self.selected or probe in self.outcomes:
            raise ProtocolError("a probe began out of order")
        self.current = probe
        self.outcomes[probe] = ProbeOutcome()
        return PHASE_PREFIX + probe

    def _of(self, probe: str) -> ProbeOutcome:
        """The running probe's outcome; nothing may follow its values or its failure."""
        if probe != self.current or self.outcomes[probe].completed or probe in self.failures:
            raise ProtocolError("a probe spoke out of turn")
        return self.outcomes[probe]

    def _take_array(self, event: ArrayComes, blob: bytes | None) -> None:
        arrays = self._of(event.probe).arrays
        held = sum(array.nbytes for array in arrays.values())
        if len(arrays) == MAX_ARRAYS or event.name in arrays or held + event.blob_bytes > MAX_ARRAY_BYTES:
            raise ProtocolError("too many arrays, or one of them twice")
        arrays[event.name] = parse_array(blob or b"")


def run_probes(sandbox: Sandbox, job: ProbeJob) -> dict[str, ProbeOutcome]:
    """Calls every probe of the mission once; one that breaks a limit costs itself only.

    Raises:
        InfrastructureError: the machine failed, not the student.
    """
    outcomes: dict[str, ProbeOutcome] = {}
    left = [probe.id for probe in job.spec.probes]
    while left:
        outcomes |= _run(sandbox, job, left)
        left = [probe_id for probe_id in left if probe_id not in outcomes]
    return outcomes


def _run(sandbox: Sandbox, job: ProbeJob, selected: list[str]) -> dict[str, ProbeOutcome]:
    """One session: the outcomes of the probes it reached, at least one."""
    listener = _Listener(selected)
    limits = job.spec.limits
    timeouts = {probe.id: probe.timeout_s for probe in job.spec.probes}
    session = run_session(
        sandbox,
        _request(sandbox, job),
        _description(job, selected),
        files={"submission": job.submission.root, "probes.py": job.probes, "inputs": job.inputs},
        budgets=(
            PhaseBudget("setup", wall_s=limits.setup_s),
            PhaseBudget("import", wall_s=limits.import_s),
            *(PhaseBudget(PHASE_PREFIX + probe_id, wall_s=timeouts[probe_id]) for probe_id in selected),
        ),
        caps=Caps(
            blob_bytes=max(MAX_ARRAY_BYTES, MAX_VALUES_BYTES),
            messages=len(selected) * (MAX_ARRAYS + 4) + 8,
            output_bytes=limits.output_bytes,
        ),
        handler=listener.take,
    )

    def ending(probe_id: str, failure: Failure | ProbeFailure | None, *, phase: str, end: SessionEnd) -> Ending | None:
        run = _Run(session, end=end, phase=phase, failure=failure, budget_s=timeouts[probe_id])
        return ending_of(run, limits, job.submission)

    for probe_id, failure in listener.failures.items():
        phase = PHASE_PREFIX + probe_id
        listener.outcomes[probe_id].ending = ending(probe_id, failure, phase=phase, end=SessionEnd.DONE)
    if not listener.outcomes:  # it ended before the first probe: all that was selected has met the same end
        end = ending(selected[0], listener.failure, phase=session.phase, end=session.end)
        return {probe_id: ProbeOutcome(ending=end) for probe_id in selected}
    last = list(listener.outcomes)[-1]
    if not listener.outcomes[last].completed and last not in listener.failures:
        listener.outcomes[last].ending = ending(last, listener.failure, phase=session.phase, end=session.end)
    return listener.outcomes


def _request(sandbox: Sandbox, job: ProbeJob) -> Request:
    limits = job.spec.limits
    return Request(
        run_id=f"probe-{uuid.uuid4().hex[:12]}",
        argv=runner_argv(sandbox),
        mounts=(RUNNER,),
        limits=Limits(
            memory_bytes=limits.memory_bytes,
            processes=limits.processes,
            cpus=limits.cpus,
            scratch_bytes=limits.scratch_bytes + OVERHEAD_BYTES,
        ),
    )


def _description(job: ProbeJob, selected: list[str]) -> dict[str, Any]:
    return {
        "kind": "probe",
        "selected": selected,
        "device": "cpu",
        "seed": job.seed,
        "threads": job.spec.limits.cpus,
    }
