"""Drive runs in a sandbox: from a collected submission to an unvetted artifact, probes' results, or typed ends."""

from grader.execution.endings import ending_of
from grader.execution.installation import without_installation
from grader.execution.probing import ProbeJob, ProbeOutcome, run_probes
from grader.execution.training import TrainingJob, TrainingOutcome, run_training

__all__ = [
    "ProbeJob",
    "ProbeOutcome",
    "TrainingJob",
    "TrainingOutcome",
    "ending_of",
    "run_probes",
    "run_training",
    "without_installation",
]
