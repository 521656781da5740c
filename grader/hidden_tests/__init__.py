"""Judge evidence with a mission's pytest files, on the trusted side; each test settles one criterion."""

from grader.hidden_tests import model_criteria
from grader.hidden_tests.mark import CriterionFailed, Mark
from grader.hidden_tests.session import Outcome, judge

__all__ = ["CriterionFailed", "Mark", "Outcome", "judge", "model_criteria"]
