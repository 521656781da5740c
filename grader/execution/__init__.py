"""Drive one training run in a sandbox: from a collected submission to an unvetted artifact or a typed end."""

from grader.execution.endings import ending_of
from grader.execution.training import TrainingJob, TrainingOutcome, run_training

__all__ = ["TrainingJob", "TrainingOutcome", "ending_of", "run_training"]
