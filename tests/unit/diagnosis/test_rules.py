"""Each rule finds its planted fault and names it; none finds anything in a sound submission."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Course
from grader.diagnosis import diagnose
from grader.diagnosis.rules import EXPLAINS, MOST, RULES
from grader.results import Ending, LogPoint, Reason
from grader.text import same
from tests.conftest import ROOT
from tests.unit.diagnosis import planted
from tests.unit.diagnosis.planted import APART, confusion, evidence, graph, log, measured, rules
from tests.unit.reports.recorded import NAMES, recorded

COURSE = Course(ROOT)
GOOD = measured(confusion(990))
COLLAPSED = measured(confusion(120))
CLAIMS = log(train_loss=[0.5, 0.2, 0.1, 0.05], valid_accuracy=[0.9, 0.97, 0.985, 0.989])
OVERFITTED = {
    "train_loss": [0.9, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01],
    "valid_accuracy": [0.7, 0.8, 0.84, 0.83, 0.82, 0.81, 0.8, 0.8],
}
TIME_LIMIT = Ending(reason=Reason.TIME_LIMIT, message=same("-"), advice=same("-"))


def swapped(*pairs: tuple[int, int], correct: int = 990) -> tuple[tuple[int, ...], ...]:
    """Predictions in which these classes carry each other's labels."""
    rows = list(confusion(correct))
    for first, second in pairs:
        rows[first], rows[second] = rows[second], rows[first]
    return tuple(rows)


def one_class(label: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(1000 if column == label else 0 for column in range(10)) for _ in range(10))


def four_and_nine() -> tuple[tuple[int, ...], ...]:
    """A fair model, but that it reads every second 4 as a 9."""
    rows = [list(row) for row in confusion(920)]
    rows[4][4], rows[4][9] = 420, rows[4][9] + 500
    return tuple(map(tuple, rows))


PLANTED: dict[str, dict[str, Any]] = {
    "loss_not_finite": {"log": log(train_loss=[0.5, "nan", "nan", "nan"]), "maybe_evaluation": COLLAPSED},
    "random_in_eval": {"maybe_evaluation": measured(confusion(800), repeated=APART, reordered=APART)},
    "batch_statistics": {"maybe_evaluation": measured(confusion(800), reordered=APART)},
    "byte_range": {
        "sources": {"solution.py": "class N:\n    def forward(self, x):\n        return self.net(x / 255.0)\n"},
        "maybe_evaluation": measured(one_class(3)),
        "log": CLAIMS,
    },
    "normalised_outside": {
        "log": CLAIMS,
        "maybe_evaluation": COLLAPSED,
        "maybe_graph": graph(("conv2d.default", "conv"), ("sub.Tensor", "arithmetic")),
    },
    "classes_permuted": {"log": CLAIMS, "maybe_evaluation": measured(swapped((1, 7), (0, 2)))},
    "softmax_output": {"maybe_graph": graph(("linear.default", "dense"), ("_softmax.default", "activation"))},
    "constant_output": {"maybe_evaluation": measured(one_class(0), constant=True)},
    "loss_does_not_fall": {
        "log": log(train_loss=[2.31, 2.3, 2.31, 2.3, 2.3]),
        "maybe_evaluation": measured(confusion(100)),
    },
    "one_class": {
        "log": log(train_loss=[2.3, 2.1, 1.9, 1.8], valid_accuracy=[0.1, 0.1, 0.1, 0.1]),
        "maybe_evaluation": measured(one_class(8)),
    },
    "out_of_time": {
        "cpu_s": 99.0,
        "log": log(train_loss=[2.0, 1.5, 1.1, 0.8], valid_accuracy=[0.3, 0.5, 0.65, 0.77]),
    },
    "overfitting": {"log": log(**OVERFITTED)},
    "claim_not_met": {"log": CLAIMS, "maybe_evaluation": measured(confusion(850))},
    "train_test_gap": {
        "log": log(train_accuracy=[0.9, 0.95, 0.99, 0.999], valid_accuracy=[0.8, 0.85, 0.86, 0.86]),
        "maybe_evaluation": measured(confusion(860)),
    },
    "classes_confused": {"maybe_evaluation": measured(four_and_nine())},
    "stopped_early": {"cpu_s": 4.0, "log": log(train_loss=[1.9], valid_accuracy=[0.78])},
    "nothing_logged": {"log": ()},
}


def test_every_rule_has_a_planted_fault() -> None:
    assert {rule.__name__ for rule in RULES} == set(PLANTED)
    assert set(EXPLAINS) <= set(PLANTED)
    assert set().union(*EXPLAINS.values()) <= set(PLANTED)


@pytest.mark.parametrize("rule", PLANTED)
def test_planted_fault_is_found_first_and_in_both_languages(rule: str) -> None:
    found = diagnose(evidence(**PLANTED[rule]))
    assert found[0].rule == rule
    for text in (found[0].finding, found[0].cause, found[0].advice):
        assert text.en.strip()
        assert any("가" <= letter <= "힣" for letter in text.ko)
        assert not any("가" <= letter <= "힣" for letter in text.en)


@pytest.mark.parametrize("rule", sorted(set(PLANTED) - {"classes_confused", "out_of_time", "softmax_output"}))
def test_planted_fault_is_told_alone(rule: str) -> None:
    assert rules(**PLANTED[rule]) == [rule]


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("-reference") and "annotated" not in name])
def test_no_rule_fires_on_a_reference(name: str) -> None:
    report = recorded(name)
    spec = COURSE.mission(report.mission.id).spec
    assert report.score >= spec.points
    assert report.run is not None
    if spec.stand_in is not None and any(spec.stand_in.pack in note.en for note in report.run.notes):
        spec = spec.on_pack(spec.stand_in.pack)
    assert diagnose(planted.recorded_evidence(report, spec)) == ()


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("mission_cnn-normalised_outside", "normalised_outside"),
        ("mission_mlp-pixels_not_scaled", "claim_not_met"),
        ("mission_semi_supervised-diverged", "loss_not_finite"),
        ("mission_albumentations-few_images", "stopped_early"),
    ],
)
def test_real_mistake_is_found(name: str, rule: str) -> None:
    report = recorded(name)
    spec = COURSE.mission(report.mission.id).spec
    assert rule in [one.rule for one in diagnose(planted.recorded_evidence(report, spec))]


def test_good_model_has_no_findings_even_where_its_log_looks_bad() -> None:
    assert rules(maybe_evaluation=GOOD, log=log(**OVERFITTED)) == []
    assert rules(maybe_evaluation=GOOD, log=()) == []


def test_finding_names_the_epoch_at_which_it_begins() -> None:
    (overfitted,) = diagnose(evidence(**PLANTED["overfitting"]))
    assert "from epoch 3 on" in overfitted.cause.en
    assert "3번째 에포크" in overfitted.cause.ko
    (broken,) = diagnose(evidence(**PLANTED["loss_not_finite"]))
    assert "NaN from epoch 2 on" in broken.finding.en


def test_rising_validation_loss_is_overfitting_too() -> None:
    series = log(train_loss=[0.9, 0.4, 0.2, 0.1, 0.05, 0.01], valid_loss=[0.9, 0.6, 0.5, 0.6, 0.7, 0.8])
    (found,) = diagnose(evidence(log=series))
    assert found.rule == "overfitting"
    assert "epoch 3" in found.finding.en


def test_batch_read_as_time_is_told_from_batch_statistics() -> None:
    mixed = measured(confusion(800), reordered=APART)
    recurrent = replace(graph(("lstm.input", "recurrent")), groups={"recurrent": 1})
    (found,) = diagnose(evidence(maybe_evaluation=mixed, maybe_graph=recurrent))
    assert (found.rule, "batch_first=True" in found.advice.ko) == ("batch_statistics", True)
    (found,) = diagnose(evidence(maybe_evaluation=mixed))
    assert "nn.BatchNorm2d" in found.advice.en


def test_time_limit_tells_how_many_epochs_fit() -> None:
    found = diagnose(evidence(ending=TIME_LIMIT, maybe_evaluation=None, maybe_graph=None))
    assert [one.rule for one in found] == ["out_of_time"]
    assert "4 logged epochs of about 4.0 s" in found[0].finding.en


def test_log_without_epochs_is_counted_by_entries() -> None:
    points = tuple(LogPoint(seconds=1.0, values={"loss": "inf" if index == 5 else 1.0}) for index in range(6))
    (found,) = diagnose(evidence(log=points, maybe_evaluation=None, maybe_graph=None))
    assert "inf from entry 6 on" in found.finding.en


def test_nan_of_the_model_is_found_without_any_log() -> None:
    bad = measured(confusion(0), non_finite=10_000, correct=0)
    assert rules(log=(), maybe_evaluation=bad) == ["loss_not_finite"]


def test_model_trained_elsewhere_is_not_held_to_its_log() -> None:
    assert "claim_not_met" not in rules(reproduced=False, **PLANTED["claim_not_met"])


def test_mission_that_trains_nothing_has_no_findings() -> None:
    spec = COURSE.mission("mission_transfer_annotated").spec
    assert diagnose(evidence(spec=spec, maybe_evaluation=None, maybe_graph=None, log=())) == ()


@pytest.mark.parametrize("source", ["def forward(:", "x" * 300_000 + " 255", "\0 255", "(" * 5000 + "255", "'\\d 255'"])
def test_source_that_can_not_be_parsed_is_passed_over(source: str) -> None:
    assert "byte_range" not in rules(sources={"solution.py": source})


values = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["nan", "inf", "-inf"]))
names = st.one_of(
    st.sampled_from(["epoch", "step", "train_loss", "val_loss", "valid_accuracy", "train_acc", "acc"]), st.text()
)


@given(points=st.lists(st.dictionaries(names, values, max_size=6), max_size=12), collapsed=st.booleans())
def test_no_log_makes_a_rule_fail(points: list[dict[str, float | str]], collapsed: bool) -> None:
    entries = tuple(LogPoint(seconds=float(index), values=point) for index, point in enumerate(points))
    found = diagnose(evidence(log=entries, maybe_evaluation=COLLAPSED if collapsed else None))
    assert len(found) <= MOST
    order = [rule.__name__ for rule in RULES]
    assert all(order.index(a.rule) < order.index(b.rule) for a, b in pairwise(found))
