"""The semi-supervised mission's own files agree with each other, and its hidden tests say what they should."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from grader.course import find_course
from grader.evaluation.measures import Agreement, Evaluation
from grader.evidence import Evidence, Training
from grader.hidden_tests import Outcome, judge
from grader.results import Ending, Reason, Status
from grader.spec import PartialCreditSpec
from grader.text import Language, Text

MISSION = find_course(Path(__file__).parent).mission("mission_semi_supervised")
SPEC = MISSION.spec
IDS = {criterion.id for criterion in SPEC.criteria}
BONUS = "excellent"
BASELINE = 0.9550
SAME = Agreement(deviation=0.0, changed=0)
APART = Agreement(deviation=0.5, changed=40)


class Graph:
    """Stands in for the facts about a sound network."""

    images_apart = False

    def __init__(self, parameters: int = 40_000) -> None:
        self.parameters = self.stored_numbers = parameters
        self.groups = {"conv": 6, "dense": 2}


def evaluation(**changes: Any) -> Evaluation:
    """A sound network at 97.5 %, but for `changes`."""
    sound: dict[str, Any] = {
        "images": 10_000,
        "correct": 9_750,
        "non_finite": 0,
        "confusion": (),
        "perturbed_accuracy": 0.97,
        "repeated": SAME,
        "by_batch_size": {1: SAME, 7: SAME, 1000: SAME},
        "reordered": SAME,
        "ablation_drop": {},
        "seconds": 1.0,
    }
    return Evaluation(**{**sound, **changes})


def outcomes(**changes: Any) -> dict[str, Outcome]:
    """What is found about a sound submission, but for `changes`."""
    trained = Training(completed=True, reproduced=True, seconds=80.0, cpu_s=140.0, budget_s=500.0, log=())
    sound: dict[str, Any] = {
        "spec": SPEC,
        "files": ("solution.py",),
        "findings": (),
        "training": trained,
        "ending": None,
        "maybe_graph": Graph(),
        "maybe_evaluation": evaluation(),
        "supervised_accuracy": BASELINE,
        "controls": {"noise": evaluation(correct=9_000)},
    }
    return judge(MISSION.hidden_tests, Evidence(**{**sound, **changes}))


def lost(**changes: Any) -> set[str]:
    """Criteria that did not earn all their points."""
    return {name for name, outcome in outcomes(**changes).items() if outcome.status is not Status.PASSED}


def control(correct: int) -> dict[str, Evaluation]:
    return {"noise": evaluation(correct=correct)}


def test_hidden_tests_sound_evidence_earns_every_point_and_the_bonus() -> None:
    assert lost() == set()


@pytest.mark.parametrize("reason", [Reason.TRAIN_ERROR, Reason.TIME_LIMIT, Reason.ARTIFACT_REJECTED])
def test_hidden_tests_early_end_loses_everything(reason: Reason) -> None:
    ending = Ending(reason=reason, message=Text("why", "이유"), advice=Text("what next", "다음 단계"))
    assert lost(ending=ending, maybe_graph=None, maybe_evaluation=None, controls={}) == IDS


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"maybe_graph": Graph(1_000_001)}, {"parameters"}),
        ({"maybe_evaluation": evaluation(non_finite=1)}, {"finite", "batch_size", "deterministic"}),
        ({"maybe_evaluation": evaluation(reordered=APART)}, {"batch_size"}),
        ({"maybe_evaluation": evaluation(repeated=APART)}, {"deterministic"}),
        ({"maybe_evaluation": evaluation(correct=9_749)}, {BONUS}),
        ({"maybe_evaluation": evaluation(correct=9_600)}, {BONUS}),
        ({"maybe_evaluation": evaluation(correct=9_599)}, {"beats_supervised", BONUS}),
        ({"maybe_evaluation": evaluation(correct=9_499)}, {"accuracy", "beats_supervised", BONUS}),
        ({"controls": control(9_650)}, set()),
        ({"controls": control(9_651)}, {"unlabeled_matter", BONUS}),
        ({"controls": control(9_800)}, {"unlabeled_matter", BONUS}),
        ({"supervised_accuracy": 0.9701}, {"beats_supervised"}),
    ],
)
def test_hidden_tests_one_flaw_loses_its_own_criteria(changes: dict[str, Any], expected: set[str]) -> None:
    assert lost(**changes) == expected


def test_control_that_fails_costs_its_criterion_and_says_how() -> None:
    ending = Ending(reason=Reason.TIME_LIMIT, message=Text("60 s are over", "60초 초과"), advice=Text("next", "다음"))
    assert lost(controls={"noise": ending}) == {"unlabeled_matter", BONUS}
    message = outcomes(controls={"noise": ending})["unlabeled_matter"].message
    assert message is not None
    assert "60 s are over" in message.en


def test_bonus_is_not_counted_in_the_points() -> None:
    assert SPEC.criterion(BONUS).bonus
    assert sum(criterion.points for criterion in SPEC.criteria if not criterion.bonus) == SPEC.points == 100


@pytest.mark.parametrize("essential", ["own_model", "beats_supervised", "unlabeled_matter"])
def test_spec_breaking_an_essential_rule_cannot_pass(essential: str) -> None:
    assert SPEC.points - SPEC.criterion(essential).points < SPEC.pass_mark


def test_spec_bar_is_the_one_of_the_partial_credit_and_missing_it_cannot_pass() -> None:
    criterion = SPEC.criterion("accuracy")
    assert isinstance(criterion.partial, PartialCreditSpec)
    assert (criterion.partial.from_, criterion.partial.full) == (0.88, SPEC.evaluation.bar)
    assert SPEC.points - (1 - criterion.partial.cap) * criterion.points < SPEC.pass_mark


def test_control_is_the_shorter_training() -> None:
    (noise,) = SPEC.controls
    assert noise.replace_unlabeled == "noise"
    assert noise.train_cpu_s < SPEC.limits.train_cpu_s
    assert noise.train_gpu_s < SPEC.limits.train_gpu_s


@pytest.mark.parametrize("language", ["en", "ko"])
def test_readme_rubric_matches_the_spec(language: Language) -> None:
    readme = MISSION.readme(language).read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([\d.]+) \| [^|]+ \|$", readme, re.MULTILINE)
    assert [(title, float(points)) for title, points in rows] == [
        (criterion.title.in_language(language), criterion.points) for criterion in SPEC.criteria
    ]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_readme_names_the_baseline_of_every_draw(language: Language) -> None:
    readme = MISSION.readme(language).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| ([\d.]+) ?% \| ([\d.]+) ?% \|$", readme, re.MULTILINE)
    budget = SPEC.label_budget
    assert budget is not None
    assert [(int(seed), float(alone), float(asked)) for seed, alone, asked in rows] == [
        (seed, pytest.approx(100 * baseline), pytest.approx(100 * (baseline + budget.margin)))
        for seed, baseline in enumerate(budget.supervised_accuracy)
    ]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_readme_names_what_is_offered_and_the_limits(language: Language) -> None:
    readme = MISSION.readme(language).read_text(encoding="utf-8")
    for offer in SPEC.entry.offers:
        assert f"| `{offer}` |" in readme
    limits = (f"{SPEC.limits.train_cpu_s:g}", f"{SPEC.limits.train_gpu_s:g}", "4 GiB", f"{SPEC.limits.parameters:,}")
    for figure in (*limits, f"{SPEC.pass_mark:g}", SPEC.title.in_language(language)):
        assert figure in readme


@pytest.mark.parametrize("folder", [MISSION.starter, MISSION.reference, *MISSION.counterexamples], ids=lambda f: f.name)
def test_solutions_define_train(folder: Path) -> None:
    tree = ast.parse((folder / "solution.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    train = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "train")
    if folder.name != "train_set_wanted":
        assert {argument.arg for argument in train.args.args} <= set(SPEC.entry.offers)


@pytest.mark.parametrize("folder", MISSION.counterexamples, ids=lambda folder: folder.name)
def test_counterexample_names_criteria_it_loses(folder: Path) -> None:
    expected = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    assert expected["fails"]
    assert set(expected["fails"]) <= IDS
    assert set(expected["summary"]) == {"en", "ko"}
    assert expected.keys() <= {"fails", "reason", "summary", "artifact", "long"}
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
