"""A resident grader that listens, whose gradings are a fake's."""

from tests.unit.resident.fakes import listening, pipeline

__all__ = ["listening", "pipeline"]
