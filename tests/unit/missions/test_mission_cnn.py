"""The CNN mission's own files agree with each other, and its hidden tests say what they should."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from grader.course import find_course
from grader.evaluation.measures import Agreement, Evaluation
from grader.evidence import Evidence, EvidenceMissing, Training
from grader.hidden_tests import judge
from grader.results import Ending, Reason, Status
from grader.spec import PartialCreditSpec
from grader.text import Language, Text

MISSION = find_course(Path(__file__).parent).mission("mission_cnn")
SPEC = MISSION.spec
IDS = {criterion.id for criterion in SPEC.criteria}
SAME = Agreement(deviation=0.0, changed=0)
APART = Agreement(deviation=0.5, changed=40)
HIDDEN = Agreement(deviation=1e-9, changed=3)
"""One logit far below all others makes the spread so large that no difference counts beside it."""
TIES = Agreement(deviation=1e-6, changed=2)


class Graph:
    """Stands in for the facts about a sound network."""

    images_apart = False

    def __init__(
        self,
        parameters: int = 23_354,
        stored: int | None = None,
        attention: tuple[str, ...] = (),
        **groups: int,
    ) -> None:
        self.parameters = parameters
        self.stored_numbers = parameters if stored is None else stored
        self.attention = attention
        self.groups = {"conv": 3, "dense": 1, **groups}


class Finding:
    """Stands in for a finding of the static checks."""

    rule = "forbidden_import"
    name = "torchvision.models"
    text = Text("solution.py:3: torchvision.models may not be used.", "solution.py 3행: torchvision.models 사용 불가.")


def evaluation(**changes: Any) -> Evaluation:
    """A sound network at 99.3 %, but for `changes`."""
    sound: dict[str, Any] = {
        "images": 10_000,
        "correct": 9_930,
        "non_finite": 0,
        "confusion": (),
        "perturbed_accuracy": 0.991,
        "repeated": SAME,
        "by_batch_size": {1: SAME, 7: SAME, 1000: SAME},
        "reordered": SAME,
        "ablation_drop": {"conv": 0.88},
        "seconds": 1.0,
    }
    return Evaluation(**{**sound, **changes})


def evidence(**changes: Any) -> Evidence:
    """What a sound submission leaves, but for `changes`."""
    trained = Training(completed=True, reproduced=True, seconds=15.0, cpu_s=29.0, budget_s=240.0, log=())
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


def test_hidden_tests_model_handed_in_ready_passes_with_a_note() -> None:
    ready = Training(completed=True, reproduced=False, seconds=None, cpu_s=None, budget_s=None, log=())
    outcome = judge(MISSION.hidden_tests, evidence(training=ready))["training"]
    assert outcome.status is Status.PASSED
    assert outcome.message is not None
    assert "not reproduced" in outcome.message.en


def test_hidden_tests_what_the_graph_tells_of_batches_is_said_in_place_of_a_figure() -> None:
    graph = Graph()
    graph.images_apart = True
    outcomes = judge(MISSION.hidden_tests, evidence(maybe_graph=graph))
    assert {outcome.status for outcome in outcomes.values()} == {Status.PASSED}
    told = [outcomes[name].measured for name in ("batch_size", "deterministic")]
    assert all(text is not None and "graph" in text.en and "그래프" in text.ko for text in told)
    assert lost(evidence(maybe_graph=graph, maybe_evaluation=evaluation(non_finite=1))).keys() == {
        "finite",
        "batch_size",
        "deterministic",
    }


@pytest.mark.parametrize(
    "reason", [Reason.TRAIN_ERROR, Reason.TIME_LIMIT, Reason.EXPORT_FAILED, Reason.ARTIFACT_REJECTED]
)
def test_hidden_tests_early_end_loses_everything(reason: Reason) -> None:
    ending = Ending(reason=reason, message=Text("why", "이유"), advice=Text("what next", "다음 단계"))
    found = lost(evidence(ending=ending, maybe_graph=None, maybe_evaluation=None))
    assert found == dict.fromkeys(IDS, Status.SKIPPED) | {"training": Status.FAILED}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"findings": (Finding(),)}, {"own_model"}),
        ({"maybe_graph": Graph(conv=0)}, {"convolution"}),
        ({"maybe_evaluation": evaluation(ablation_drop={"conv": 0.19})}, {"convolution"}),
        ({"maybe_graph": Graph(recurrent=1)}, {"pure_cnn"}),
        ({"maybe_graph": Graph(attention=("matmul",))}, {"pure_cnn"}),
        ({"maybe_graph": Graph(parameters=1_000_000)}, set()),
        ({"maybe_graph": Graph(parameters=1_000_001)}, {"parameters"}),
        ({"maybe_graph": Graph(parameters=1_000_000, stored=1_250_000)}, set()),
        ({"maybe_graph": Graph(stored=1_250_001)}, {"parameters"}),
        ({"maybe_evaluation": evaluation(non_finite=1)}, {"finite", "batch_size", "deterministic"}),
        ({"maybe_evaluation": evaluation(by_batch_size={1: None, 7: None, 1000: SAME})}, {"batch_size"}),
        ({"maybe_evaluation": evaluation(by_batch_size={1: APART})}, {"batch_size"}),
        ({"maybe_evaluation": evaluation(reordered=APART)}, {"batch_size"}),
        ({"maybe_evaluation": evaluation(by_batch_size={1: SAME, 7: HIDDEN})}, {"batch_size"}),
        ({"maybe_evaluation": evaluation(reordered=HIDDEN)}, {"batch_size"}),
        ({"maybe_evaluation": evaluation(repeated=HIDDEN)}, {"deterministic"}),
        ({"maybe_evaluation": evaluation(repeated=TIES, reordered=TIES, by_batch_size={1: TIES})}, set()),
        ({"maybe_evaluation": evaluation(repeated=APART)}, {"deterministic"}),
        ({"maybe_evaluation": evaluation(correct=9_900)}, set()),
        ({"maybe_evaluation": evaluation(correct=9_700, perturbed_accuracy=0.97)}, {"accuracy", "robustness"}),
        ({"maybe_evaluation": evaluation(perturbed_accuracy=0.973)}, set()),
        ({"maybe_evaluation": evaluation(perturbed_accuracy=0.9729)}, {"robustness"}),
    ],
)
def test_hidden_tests_one_flaw_loses_its_own_criteria(changes: dict[str, Any], expected: set[str]) -> None:
    assert set(lost(evidence(**changes))) == expected


def test_accuracy_just_below_the_bar_is_partial_and_cannot_pass() -> None:
    outcomes = judge(MISSION.hidden_tests, evidence(maybe_evaluation=evaluation(correct=9_899)))
    score = sum(criterion.points * outcomes[criterion.id].credit for criterion in SPEC.criteria)
    assert outcomes["accuracy"].status is Status.PARTIAL
    assert outcomes["accuracy"].message is not None
    assert outcomes["accuracy"].message.en.startswith("1 more right")
    assert 80 < score < SPEC.pass_mark


def test_measurement_that_is_missing_skips_the_criterion() -> None:
    with pytest.raises(EvidenceMissing):
        _ = evidence(maybe_graph=None).graph


@pytest.mark.parametrize("essential", ["own_model", "convolution"])
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
    for figure in ("240", "60", "4 GiB", "1,000,000", f"{SPEC.pass_mark:g}", SPEC.title.in_language(language)):
        assert figure in readme


@pytest.mark.parametrize("folder", [MISSION.starter, MISSION.reference, *MISSION.counterexamples], ids=lambda f: f.name)
def test_solutions_parse_and_define_train(folder: Path) -> None:
    source = (folder / "solution.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert ast.get_docstring(tree)
    train = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "train")
    asked = {argument.arg for argument in train.args.args}
    if folder.name != "unknown_parameter":
        assert asked <= set(SPEC.entry.offers)


@pytest.mark.parametrize("folder", MISSION.counterexamples, ids=lambda folder: folder.name)
def test_counterexample_names_criteria_it_loses(folder: Path) -> None:
    expected = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    assert expected["fails"]
    assert set(expected["fails"]) <= IDS
    assert set(expected["summary"]) == {"en", "ko"}
    assert expected.keys() <= {"fails", "reason", "summary"}
    if "reason" in expected:
        assert expected["reason"] in set(Reason)
        assert set(expected["fails"]) == IDS
    assert len((folder / "solution.py").read_text(encoding="utf-8").splitlines()) <= 80


def test_every_criterion_is_lost_by_some_counterexample() -> None:
    lists = [
        tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))["fails"]
        for folder in MISSION.counterexamples
    ]
    assert {name for fails in lists for name in fails} == IDS
