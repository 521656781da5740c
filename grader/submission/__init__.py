"""Collects what a student hands in: untrusted bytes in, a clean folder with a `solution.py` out."""

from grader.submission.collect import collect
from grader.submission.model import CellSpan, CollectLimits, DroppedStatement, Submission

__all__ = ["CellSpan", "CollectLimits", "DroppedStatement", "Submission", "collect"]
