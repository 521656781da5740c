"""The CIFAR mission's own files agree with each other, and its hidden tests say what they should."""

import ast
import contextlib
import dataclasses
import importlib.util
import itertools
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from grader.course import find_course
from grader.data.registry import CIFAR10_STANDIN
from grader.evaluation.measures import Agreement, Evaluation
from grader.evidence import Evidence, ProbeFailed, ProbeResult, Training
from grader.hidden_tests import CriterionFailed, Mark, Outcome, judge
from grader.results import Ending, Reason, Status
from grader.spec import MissionSpec, PartialCreditSpec
from grader.text import Language, Text

MISSION = find_course(Path(__file__).parent).mission("mission_cifar")
SPEC = MISSION.spec
IDS = {criterion.id for criterion in SPEC.criteria}
BONUS = "high_accuracy"
MODEL = {"training", "own_work", "convolution", "parameters", "finite", "batch_size", "accuracy"}
PROBES = tuple(probe.id for probe in SPEC.probes)
SAME = Agreement(deviation=0.0, changed=0)


def module_of(path: Path) -> ModuleType:
    name = f"cifar_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # pickle looks it up there
    spec.loader.exec_module(module)
    return module


INPUTS = module_of(MISSION.hidden_tests / "inputs.py")
PROBING = module_of(MISSION.probes)
HIDDEN = module_of(MISSION.hidden_tests / "test_cifar.py")


class Student:
    """A submission, imported in this process: these are our own."""

    def __init__(self, folder: Path) -> None:
        self.module = module_of(folder / "solution.py")

    def get(self, name: str) -> Any:
        return getattr(self.module, name)


class Graph:
    """Stands in for the facts about a sound network."""

    images_apart = False
    parameters = stored_numbers = 69_346
    groups: dict[str, int] = {"conv": 3, "dense": 1}  # noqa: RUF012


def evaluation(correct: int = 7_000) -> Evaluation:
    return Evaluation(
        images=10_000,
        correct=correct,
        non_finite=0,
        confusion=(),
        perturbed_accuracy=correct / 10_000,
        repeated=SAME,
        by_batch_size={1: SAME, 7: SAME, 1000: SAME},
        reordered=SAME,
        ablation_drop={"conv": 0.5},
        seconds=1.0,
    )


def probed(folder: Path, workdir: Path, *only: str, seed: int = 0) -> dict[str, ProbeResult | Ending]:
    """What the probes find about a solution, without a sandbox; `workers` and `loader` start processes."""
    student, results = Student(folder), {}
    for name in only or PROBES:
        random = np.random.default_rng([seed, len(name)])
        sent, kept = getattr(INPUTS, name)(random, None, None)
        (workdir / name).mkdir()
        given = getattr(PROBING, name)(student, sent, workdir / name)
        arrays = {key: value for key, value in given.items() if isinstance(value, np.ndarray)}
        values = {key: value for key, value in given.items() if key not in arrays}
        results[name] = ProbeResult(sent, kept, arrays, values)
    return results


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProbeResult | Ending]:
    """What the probes find about the reference."""
    return probed(MISSION.reference, tmp_path_factory.mktemp("sound"))


def evidence_of(
    probes: dict[str, ProbeResult | Ending] | dict[str, ProbeResult],
    correct: int = 7_000,
    spec: MissionSpec = SPEC,
    **changes: Any,
) -> Evidence:
    """What a sound submission leaves, but for `changes`."""
    left: dict[str, Any] = {
        "spec": spec,
        "files": ("solution.py",),
        "findings": (),
        "training": Training(completed=True, reproduced=True, seconds=30.0, cpu_s=45.0, budget_s=240.0, log=()),
        "ending": None,
        "maybe_graph": Graph(),
        "maybe_evaluation": evaluation(correct),
        "probes": probes,
    }
    return Evidence(**{**left, **changes})


def outcomes(*arguments: Any, **named: Any) -> dict[str, Outcome]:
    """How the criteria are settled; arguments as for `evidence_of`."""
    return judge(MISSION.hidden_tests, evidence_of(*arguments, **named))


def lost(*arguments: Any, **named: Any) -> set[str]:
    found = outcomes(*arguments, **named)
    return {name for name, outcome in found.items() if outcome.status is not Status.PASSED} - {BONUS}


def test_reference_earns_every_point_but_the_bonus(sound: dict[str, ProbeResult | Ending]) -> None:
    assert lost(sound) == set()
    assert outcomes(sound)[BONUS].status is Status.FAILED
    assert outcomes(sound, 8_500)[BONUS].status is Status.PASSED


def test_training_that_fails_leaves_the_dataset_judged(sound: dict[str, ProbeResult | Ending]) -> None:
    ending = Ending(reason=Reason.TRAIN_ERROR, message=Text("why", "이유"), advice=Text("next", "다음"))
    assert lost(sound, ending=ending, maybe_graph=None, maybe_evaluation=None) == MODEL


def test_probe_that_fails_costs_its_own_criteria(sound: dict[str, ProbeResult | Ending]) -> None:
    ending = Ending(reason=Reason.TRAIN_ERROR, message=Text("KeyError: 'data'", "이유"), advice=Text("next", "다음"))
    for probe in PROBES:
        expected = {"length", "images", "labels"} if probe == "items" else {probe}
        found = outcomes(sound | {probe: ending})
        assert {name for name, outcome in found.items() if outcome.credit < 1} - {BONUS} == expected
        assert all("KeyError" in found[name].message.en for name in expected)  # type: ignore[union-attr]


CHEAP = {
    folder.name: tuple(tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))["fails"])
    for folder in MISSION.counterexamples
    if 'artifact = "reference"' in (folder / "expected.toml").read_text(encoding="utf-8")
}
RAISING = {"first_batch_only", "hard_coded_length"}
"""In these a probe ends with the student's exception."""


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", sorted(CHEAP.keys() - RAISING - {"ready_made_dataset"}))
def test_wrong_dataset_loses_what_its_counterexample_names(
    name: str, tmp_path: Path, sound: dict[str, ProbeResult | Ending]
) -> None:
    folder = MISSION.root / "counterexamples" / name
    alone = [probe for probe in PROBES if probe != "workers" or "workers" in CHEAP[name]]
    found = outcomes(sound | probed(folder, tmp_path, *alone, seed=1))
    failed = {key for key, outcome in found.items() if outcome.status is not Status.PASSED} - {BONUS}
    assert failed == set(CHEAP[name])
    assert all(found[key].message is not None for key in failed)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("reshaped_without_transpose", "reshape to (3, 32, 32), then transpose"),
        ("rows_and_columns_exchanged", "Rows and columns are exchanged"),
        ("channels_first", "the channels must come last"),
        ("float_images", "float32, expected uint8"),
    ],
)
def test_wrong_image_is_explained(
    name: str, words: str, tmp_path: Path, sound: dict[str, ProbeResult | Ending]
) -> None:
    results = sound | probed(MISSION.root / "counterexamples" / name, tmp_path, "items")
    message = outcomes(results)["images"].message
    assert message is not None
    assert words in message.en


Change = Callable[[Any, Any], tuple[Any, Any]]


@pytest.mark.parametrize(
    ("change", "expected", "words"),
    [
        (lambda images, labels: (images[..., ::-1], labels), {"images"}, "blue, green, red"),
        (lambda images, labels: (images[::-1], labels), {"images"}, "in another order"),
        (lambda images, labels: (images[:-1], labels), {"images"}, "are there"),
        (lambda images, labels: (255 - images, labels), {"images"}, "not those of the batch files"),
        (lambda images, labels: (images.astype(np.int64), labels), {"images"}, "expected uint8"),
        (lambda images, labels: (images[..., 0], labels), {"images"}, "shape"),
        (lambda images, labels: (images[:0], labels), {"images"}, "no images"),
        (lambda images, labels: (images, labels - 1), {"labels"}, "no whole number"),
        (lambda images, labels: (images, labels[:-1]), {"labels"}, "belong to their images"),
        (lambda images, labels: (images, labels.astype(float)), {"labels"}, "expected int64"),
        (lambda images, labels: (images, labels[:, None]), {"labels"}, "shape"),
    ],
)
def test_items_that_are_wrong_lose_one_criterion_with_its_words(
    change: Change, expected: set[str], words: str, sound: dict[str, ProbeResult | Ending]
) -> None:
    items = sound["items"]
    assert isinstance(items, ProbeResult)
    images, labels = change(items.arrays["images"], items.arrays["labels"])
    changed = ProbeResult(items.inputs, items.kept, {"images": images, "labels": labels}, items.values)
    found = outcomes(sound | {"items": changed})
    assert {name for name, outcome in found.items() if outcome.credit < 1} - {BONUS} == expected
    message = found[expected.copy().pop()].message
    assert message is not None
    assert words in message.en


JUNK: tuple[Any, ...] = ({}, "x", 7, ["x"], [["x"]], None, True, 0.5)
CRITERIA_OF = {probe: ("length", "images", "labels") if probe == "items" else (probe,) for probe in PROBES}


def settle(probe: str, result: ProbeResult) -> None:
    """Runs the hidden tests of one probe. Nothing but their own ways to fail may come out: what a probe brings is the
    student's, and a crash would count as the course's fault."""
    left = evidence_of({probe: result})
    for name in CRITERIA_OF[probe]:
        with contextlib.suppress(CriterionFailed, ProbeFailed):
            getattr(HIDDEN, f"test_{name}")(left, Mark(SPEC.criterion(name)))


@pytest.mark.parametrize("probe", PROBES)
def test_hidden_tests_stand_any_value_a_probe_may_bring(probe: str, sound: dict[str, ProbeResult | Ending]) -> None:
    result = sound[probe]
    assert isinstance(result, ProbeResult)
    for name, value in result.values.items():
        for junk in JUNK:
            settle(probe, dataclasses.replace(result, values={**result.values, name: junk}))
            if isinstance(value, dict):
                inner = dict.fromkeys(value, junk)
                settle(probe, dataclasses.replace(result, values={**result.values, name: inner}))
    settle(probe, ProbeResult(result.inputs, result.kept, {}, {}))


@pytest.mark.parametrize("probe", PROBES)
def test_hidden_tests_stand_any_array_a_probe_may_bring(probe: str, sound: dict[str, ProbeResult | Ending]) -> None:
    result = sound[probe]
    assert isinstance(result, ProbeResult)
    shapes = ((), (0,), (3,), (62, 1), (62, 32, 32, 3), (0, 32, 32, 3), (2, 3, 32, 32), (0, 3, 32, 32))
    for name in result.arrays:
        for shape, dtype in itertools.product(shapes, ("uint8", "int64", "float32", "float16", "bool")):
            for fill in (0, 1, np.nan) if dtype.startswith("float") else (0, 1):
                settle(probe, dataclasses.replace(result, arrays={**result.arrays, name: np.full(shape, fill, dtype)}))


def test_inputs_are_drawn_anew_and_keep_the_answers_back() -> None:
    (first, kept), (second, _) = (INPUTS.items(np.random.default_rng(seed), None, None) for seed in (1, 2))
    assert not np.array_equal(first["file_data_batch_1"], second["file_data_batch_1"])
    assert set(first) == {f"file_{name}" for name in (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch")} | {
        "file_batches.meta"
    }
    assert kept["train_images"].shape == (len(kept["train_labels"]), 32, 32, 3)
    assert len(kept["test_labels"]) not in range(17)


def test_spec_of_the_stand_in_has_bars_of_its_own() -> None:
    assert SPEC.stand_in is not None
    there = SPEC.on_pack("cifar10-standin")
    assert (there.data.pack, there.evaluation.bar, SPEC.evaluation.bar) == ("cifar10-standin", 0.85, 0.65)
    for name in ("accuracy", BONUS):
        assert there.criterion(name).partial != SPEC.criterion(name).partial
        assert there.criterion(name).expected != SPEC.criterion(name).expected
    assert SPEC.on_pack("cifar10") is SPEC
    assert SPEC.stand_in.pack == CIFAR10_STANDIN.id
    with pytest.raises(ValueError, match="mnist"):
        SPEC.on_pack("mnist")


@pytest.mark.parametrize(
    ("pack", "correct", "status", "bonus"),
    [
        ("cifar10", 6_500, Status.PASSED, False),
        ("cifar10", 6_499, Status.PARTIAL, False),
        ("cifar10", 5_000, Status.FAILED, False),
        ("cifar10", 8_500, Status.PASSED, True),
        ("cifar10-standin", 8_500, Status.PASSED, False),
        ("cifar10-standin", 8_499, Status.PARTIAL, False),
        ("cifar10-standin", 6_000, Status.FAILED, False),
        ("cifar10-standin", 9_300, Status.PASSED, True),
    ],
)
def test_accuracy_is_judged_by_the_bars_of_the_pack(
    pack: str, correct: int, status: Status, bonus: bool, sound: dict[str, ProbeResult | Ending]
) -> None:
    found = outcomes(sound, correct, SPEC.on_pack(pack))
    assert found["accuracy"].status is status
    assert (found[BONUS].status is Status.PASSED) == bonus


@pytest.mark.parametrize("pack", ["cifar10", "cifar10-standin"])
def test_spec_bar_is_the_one_of_the_partial_credit(pack: str) -> None:
    spec = SPEC.on_pack(pack)
    partial = spec.criterion("accuracy").partial
    assert isinstance(partial, PartialCreditSpec)
    assert partial.full == spec.evaluation.bar
    assert SPEC.points - SPEC.criterion("accuracy").points * (1 - partial.cap) < SPEC.pass_mark


@pytest.mark.parametrize("essential", ["own_work", "images", "labels"])
def test_spec_breaking_an_essential_rule_cannot_pass(essential: str) -> None:
    assert SPEC.points - SPEC.criterion(essential).points < SPEC.pass_mark


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
    percent = " %" if language == "en" else "%"
    bars = [f"{bar}{percent}" for bar in (65, 50, 85, 60, 93)]
    for figure in ("240", "90", "4 GiB", "1,000,000", "cifar10-standin", *bars, SPEC.title.in_language(language)):
        assert figure in readme


@pytest.mark.parametrize("folder", [MISSION.starter, MISSION.reference, *MISSION.counterexamples], ids=lambda f: f.name)
def test_solutions_define_what_the_mission_asks_for(folder: Path) -> None:
    tree = ast.parse((folder / "solution.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert {"CustomDataset", "make_loader", "train"} <= defined.keys()
    train = defined["train"]
    assert isinstance(train, ast.FunctionDef)
    if folder.name != "asks_for_train_set":
        assert {argument.arg for argument in train.args.args} <= set(SPEC.entry.offers)


@pytest.mark.parametrize("folder", MISSION.counterexamples, ids=lambda folder: folder.name)
def test_counterexample_names_criteria_it_loses(folder: Path) -> None:
    expected = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    assert expected["fails"]
    assert set(expected["fails"]) <= IDS
    assert set(expected["summary"]) == {"en", "ko"}
    assert len((folder / "solution.py").read_text(encoding="utf-8").splitlines()) <= 80


def test_every_criterion_is_lost_by_some_counterexample() -> None:
    lists = [
        tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))["fails"]
        for folder in MISSION.counterexamples
    ]
    assert {name for fails in lists for name in fails} == IDS
    assert len(lists) >= 8
