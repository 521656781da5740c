"""Which ready models are trained anew, and whether they turned out as claimed."""

import hashlib

from grader.entries import Attempt, Flag, Grading
from grader.policies.model import AuditPolicy, CoursePolicies
from grader.results import Mode, Reason, Verdict

_ROUNDING = 1e-9
"""Accuracies are decimals; 0.990 - 0.985 must not count as more than 0.005."""


def is_audited(policies: CoursePolicies, student_id: str, mission_id: str, content: str) -> bool:
    """Whether a submission is chosen, which depends on nothing but the seed and the submission itself.

    Args:
        content: hash of what was handed in: another submission is another draw.
    """
    audit = policies.rules(mission_id).audit
    digest = hashlib.sha256(b"deep-grader audit 1\n")
    for part in (str(audit.seed), student_id, mission_id, content):
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return int.from_bytes(digest.digest()[:8], "big") < audit.share * 2**64


def audit_flag(policies: CoursePolicies, attempt: Attempt) -> Flag | None:
    """What an instructor should know of a ready model; None for any other, and where all is well."""
    claimed = attempt.grading
    if attempt.mode is not Mode.ARTIFACT or claimed is None or claimed.verdict is Verdict.NOT_GRADED:
        return None
    if attempt.audit is not None and not _machine_failed(attempt.audit):
        worse = _is_worse(claimed, attempt.audit, policies.rules(attempt.mission_id).audit)
        return Flag.AUDIT_MISMATCH if worse else None
    measured = claimed.reason is None  # what was refused has nothing to compare with
    chosen = measured and is_audited(policies, attempt.student_id, attempt.mission_id, attempt.content)
    return Flag.AUDIT_PENDING if chosen else None


def _machine_failed(audit: Grading) -> bool:
    return audit.verdict is Verdict.NOT_GRADED or audit.reason is Reason.INFRASTRUCTURE


def _is_worse(claimed: Grading, audit: Grading, policy: AuditPolicy) -> bool:
    if claimed.reason is not None:
        return False
    if audit.reason is not None:
        return True
    if claimed.accuracy is None or audit.accuracy is None:
        return False
    return claimed.accuracy - audit.accuracy > policy.tolerance + _ROUNDING
