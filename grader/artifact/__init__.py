"""Vets an exported model that a stranger wrote: bytes in, a checked program or a refusal with a reason out."""

from grader.artifact.caps import Caps
from grader.artifact.program import Argument, Node, Program, Ref, Weight
from grader.artifact.reader import read_artifact

__all__ = ["Argument", "Caps", "Node", "Program", "Ref", "Weight", "read_artifact"]
