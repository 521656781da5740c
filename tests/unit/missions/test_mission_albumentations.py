"""The albumentations mission's own files agree with each other, and its hidden tests say what they should."""

import ast
import importlib.util
import os
import re
import runpy
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from grader import data
from grader.course import find_course
from grader.evaluation.measures import Agreement, Evaluation
from grader.evidence import Evidence, ProbeResult, Training
from grader.hidden_tests import Outcome, judge
from grader.results import Ending, Reason, Status
from grader.spec import PartialCreditSpec
from grader.text import Language, Text

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # its import would look for a newer release on the network

MISSION = find_course(Path(__file__).parent).mission("mission_albumentations")
SPEC = MISSION.spec
IDS = {criterion.id for criterion in SPEC.criteria}
OF_PIPELINE = {"pipeline", "seeded", "form", "readable"}
OF_USAGE = {"used", "train_only"}
OF_MODEL = IDS - OF_PIPELINE - OF_USAGE
SAME = Agreement(deviation=0.0, changed=0)
APART = Agreement(deviation=0.5, changed=40)


def module_of(path: Path) -> ModuleType:
    name = f"albumentations_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # the probe looks for functions there
    spec.loader.exec_module(module)
    return module


INPUTS = module_of(MISSION.hidden_tests / "inputs.py")
PROBING = module_of(MISSION.probes)
READ = runpy.run_path(str(MISSION.hidden_tests / "reader.py"))["read_digits"]


class Student:
    """A submission, imported in this process: these are our own."""

    def __init__(self, folder: Path) -> None:
        self.module = module_of(folder / "solution.py")

    def get(self, name: str) -> Any:
        return getattr(self.module, name)


class Graph:
    """Stands in for the facts about a sound network."""

    images_apart = False

    def __init__(self, parameters: int = 141_930) -> None:
        self.parameters = self.stored_numbers = parameters
        self.groups = {"conv": 4, "dense": 1}


def evaluation(**changes: Any) -> Evaluation:
    """A sound network at 99.7 %, but for `changes`."""
    sound: dict[str, Any] = {
        "images": 10_000,
        "correct": 9_970,
        "non_finite": 0,
        "confusion": (),
        "perturbed_accuracy": 0.996,
        "repeated": SAME,
        "by_batch_size": {1: SAME, 7: SAME, 1000: SAME},
        "reordered": SAME,
        "ablation_drop": {},
        "seconds": 1.0,
    }
    return Evaluation(**{**sound, **changes})


def pack() -> tuple[Any, Any]:
    images = data.load("mnist")
    return np.asarray(images.array("train", "images")), np.asarray(images.array("train", "labels"))


def probed(folder: Path, workdir: Path, *, seed: int = 0) -> dict[str, ProbeResult | Ending]:
    """What the mission's probes give for one of its own folders."""
    images, labels = pack()
    results: dict[str, ProbeResult | Ending] = {}
    for position, probe in enumerate(("pipeline", "usage")):
        sent, kept = getattr(INPUTS, probe)(np.random.default_rng([seed, position]), images, labels)
        (workdir / probe).mkdir()
        found = getattr(PROBING, probe)(Student(folder), sent, workdir / probe)
        arrays = {name: value for name, value in found.items() if isinstance(value, np.ndarray)}
        values = {name: value for name, value in found.items() if name not in arrays}
        results[probe] = ProbeResult(sent, kept, arrays, values)
    return results


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProbeResult | Ending]:
    """Probes of a right solution that trains in a second: `few_images` is right but for its accuracy."""
    return probed(MISSION.root / "counterexamples" / "few_images", tmp_path_factory.mktemp("sound"))


def outcomes(probes: dict[str, ProbeResult | Ending], **changes: Any) -> dict[str, Outcome]:
    trained = Training(completed=True, reproduced=True, seconds=130.0, cpu_s=240.0, budget_s=600.0, log=())
    left: dict[str, Any] = {
        "spec": SPEC,
        "files": ("solution.py",),
        "findings": (),
        "training": trained,
        "ending": None,
        "maybe_graph": Graph(),
        "maybe_evaluation": evaluation(),
        "probes": probes,
    }
    return judge(MISSION.hidden_tests, Evidence(**{**left, **changes}))


def lost(probes: dict[str, ProbeResult | Ending], **changes: Any) -> set[str]:
    """Criteria that did not earn all their points."""
    found = outcomes(probes, **changes)
    return {name for name, outcome in found.items() if outcome.status is not Status.PASSED}


@pytest.mark.mnist
def test_hidden_tests_sound_evidence_earns_every_point(sound: dict[str, ProbeResult | Ending]) -> None:
    assert lost(sound) == set()


@pytest.mark.mnist
@pytest.mark.parametrize("reason", [Reason.TRAIN_ERROR, Reason.TIME_LIMIT, Reason.ARTIFACT_REJECTED])
def test_hidden_tests_early_end_leaves_what_concerns_the_pipeline(
    reason: Reason, sound: dict[str, ProbeResult | Ending]
) -> None:
    ending = Ending(reason=reason, message=Text("why", "이유"), advice=Text("what next", "다음 단계"))
    assert lost(sound, ending=ending, maybe_graph=None, maybe_evaluation=None) == OF_MODEL


@pytest.mark.mnist
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"maybe_graph": Graph(1_000_001)}, {"parameters"}),
        ({"maybe_evaluation": evaluation(non_finite=1)}, {"finite", "batch_size", "deterministic"}),
        ({"maybe_evaluation": evaluation(reordered=APART)}, {"batch_size"}),
        ({"maybe_evaluation": evaluation(repeated=APART)}, {"deterministic"}),
        ({"maybe_evaluation": evaluation(correct=9_950)}, set()),
        ({"maybe_evaluation": evaluation(correct=9_949)}, {"accuracy"}),
    ],
)
def test_hidden_tests_one_flaw_of_the_model_loses_its_own_criteria(
    changes: dict[str, Any], expected: set[str], sound: dict[str, ProbeResult | Ending]
) -> None:
    assert lost(sound, **changes) == expected


@pytest.mark.mnist
def test_probe_that_fails_costs_its_own_criteria(sound: dict[str, ProbeResult | Ending]) -> None:
    ending = Ending(reason=Reason.TRAIN_ERROR, message=Text("KeyError: 'p'", "이유"), advice=Text("next", "다음"))
    assert lost(sound | {"usage": ending}) == OF_USAGE
    assert lost(sound | {"pipeline": ending}) == OF_PIPELINE | OF_USAGE
    message = outcomes(sound | {"usage": ending})["used"].message
    assert message is not None
    assert "KeyError" in message.en


CHEAP = {
    folder.name: set(tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))["fails"])
    for folder in MISSION.counterexamples
    if 'artifact = "reference"' in (folder / "expected.toml").read_text(encoding="utf-8")
}


@pytest.mark.mnist
@pytest.mark.parametrize("name", sorted(CHEAP.keys() - {"borrowed_blocks"}))
def test_wrong_pipeline_loses_what_its_counterexample_names(name: str, tmp_path: Path) -> None:
    found = outcomes(probed(MISSION.root / "counterexamples" / name, tmp_path, seed=1))
    failed = {key for key, outcome in found.items() if outcome.status is not Status.PASSED}
    assert failed == CHEAP[name]
    assert all(found[key].message is not None for key in failed)


@pytest.mark.mnist
@pytest.mark.parametrize("junk", [{}, "x", -1, [["x"], None]])
def test_hidden_tests_stand_any_value_a_probe_may_bring(junk: Any, sound: dict[str, ProbeResult | Ending]) -> None:
    """What comes out of a sandbox is the student's: no value may crash a test, which would be the course's fault."""
    for probe, result in sound.items():
        assert isinstance(result, ProbeResult)
        for name in result.values:
            values = {**result.values, name: junk}
            outcomes(sound | {probe: ProbeResult(result.inputs, result.kept, result.arrays, values)})
        assert lost(sound | {probe: ProbeResult(result.inputs, result.kept, {}, {})})


@pytest.mark.mnist
@pytest.mark.parametrize("shape", [(), (0,), (64,), (400, 28, 28, 1), (64, 0), (1280,), (2, 28, 28)])
@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool"])
def test_hidden_tests_stand_any_array_a_probe_may_bring(
    shape: tuple[int, ...], dtype: str, sound: dict[str, ProbeResult | Ending]
) -> None:
    for probe, names in (("pipeline", ("augmented", "other", "alone_0")), ("usage", ("passes",))):
        result = sound[probe]
        assert isinstance(result, ProbeResult)
        for name in names:
            arrays = {**result.arrays, name: np.zeros(shape, dtype)}
            outcomes(sound | {probe: ProbeResult(result.inputs, result.kept, arrays, result.values)})


@pytest.mark.mnist
def test_reader_reads_digits_and_neither_mirrored_nor_inverted_ones() -> None:
    images = np.asarray(data.load("mnist").array("test", "images"))[:500, 0]
    labels = np.asarray(data.load("mnist").array("test", "labels"))[:500]
    assert (READ(images) == labels).mean() >= 0.98
    assert (READ(images[:, :, ::-1]) == labels).mean() < 0.6
    assert (READ(images[:, ::-1, ::-1]) == labels).mean() < 0.7


def test_reader_is_small_and_holds_plain_arrays() -> None:
    path = MISSION.hidden_tests / "reader.npz"
    assert path.stat().st_size <= 200_000
    with np.load(path, allow_pickle=False) as weights:
        assert all(weights[name].dtype == np.float16 for name in weights.files)


@pytest.mark.mnist
def test_usage_probe_gives_images_that_can_be_told_apart() -> None:
    sent, kept = INPUTS.usage(np.random.default_rng(0), *pack())
    images = np.concatenate([sent["train_images"], sent["valid_images"]])
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images) == 1280
    assert kept == {}


@pytest.mark.mnist
def test_pipeline_probe_keeps_labels_on_this_side() -> None:
    sent, kept = INPUTS.pipeline(np.random.default_rng(0), *pack())
    assert set(sent) == {"digits", "few", "seed", "other_seed"}
    assert np.bincount(kept["labels"]).tolist() == [40] * 10


@pytest.mark.parametrize("essential", ["own_model", "pipeline", "readable", "used"])
def test_spec_breaking_an_essential_rule_cannot_pass(essential: str) -> None:
    assert SPEC.points - SPEC.criterion(essential).points < SPEC.pass_mark


def test_spec_bar_is_the_one_of_the_partial_credit_and_missing_it_cannot_pass() -> None:
    criterion = SPEC.criterion("accuracy")
    assert isinstance(criterion.partial, PartialCreditSpec)
    assert (criterion.partial.from_, criterion.partial.full) == (0.99, SPEC.evaluation.bar)
    assert SPEC.points - (1 - criterion.partial.cap) * criterion.points < SPEC.pass_mark


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
    limits = (f"{SPEC.limits.train_cpu_s:g}", f"{SPEC.limits.train_gpu_s:g}", "4 GiB", f"{SPEC.limits.parameters:,}")
    for figure in (*limits, f"{SPEC.pass_mark:g}", SPEC.title.in_language(language)):
        assert figure in readme


@pytest.mark.parametrize("folder", [MISSION.starter, MISSION.reference, *MISSION.counterexamples], ids=lambda f: f.name)
def test_solutions_define_both_functions(folder: Path) -> None:
    tree = ast.parse((folder / "solution.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert "build_augmentation" in functions
    if folder.name != "test_set_wanted":
        assert {argument.arg for argument in functions["train"].args.args} <= set(SPEC.entry.offers)


@pytest.mark.parametrize("folder", MISSION.counterexamples, ids=lambda folder: folder.name)
def test_counterexample_names_criteria_it_loses(folder: Path) -> None:
    expected = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    assert expected["fails"]
    assert set(expected["fails"]) <= IDS
    assert set(expected["summary"]) == {"en", "ko"}
    assert expected.keys() <= {"fails", "reason", "summary", "artifact", "long"}
    assert expected.get("reason", Reason.TRAIN_ERROR) in set(Reason)
    assert len((folder / "solution.py").read_text(encoding="utf-8").splitlines()) <= 80


def test_every_criterion_is_lost_by_some_counterexample() -> None:
    lists = [
        tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))["fails"]
        for folder in MISSION.counterexamples
    ]
    assert {name for fails in lists for name in fails} == IDS
