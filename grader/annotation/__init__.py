"""Judges comments on given code: is the code unchanged, is every line commented, does each comment say the right thing?

Pure functions on source text; nothing of it is executed. Sizes are bounded, and with them the time.
"""

from grader.annotation.lines import CodeLine, NotAligned, read_annotation
from grader.annotation.quality import Flaw, flaws
from grader.annotation.rubric import Idea, Rubric, Settled, parse_rubric

__all__ = ["CodeLine", "Flaw", "Idea", "NotAligned", "Rubric", "Settled", "flaws", "parse_rubric", "read_annotation"]
