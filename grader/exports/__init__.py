"""Marks and reports as the files that other systems read; `FORMATS` lists them all.

Renderers write to a text stream and decide nothing: which marks count, and what of a report its readers may see,
is the caller's. Every string that came from a student or a roster is made harmless for its place.
"""

from grader.exports.canvas import Assignment
from grader.exports.moodle import FeedbackForm
from grader.exports.registry import FORMATS, Format, Request, Scope

__all__ = ["FORMATS", "Assignment", "FeedbackForm", "Format", "Request", "Scope"]
