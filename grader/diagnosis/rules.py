"""All rules in the order of their weight, and which finding explains which."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from grader.diagnosis import input_rules, model_rules, training_rules
from grader.diagnosis.case import Case
from grader.results import Diagnosis

if TYPE_CHECKING:
    from grader.evidence import Evidence

Rule = Callable[[Case], Diagnosis | None]

RULES: Final[tuple[Rule, ...]] = (
    training_rules.loss_not_finite,
    model_rules.random_in_eval,
    model_rules.batch_statistics,
    input_rules.byte_range,
    input_rules.normalised_outside,
    model_rules.classes_permuted,
    model_rules.softmax_output,
    model_rules.constant_output,
    training_rules.loss_does_not_fall,
    model_rules.one_class,
    training_rules.out_of_time,
    training_rules.overfitting,
    input_rules.claim_not_met,
    training_rules.train_test_gap,
    model_rules.classes_confused,
    training_rules.stopped_early,
    training_rules.nothing_logged,
)
"""The most telling first. The function's name is the rule's."""

EXPLAINS: Final[Mapping[str, frozenset[str]]] = {
    "loss_not_finite": frozenset(
        {
            *("normalised_outside", "classes_permuted", "constant_output", "loss_does_not_fall", "one_class"),
            *("overfitting", "claim_not_met", "train_test_gap", "stopped_early", "nothing_logged"),
        }
    ),
    "random_in_eval": frozenset({"batch_statistics", "normalised_outside", "claim_not_met", "train_test_gap"}),
    "batch_statistics": frozenset(
        {"normalised_outside", "one_class", "claim_not_met", "train_test_gap", "classes_confused", "stopped_early"}
    ),
    "byte_range": frozenset(
        {"normalised_outside", "constant_output", "one_class", "claim_not_met", "train_test_gap", "stopped_early"}
    ),
    "normalised_outside": frozenset(
        {"one_class", "claim_not_met", "train_test_gap", "classes_confused", "stopped_early"}
    ),
    "classes_permuted": frozenset({"claim_not_met", "train_test_gap", "classes_confused", "stopped_early"}),
    "constant_output": frozenset({"one_class", "loss_does_not_fall", "claim_not_met", "stopped_early"}),
    "loss_does_not_fall": frozenset({"one_class", "stopped_early"}),
    "one_class": frozenset({"classes_confused"}),
    "overfitting": frozenset({"train_test_gap", "claim_not_met"}),
    "claim_not_met": frozenset({"train_test_gap", "stopped_early"}),
    "train_test_gap": frozenset({"stopped_early"}),
    "stopped_early": frozenset({"nothing_logged"}),
}
"""By rule: findings that follow from its own, and would only distract."""

MOST = 4
"""Findings told: more than a few are no help."""


def diagnose(evidence: "Evidence") -> tuple[Diagnosis, ...]:
    """Likely causes of what was measured, the most telling first; none for a mission that trains nothing.

    Args:
        evidence: validated; its log and sources are a student's and may say anything.
    """
    if not evidence.spec.trains:
        return ()
    case = Case(evidence)
    found = [finding for rule in RULES if (finding := rule(case)) is not None]
    explained = frozenset[str]().union(*(EXPLAINS.get(one.rule, frozenset()) for one in found))
    return tuple(one for one in found if one.rule not in explained)[:MOST]
