"""Likely causes of what a grading measured: rules on evidence, each with what was seen and what to try."""

from grader.diagnosis.rules import diagnose

__all__ = ["diagnose"]
