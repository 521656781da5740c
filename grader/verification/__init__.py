"""Proves missions sound: references earn everything, starters too little, planted mistakes lose what they must."""

from grader.verification.cases import Case, Expected, Kind, cases_of, gaps_in
from grader.verification.judgement import Result, judge_case
from grader.verification.session import VerificationRequest, verify

__all__ = ["Case", "Expected", "Kind", "Result", "VerificationRequest", "cases_of", "gaps_in", "judge_case", "verify"]
