"""Run the vetted graph on hidden images in a sandbox of its own; join predictions with labels outside it."""

from grader.evaluation.measures import Agreement, Evaluation, SequenceUse

__all__ = ["Agreement", "Evaluation", "SequenceUse"]
