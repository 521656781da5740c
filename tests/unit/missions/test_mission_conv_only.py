"""The convolution-only mission's own files agree with each other, and its hidden tests say what they should."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from grader.course import find_course
from grader.evaluation.measures import Agreement, Evaluation
from grader.evidence import Evidence, Training
from grader.graph import Violation
from grader.graph.facts import Why
from grader.hidden_tests import judge, structure_criteria
from grader.results import Ending, Reason, Status
from grader.spec import PartialCreditSpec
from grader.text import Language, Text

MISSION = find_course(Path(__file__).parent).mission("mission_conv_only")
SPEC = MISSION.spec
IDS = {criterion.id for criterion in SPEC.criteria}
SAME = Agreement(deviation=0.0, changed=0)
APART = Agreement(deviation=0.5, changed=40)


class Graph:
    """Stands in for the facts about a sound network."""

    images_apart = False

    def __init__(self, parameters: int = 54_922, violations: tuple[Violation, ...] = (), conv: int = 4) -> None:
        self.parameters = self.stored_numbers = parameters
        self.beyond_convolution = violations
        self.groups = {"conv": conv, "activation": 3}


class Finding:
    """Stands in for a finding of the static checks."""

    rule = "forbidden_import"
    name = "torchvision.models"
    text = Text("solution.py:3: torchvision.models may not be used.", "solution.py 3행: torchvision.models 사용 불가.")


def evaluation(**changes: Any) -> Evaluation:
    """A sound network at 99 %, but for `changes`."""
    sound: dict[str, Any] = {
        "images": 10_000,
        "correct": 9_900,
        "non_finite": 0,
        "confusion": (),
        "perturbed_accuracy": 0.985,
        "repeated": SAME,
        "by_batch_size": {1: SAME, 7: SAME, 1000: SAME},
        "reordered": SAME,
        "ablation_drop": {},
        "seconds": 1.0,
    }
    return Evaluation(**{**sound, **changes})


def evidence(**changes: Any) -> Evidence:
    """What a sound submission leaves, but for `changes`."""
    trained = Training(completed=True, reproduced=True, seconds=15.0, cpu_s=34.0, budget_s=120.0, log=())
    sound: dict[str, Any] = {
        "spec": SPEC,
        "files": ("solution.py",),
        "findings": (),
        "training": trained,
        "ending": None,
        "maybe_graph": Graph(),
        "maybe_evaluation": evaluation(),
    }
    return Evidence(**{**sound, **changes})


def lost(of: Evidence) -> dict[str, Status]:
    """Criteria that did not earn all their points."""
    outcomes = judge(MISSION.hidden_tests, of)
    return {name: outcome.status for name, outcome in outcomes.items() if outcome.status is not Status.PASSED}


def test_hidden_tests_sound_evidence_earns_every_point() -> None:
    assert lost(evidence()) == {}


def test_hidden_tests_early_end_loses_everything() -> None:
    ending = Ending(reason=Reason.TRAIN_ERROR, message=Text("why", "이유"), advice=Text("what next", "다음 단계"))
    found = lost(evidence(ending=ending, maybe_graph=None, maybe_evaluation=None))
    assert found == dict.fromkeys(IDS, Status.SKIPPED) | {"training": Status.FAILED}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"findings": (Finding(),)}, {"own_model"}),
        ({"maybe_graph": Graph(violations=(Violation("head", "linear.default", "dense"),))}, {"convolution_only"}),
        ({"maybe_graph": Graph(violations=(Violation("a", "conv2d.default", "whole_kernel"),))}, {"convolution_only"}),
        ({"maybe_graph": Graph(conv=0)}, {"convolution_only"}),
        ({"maybe_graph": Graph(parameters=300_000)}, set()),
        ({"maybe_graph": Graph(parameters=300_001)}, {"parameters"}),
        ({"maybe_evaluation": evaluation(non_finite=1)}, {"finite", "batch_size", "deterministic"}),
        ({"maybe_evaluation": evaluation(by_batch_size={1: None})}, {"batch_size"}),
        ({"maybe_evaluation": evaluation(reordered=APART)}, {"batch_size"}),
        ({"maybe_evaluation": evaluation(repeated=APART)}, {"deterministic"}),
        ({"maybe_evaluation": evaluation(correct=9_850)}, set()),
        ({"maybe_evaluation": evaluation(correct=9_849, perturbed_accuracy=0.98)}, {"accuracy"}),
        ({"maybe_evaluation": evaluation(correct=9_700, perturbed_accuracy=0.97)}, {"accuracy", "robustness"}),
        ({"maybe_evaluation": evaluation(perturbed_accuracy=0.9699)}, {"robustness"}),
    ],
)
def test_hidden_tests_one_flaw_loses_its_own_criteria(changes: dict[str, Any], expected: set[str]) -> None:
    assert set(lost(evidence(**changes))) == expected


def test_message_names_each_layer_with_its_rule_once() -> None:
    violations = (
        Violation("features.2", "max_pool2d.default", "pool"),
        Violation("features.5", "max_pool2d.default", "pool"),
        Violation("head", "linear.default", "dense"),
    )
    outcome = judge(MISSION.hidden_tests, evidence(maybe_graph=Graph(violations=violations)))["convolution_only"]
    assert outcome.message is not None
    assert "features.2 (max_pool2d), features.5 (max_pool2d): pooling" in outcome.message.en
    assert "head (linear): a dense layer" in outcome.message.en
    assert "풀링" in outcome.message.ko


@pytest.mark.parametrize("why", get_args(Why))
def test_each_rule_has_words_in_both_languages(why: Why) -> None:
    text = structure_criteria.BEYOND_CONVOLUTION[why]
    assert text.en
    assert text.ko != text.en


def test_accuracy_just_below_the_bar_is_partial_and_cannot_pass() -> None:
    outcomes = judge(
        MISSION.hidden_tests, evidence(maybe_evaluation=evaluation(correct=9_849, perturbed_accuracy=0.98))
    )
    score = sum(criterion.points * outcomes[criterion.id].credit for criterion in SPEC.criteria)
    assert outcomes["accuracy"].status is Status.PARTIAL
    assert 80 < score < SPEC.pass_mark


@pytest.mark.parametrize("essential", ["own_model", "convolution_only"])
def test_spec_breaking_an_essential_rule_cannot_pass(essential: str) -> None:
    assert SPEC.points - SPEC.criterion(essential).points < SPEC.pass_mark


def test_spec_bar_is_the_one_of_the_partial_credit() -> None:
    partial = SPEC.criterion("accuracy").partial
    assert isinstance(partial, PartialCreditSpec)
    assert (partial.from_, partial.full) == (0.97, SPEC.evaluation.bar)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_readme_rubric_matches_the_spec(language: Language) -> None:
    readme = MISSION.readme(language).read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([\d.]+) \| [^|]+ \|$", readme, re.MULTILINE)
    assert [(title, float(points)) for title, points in rows] == [
        (criterion.title.in_language(language), criterion.points) for criterion in SPEC.criteria
    ]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_readme_names_what_is_offered_and_the_limits(language: Language) -> None:
    readme = MISSION.readme(language).read_text(encoding="utf-8")
    for offer in SPEC.entry.offers:
        assert f"| `{offer}` |" in readme
    for figure in ("120", "60", "4 GiB", "300,000", f"{SPEC.pass_mark:g}", SPEC.title.in_language(language)):
        assert figure in readme


@pytest.mark.parametrize("folder", [MISSION.starter, MISSION.reference, *MISSION.counterexamples], ids=lambda f: f.name)
def test_solutions_parse_and_define_train(folder: Path) -> None:
    tree = ast.parse((folder / "solution.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    train = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "train")
    assert {argument.arg for argument in train.args.args} <= set(SPEC.entry.offers)


def test_counterexamples_name_what_they_lose_and_leave_no_criterion_out() -> None:
    lists = []
    for folder in MISSION.counterexamples:
        expected = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
        assert set(expected["fails"]) <= IDS
        assert set(expected["summary"]) == {"en", "ko"}
        lists.append(set(expected["fails"]))
    assert len(lists) >= 8
    assert set.union(*lists) == IDS
