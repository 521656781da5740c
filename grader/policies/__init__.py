"""What a course's rules make of attempts: due dates, late penalties, which attempt counts, audits."""

from grader.policies.audit import is_audited
from grader.policies.load import FILE_NAME, load_policies
from grader.policies.marks import apply_policies
from grader.policies.model import Amount, AuditPolicy, CoursePolicies, LatePolicy, Rules
from grader.policies.times import due_of, reveals

__all__ = [
    "FILE_NAME",
    "Amount",
    "AuditPolicy",
    "CoursePolicies",
    "LatePolicy",
    "Rules",
    "apply_policies",
    "due_of",
    "is_audited",
    "load_policies",
    "reveals",
]
