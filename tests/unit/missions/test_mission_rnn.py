"""The RNN mission's own files agree with each other, and its hidden tests say what they should."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from grader.course import find_course
from grader.evaluation.measures import Agreement, Evaluation, SequenceUse
from grader.evidence import Evidence, Training
from grader.graph import RecurrenceFact
from grader.hidden_tests import judge
from grader.results import Ending, Reason, Status
from grader.spec import PartialCreditSpec
from grader.text import Language, Text

MISSION = find_course(Path(__file__).parent).mission("mission_rnn")
SPEC = MISSION.spec
IDS = {criterion.id for criterion in SPEC.criteria}
SAME = Agreement(deviation=0.0, changed=0)
APART = Agreement(deviation=0.5, changed=40)
GRU = RecurrenceFact("gru", "gru", 28)


class Graph:
    """Stands in for the facts about a sound network."""

    images_apart = False

    def __init__(
        self,
        parameters: int = 18_698,
        recurrence: RecurrenceFact | None = GRU,
        attention: tuple[str, ...] = (),
        **groups: int,
    ) -> None:
        self.parameters = self.stored_numbers = parameters
        self.recurrence = recurrence
        self.attention = attention
        self.groups = {"recurrent": 1, "dense": 1, **groups}


class Finding:
    """Stands in for a finding of the static checks."""

    rule = "forbidden_import"
    name = "transformers"
    text = Text("solution.py:3: transformers may not be used.", "solution.py 3행: transformers 사용 불가.")


def use(**changes: float | None) -> SequenceUse:
    """What a sound network makes of its sequence, but for `changes`."""
    sound: dict[str, Any] = {
        "halfway_swap": 0.61,
        "late_input": 0.66,
        "input_swap": 1.0,
        "shuffled_rows": 0.78,
        "blanked_rows": 0.68,
    }
    return SequenceUse(**{**sound, **changes})


def evaluation(**changes: Any) -> Evaluation:
    """A sound network at 98.5 %, but for `changes`."""
    sound: dict[str, Any] = {
        "images": 10_000,
        "correct": 9_850,
        "non_finite": 0,
        "confusion": (),
        "perturbed_accuracy": None,
        "repeated": SAME,
        "by_batch_size": {1: SAME, 7: SAME, 1000: SAME},
        "reordered": SAME,
        "ablation_drop": {},
        "seconds": 1.0,
        "sequence": use(),
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
        ({"maybe_graph": Graph(conv=1)}, {"no_convolution"}),
        ({"maybe_graph": Graph(attention=("matmul",))}, {"no_attention"}),
        ({"maybe_graph": Graph(parameters=500_000)}, set()),
        ({"maybe_graph": Graph(parameters=500_001)}, {"parameters"}),
        ({"maybe_graph": Graph(recurrence=None)}, {"recurrence"}),
        ({"maybe_graph": Graph(recurrence=RecurrenceFact("cell", "hand_written", 20))}, set()),
        ({"maybe_graph": Graph(recurrence=RecurrenceFact("gru", "gru", 19))}, {"recurrence"}),
        ({"maybe_evaluation": evaluation(sequence=use(halfway_swap=0.29))}, {"recurrence"}),
        ({"maybe_evaluation": evaluation(sequence=use(late_input=0.09))}, {"recurrence"}),
        ({"maybe_evaluation": evaluation(sequence=use(input_swap=0.79))}, {"recurrence"}),
        (
            {"maybe_evaluation": evaluation(sequence=use(halfway_swap=None, late_input=None, input_swap=None))},
            {"recurrence"},
        ),
        ({"maybe_evaluation": evaluation(sequence=use(shuffled_rows=0.29))}, {"sequence_used"}),
        ({"maybe_evaluation": evaluation(sequence=use(blanked_rows=0.19))}, {"sequence_used"}),
        ({"maybe_evaluation": evaluation(sequence=None)}, {"recurrence", "sequence_used"}),
        (
            {"maybe_evaluation": evaluation(non_finite=1)},
            {"finite", "recurrence", "sequence_used", "batch_size", "deterministic"},
        ),
        ({"maybe_evaluation": evaluation(by_batch_size={1: None})}, {"batch_size"}),
        ({"maybe_evaluation": evaluation(reordered=APART)}, {"batch_size"}),
        ({"maybe_evaluation": evaluation(repeated=APART)}, {"deterministic"}),
        ({"maybe_evaluation": evaluation(correct=9_800)}, set()),
        ({"maybe_evaluation": evaluation(correct=9_799)}, {"accuracy"}),
    ],
)
def test_hidden_tests_one_flaw_loses_its_own_criteria(changes: dict[str, Any], expected: set[str]) -> None:
    assert set(lost(evidence(**changes))) == expected


def test_recurrence_message_names_the_module_and_what_to_do() -> None:
    short = evidence(maybe_graph=Graph(recurrence=RecurrenceFact("encoder.gru", "gru", 1)))
    outcome = judge(MISSION.hidden_tests, short)["recurrence"]
    assert outcome.message is not None
    assert "encoder.gru" in outcome.message.en
    assert "batch" in outcome.message.en
    assert "배치" in outcome.message.ko


def test_accuracy_just_below_the_bar_is_partial_and_cannot_pass() -> None:
    outcomes = judge(MISSION.hidden_tests, evidence(maybe_evaluation=evaluation(correct=9_799)))
    score = sum(criterion.points * outcomes[criterion.id].credit for criterion in SPEC.criteria)
    assert outcomes["accuracy"].status is Status.PARTIAL
    assert 80 < score < SPEC.pass_mark


@pytest.mark.parametrize("essential", ["own_model", "recurrence", "no_convolution"])
def test_spec_breaking_an_essential_rule_cannot_pass(essential: str) -> None:
    assert SPEC.points - SPEC.criterion(essential).points < SPEC.pass_mark


def test_spec_bar_is_the_one_of_the_partial_credit() -> None:
    partial = SPEC.criterion("accuracy").partial
    assert isinstance(partial, PartialCreditSpec)
    assert (partial.from_, partial.full) == (0.95, SPEC.evaluation.bar)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_readme_rubric_matches_the_spec(language: Language) -> None:
    readme = MISSION.readme(language).read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([\d.]+) \| [^|]+ \|$", readme, re.MULTILINE)
    assert [(title, float(points)) for title, points in rows] == [
        (criterion.title.in_language(language), criterion.points) for criterion in SPEC.criteria
    ]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_readme_names_what_is_offered_the_limits_and_the_thresholds(language: Language) -> None:
    readme = MISSION.readme(language).read_text(encoding="utf-8")
    for offer in SPEC.entry.offers:
        assert f"| `{offer}` |" in readme
    rules = SPEC.graph.recurrence
    assert rules is not None
    shares = (rules.halfway_swap, rules.late_input, rules.input_swap, rules.shuffled_rows, rules.blanked_rows)
    for share in shares:
        assert re.search(rf"\b{100 * share:g} ?%", readme)
    for figure in ("120", "60", "4 GiB", "500,000", f"{SPEC.pass_mark:g}", SPEC.title.in_language(language)):
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
