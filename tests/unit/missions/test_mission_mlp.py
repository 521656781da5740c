"""The MLP mission's files agree with each other, its project works, and its hidden tests say what they should."""

import ast
import copy
import filecmp
import importlib
import importlib.util
import json
import logging
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from grader.course import find_course
from grader.evaluation.measures import Agreement, Evaluation
from grader.evidence import Evidence, ProbeFailed, ProbeResult, Training
from grader.hidden_tests import Mark, judge
from grader.hidden_tests.mark import CriterionFailed
from grader.results import Ending, Reason, Status
from grader.spec import PartialCreditSpec
from grader.text import Language, Text

MISSION = find_course(Path(__file__).parent).mission("mission_mlp")
SPEC = MISSION.spec
IDS = {criterion.id for criterion in SPEC.criteria}
PROBED = {"config_model", "config_training", "seed", "resume", "metrics", "base_classes"}
SAME = Agreement(deviation=0.0, changed=0)
WRITTEN_BY_THE_LEARNER = {"model/model.py", "model/metric.py", "config.json"}
PROJECT_MODULES = {"base", "configuration", "data_loader", "logger", "model", "solution", "trainer"}


def load(path: Path) -> ModuleType:
    """A module of the mission's own, by its path."""
    spec = importlib.util.spec_from_file_location(f"mission_mlp_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HIDDEN_TESTS = load(MISSION.hidden_tests / "test_mlp.py")


class Student:
    """Stands in for the sandbox's view of the submission."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def get(self, name: str) -> Any:
        return getattr(self.module, name)


@pytest.fixture(scope="module")
def solution() -> Iterator[ModuleType]:
    """The reference's project, imported as the runner imports it; nothing of it stays behind."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # its work here is so small that threads only wait for each other
    sys.path.insert(0, str(MISSION.reference))
    try:
        yield importlib.import_module("solution")
    finally:
        torch.set_num_threads(threads)
        sys.path.remove(str(MISSION.reference))
        for name in [name for name in sys.modules if name.partition(".")[0] in PROJECT_MODULES]:
            del sys.modules[name]


@pytest.fixture(scope="module")
def drawn() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Inputs of every probe, drawn from noise."""
    inputs = load(MISSION.hidden_tests / "inputs.py")
    random = np.random.default_rng(5)
    images = random.integers(0, 256, (1000, 1, 28, 28), dtype=np.uint8)
    labels = random.integers(0, 10, 1000)
    return {probe.id: getattr(inputs, probe.id)(random, images, labels) for probe in SPEC.probes}


@pytest.fixture(scope="module")
def sound(
    solution: ModuleType,
    drawn: dict[str, tuple[dict[str, Any], dict[str, Any]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, ProbeResult]:
    """What the probes give for the reference."""
    probes = load(MISSION.probes)
    results = {}
    for probe_id, (sent, kept) in drawn.items():
        given = getattr(probes, probe_id)(Student(solution), sent, tmp_path_factory.mktemp(probe_id))
        arrays = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
        values = json.loads(json.dumps({name: value for name, value in given.items() if name not in arrays}))
        results[probe_id] = ProbeResult(sent, kept, arrays=arrays, values=values)
    return results


class Graph:
    """Stands in for the facts about a sound network."""

    images_apart = False

    def __init__(self, parameters: int = 535_818, attention: tuple[str, ...] = (), **groups: int) -> None:
        self.parameters = self.stored_numbers = parameters
        self.attention = attention
        self.groups = {"dense": 3, "activation": 2, "shape": 1, "arithmetic": 2, **groups}


def evaluation(**changes: Any) -> Evaluation:
    """A sound network at 98.4 %, but for `changes`."""
    found: dict[str, Any] = {
        "images": 10_000,
        "correct": 9_840,
        "non_finite": 0,
        "confusion": (),
        "perturbed_accuracy": 0.98,
        "repeated": SAME,
        "by_batch_size": {1: SAME, 7: SAME, 1000: SAME},
        "reordered": SAME,
        "ablation_drop": {"dense": 0.88},
        "seconds": 1.0,
    }
    return Evaluation(**{**found, **changes})


def evidence(sound: dict[str, ProbeResult], **changes: Any) -> Evidence:
    """What a sound submission leaves, but for `changes`."""
    trained = Training(completed=True, reproduced=True, seconds=15.0, cpu_s=22.0, budget_s=80.0, log=())
    found: dict[str, Any] = {
        "spec": SPEC,
        "files": ("solution.py",),
        "findings": (),
        "training": trained,
        "ending": None,
        "maybe_graph": Graph(),
        "maybe_evaluation": evaluation(),
        "probes": sound,
    }
    return Evidence(**{**found, **changes})


def lost(of: Evidence) -> set[str]:
    """Criteria that did not earn all their points."""
    outcomes = judge(MISSION.hidden_tests, of)
    return {name for name, outcome in outcomes.items() if outcome.status is not Status.PASSED}


def fails(criterion_id: str, of: Evidence) -> bool:
    """Whether that criterion's hidden test, called directly, does not grant it; a crash is neither."""
    try:
        getattr(HIDDEN_TESTS, f"test_{criterion_id}")(of, Mark(SPEC.criterion(criterion_id)))
    except (CriterionFailed, ProbeFailed):
        return True
    return False


def altered(sound: dict[str, ProbeResult], probe_id: str, **changes: Any) -> dict[str, ProbeResult]:
    """The sound results with some of one probe's replaced; None leaves one out."""
    result = sound[probe_id]
    arrays = {name: value for name, value in result.arrays.items() if name not in changes}
    values = {name: value for name, value in result.values.items() if name not in changes}
    for name, value in changes.items():
        if value is not None:
            (arrays if isinstance(value, np.ndarray) else values)[name] = value
    return {**sound, probe_id: ProbeResult(result.inputs, result.kept, arrays=arrays, values=values)}


def test_hidden_tests_reference_in_its_probes_earns_every_point(sound: dict[str, ProbeResult]) -> None:
    assert lost(evidence(sound)) == set()


def test_hidden_tests_early_end_loses_everything(sound: dict[str, ProbeResult]) -> None:
    ending = Ending(reason=Reason.TRAIN_ERROR, message=Text("why", "이유"), advice=Text("what next", "다음 단계"))
    assert lost(evidence(sound, ending=ending, maybe_graph=None, maybe_evaluation=None)) == IDS


def test_hidden_tests_probes_that_raise_lose_their_criteria_with_the_reason(sound: dict[str, ProbeResult]) -> None:
    ending = Ending(reason=Reason.TRAIN_ERROR, message=Text("KeyError", "KeyError"), advice=Text("next", "다음"))
    failed = evidence(sound, probes=dict.fromkeys(sound, ending))
    outcomes = judge(MISSION.hidden_tests, failed)
    assert lost(failed) == PROBED
    assert all(outcomes[name].message == ending.message for name in PROBED)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"maybe_graph": Graph(conv=1)}, {"dense_only"}),
        ({"maybe_graph": Graph(norm=1)}, {"dense_only"}),
        ({"maybe_graph": Graph(reduce=1)}, {"dense_only"}),
        ({"maybe_graph": Graph(attention=("matmul",))}, {"dense_only"}),
        ({"maybe_graph": Graph(dense=0)}, {"dense_only"}),
        ({"maybe_evaluation": evaluation(ablation_drop={"dense": 0.1})}, {"dense_only"}),
        ({"maybe_graph": Graph(parameters=1_000_001)}, {"parameters"}),
        ({"maybe_evaluation": evaluation(non_finite=1)}, {"finite", "batch_size"}),
        ({"maybe_evaluation": evaluation(by_batch_size={1: None})}, {"batch_size"}),
        ({"maybe_evaluation": evaluation(correct=9_800)}, set()),
        ({"maybe_evaluation": evaluation(correct=9_799)}, {"accuracy"}),
    ],
)
def test_hidden_tests_one_flaw_of_the_model_loses_its_own_criteria(
    sound: dict[str, ProbeResult], changes: dict[str, Any], expected: set[str]
) -> None:
    assert lost(evidence(sound, **changes)) == expected


def test_config_model_sees_each_part_of_the_architecture(sound: dict[str, ProbeResult]) -> None:
    arrays = sound["model"].arrays
    flaws: list[dict[str, Any]] = [
        {"logits_0": arrays["logits_0"] * np.float32(1.01)},
        {"logits_1": np.full_like(arrays["logits_1"], np.nan)},
        {"logits_0": np.full_like(arrays["logits_0"], np.inf)},
        {"weight_0_0": np.full_like(arrays["weight_0_0"], np.inf)},
        {"dropped_1": np.full_like(arrays["dropped_1"], np.inf)},
        {"logits_0": arrays["logits_0"].astype(np.float64)},
        {"weight_1_0": arrays["weight_1_0"][:-1]},
        {"bias_0_0": arrays["bias_0_0"][:-1]},
        {"weight_0_0": np.zeros((), np.float32)},
        {"layers_0": 0},
        {"layers_0": None},
        {"dropped_0": np.full_like(arrays["dropped_0"], arrays["dropped_0"].mean())},
        {"dropped_1": arrays["dropped_1"] * np.float32(1.2)},
        {"dropped_0": np.zeros(0, np.float32)},
    ]
    for flaw in flaws:
        assert fails("config_model", evidence(altered(sound, "model", **flaw))), flaw


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu"])
def test_config_model_activations_are_told_apart(
    sound: dict[str, ProbeResult], solution: ModuleType, activation: str
) -> None:
    probes = load(MISSION.probes)
    result = sound["model"]
    configs = copy.deepcopy(result.inputs["configs"])
    configs[0]["arch"]["args"]["activation"] = activation
    given = probes.model(Student(solution), {**result.inputs, "configs": configs}, Path())
    arrays = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
    values = {name: value for name, value in given.items() if name not in arrays}
    for asked in ("relu", "tanh", "sigmoid", "gelu"):
        wanted = copy.deepcopy(configs)
        wanted[0]["arch"]["args"]["activation"] = asked
        probe = ProbeResult({**result.inputs, "configs": wanted}, {}, arrays=arrays, values=values)
        assert fails("config_model", evidence({**sound, "model": probe})) == (asked != activation)


def test_config_training_sees_epochs_and_learning_rate(sound: dict[str, ProbeResult]) -> None:
    result = sound["training"]
    still, slow, fast = (result.arrays[name] for name in ("still", "slow", "fast"))
    flaws: list[dict[str, Any]] = [
        {"epochs": [*result.values["epochs"], 9]},
        {"epochs": ["one", 10**400, [[]]]},
        {"fast": slow},
        {"slow": still, "fast": still},
        {"fast": fast[:-1]},
        {"fast": np.full_like(fast, np.nan)},
    ]
    for flaw in flaws:
        assert fails("config_training", evidence(altered(sound, "training", **flaw))), flaw


def test_seed_sees_both_kinds_of_neglect(sound: dict[str, ProbeResult]) -> None:
    first, other = (sound["seeds"].arrays[name] for name in ("first", "other"))
    assert fails("seed", evidence(altered(sound, "seeds", again=other)))
    assert fails("seed", evidence(altered(sound, "seeds", other=first)))


def test_resume_sees_epochs_and_weights(sound: dict[str, ProbeResult]) -> None:
    whole, stopped = (sound["resume"].arrays[name] for name in ("whole", "stopped"))
    assert np.array_equal(whole, sound["resume"].arrays["resumed"])
    flaws: list[dict[str, Any]] = [
        {"resumed_epochs": [1, 2, 3, 4]},
        {"resumed_epochs": []},
        {"resumed": stopped},
        {"resumed": whole + (whole - stopped) * np.float32(0.1)},
    ]
    for flaw in flaws:
        assert fails("resume", evidence(altered(sound, "resume", **flaw))), flaw


def test_metrics_sees_missing_and_untrue_figures(sound: dict[str, ProbeResult]) -> None:
    lines = sound["metrics"].values["lines"]
    last = lines[-1]
    flaws: list[list[Any]] = [
        [],
        lines[:-1],
        [[], *lines[1:]],
        [*lines[:-1], {**last, "valid_accuracy": last["valid_accuracy"] + 0.01}],
        [*lines[:-1], {**last, "valid_loss": last["valid_loss"] * 1.01}],
        [*lines[:-1], {**last, "valid_loss": True}],
        [*lines[:-1], {**last, "valid_loss": 10**400}],
        [*lines[:-1], {**last, "epoch": 10**400}],
        [{name: value for name, value in line.items() if name != "train_loss"} for line in lines],
    ]
    for flaw in flaws:
        assert fails("metrics", evidence(altered(sound, "metrics", lines=flaw))), flaw
    for alike in ({"lines": [], "epochs": []}, {"lines": [1], "epochs": ["one"]}):
        assert fails("metrics", evidence(altered(sound, "metrics", **alike))), alike


def test_base_classes_names_the_one_that_is_missing(sound: dict[str, ProbeResult]) -> None:
    without = evidence(altered(sound, "bases", made={"BaseModel": 1, "BaseDataLoader": 2}))
    outcome = judge(MISSION.hidden_tests, without)["base_classes"]
    assert outcome.status is Status.FAILED
    assert outcome.message is not None
    assert "BaseTrainer" in outcome.message.en


def test_accuracy_just_below_the_bar_is_partial_and_cannot_pass(sound: dict[str, ProbeResult]) -> None:
    outcomes = judge(MISSION.hidden_tests, evidence(sound, maybe_evaluation=evaluation(correct=9_799)))
    score = sum(criterion.points * outcomes[criterion.id].credit for criterion in SPEC.criteria)
    assert outcomes["accuracy"].status is Status.PARTIAL
    assert 80 < score < SPEC.pass_mark


@pytest.mark.parametrize("essential", ["own_model", "dense_only", "config_model", "config_training", "resume"])
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
def test_readme_names_what_is_offered_the_limits_and_every_key_of_the_configuration(language: Language) -> None:
    readme = MISSION.readme(language).read_text(encoding="utf-8")
    for offer in SPEC.entry.offers:
        assert f"| `{offer}` |" in readme
    for figure in ("80", "40", "4 GiB", "1,000,000", f"{SPEC.pass_mark:g}", SPEC.title.in_language(language)):
        assert figure in readme
    config = json.loads((MISSION.starter / "config.json").read_text(encoding="utf-8"))
    nested = [f"{name}.{key}" for name, part in config.items() if isinstance(part, dict) for key in part]
    for key in (*nested, *(name for name, part in config.items() if not isinstance(part, dict))):
        assert f"`{key}`" in readme


def _files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_reference_differs_from_the_starter_only_where_the_learner_writes() -> None:
    files = _files(MISSION.starter)
    assert files == _files(MISSION.reference)
    equal, different, unreadable = filecmp.cmpfiles(MISSION.starter, MISSION.reference, files, shallow=False)
    assert set(different) == WRITTEN_BY_THE_LEARNER
    assert not unreadable
    assert set(equal) == files - WRITTEN_BY_THE_LEARNER


@pytest.mark.parametrize("folder", MISSION.counterexamples, ids=lambda folder: folder.name)
def test_counterexample_is_small_and_says_what_is_wrong(folder: Path) -> None:
    expected = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    assert expected["base"] == "reference"
    assert set(expected["fails"]) <= IDS
    sources = [path for path in folder.rglob("*.py") if "__pycache__" not in path.parts]
    for path in sources:
        source = path.read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(source))
        assert len(source.splitlines()) <= 90


def _data(count: int = 64) -> TensorDataset:
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (count, 1, 28, 28), dtype=torch.uint8, generator=generator)
    return TensorDataset(images, torch.randint(0, 10, (count,), generator=generator))


def _config(drawn: dict[str, tuple[dict[str, Any], dict[str, Any]]], **trainer: Any) -> dict[str, Any]:
    config: dict[str, Any] = copy.deepcopy(drawn["bases"][0]["config"])
    config["trainer"].update(trainer)
    return config


def _epochs(folder: Path) -> list[int]:
    return [json.loads(line)["epoch"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_project_stops_early_and_returns_the_best_weights(
    solution: ModuleType, drawn: dict[str, Any], tmp_path: Path
) -> None:
    config = _config(drawn, epochs=9, early_stop=2)
    config["optimizer"]["args"]["lr"] = 0.0  # nothing ever improves on the first epoch
    model = solution.run(config, _data(), _data(), torch.device("cpu"), tmp_path)
    assert _epochs(tmp_path) == [1, 2, 3]
    best = torch.load(tmp_path / "best.pth", weights_only=True)
    assert best["epoch"] == 1
    assert all(torch.equal(value, best["model"][name]) for name, value in model.state_dict().items())


def test_project_out_of_time_ends_with_a_model(solution: ModuleType, drawn: dict[str, Any], tmp_path: Path) -> None:
    config = _config(drawn, epochs=9)
    model = solution.run(config, _data(), _data(), torch.device("cpu"), tmp_path, out_of_time=lambda: True)
    assert _epochs(tmp_path) == [1]
    assert not model.training


def test_project_resumed_run_with_dropout_and_batches_equals_the_uninterrupted_one(
    solution: ModuleType, drawn: dict[str, Any], tmp_path: Path
) -> None:
    config = _config(drawn, epochs=4)
    config["arch"]["args"]["dropout"] = 0.5
    config["data_loader"]["batch_size"] = 10
    config["optimizer"] = {"type": "AdamW", "args": {"lr": 0.01}}
    config["lr_scheduler"]["type"] = "cosine"
    ends = []
    for name, resume in (("whole", None), ("resumed", tmp_path / "whole" / "checkpoint-epoch2.pth")):
        (tmp_path / name).mkdir()
        solution.run(config, _data(), _data(), torch.device("cpu"), tmp_path / name, resume=resume)
        ends.append(torch.load(tmp_path / name / "checkpoint-epoch4.pth", weights_only=True))
    assert all(torch.equal(value, ends[1]["model"][name]) for name, value in ends[0]["model"].items())


def test_project_resume_with_another_schedule_is_refused(
    solution: ModuleType, drawn: dict[str, Any], tmp_path: Path
) -> None:
    config = _config(drawn, epochs=2)
    config["lr_scheduler"]["type"] = "one_cycle"
    solution.run(config, _data(), _data(), torch.device("cpu"), tmp_path)
    config["trainer"]["epochs"] = 3
    with pytest.raises(ValueError, match="scheduled for 2 epochs"):
        solution.run(config, _data(), _data(), torch.device("cpu"), tmp_path, resume=tmp_path / "checkpoint-epoch1.pth")


def test_project_figures_weigh_images_equally_whatever_the_batches(
    solution: ModuleType, drawn: dict[str, Any], tmp_path: Path
) -> None:
    config = _config(drawn)
    config["optimizer"]["args"]["lr"] = 0.0
    config["data_loader"]["batch_size"] = 60  # of 64 images: the second batch holds four
    solution.run(config, _data(), _data(), torch.device("cpu"), tmp_path)
    line = json.loads((tmp_path / "metrics.jsonl").read_text())
    assert line["train_loss"] == pytest.approx(line["valid_loss"], rel=1e-5)
    assert line["train_accuracy"] == pytest.approx(line["valid_accuracy"], rel=1e-5)


def test_project_without_tensorboard_says_so_and_goes_on(
    solution: ModuleType,
    drawn: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with caplog.at_level(logging.WARNING):
        solution.run(_config(drawn, tensorboard=True), _data(), _data(), torch.device("cpu"), tmp_path)
    assert "pip install tensorboard" in caplog.text
    assert _epochs(tmp_path) == [1]


def test_project_unknown_names_are_refused_with_the_choices(
    solution: ModuleType, drawn: dict[str, Any], tmp_path: Path
) -> None:
    for section, choices in (("optimizer", "AdamW"), ("lr_scheduler", "one_cycle")):
        config = _config(drawn)
        config[section]["type"] = "magic"
        with pytest.raises(ValueError, match=choices):
            solution.run(config, _data(), _data(), torch.device("cpu"), tmp_path)


def test_configuration_refuses_broken_files(solution: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("{,}", encoding="utf-8")
    with pytest.raises(ValueError, match="line 1"):
        solution.read_config(path)
    path.write_text('{"name": "x"}', encoding="utf-8")
    with pytest.raises(ValueError, match="optimizer"):
        solution.read_config(path)


def test_train_py_trains_with_replaced_values_and_resumes(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(MISSION.reference, project, ignore=shutil.ignore_patterns("__pycache__"))
    data = tmp_path / "arrays"
    data.mkdir()
    np.save(data / "images.npy", np.zeros((5100, 1, 28, 28), np.uint8))
    np.save(data / "labels.npy", np.zeros(5100, np.uint8))

    def train(*arguments: str) -> str:
        command = [sys.executable, "train.py", "-c", "config.json", "-d", "cpu", "--data", str(data), *arguments]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300, check=True)
        return done.stderr

    train("--lr", "0.125", "--epochs", "2", "--batch-size", "50", "--seed", "3")
    (folder,) = (tmp_path / "saved" / "mnist_mlp").iterdir()
    checkpoint = torch.load(folder / "checkpoint-epoch1.pth", weights_only=True)
    config = checkpoint["config"]
    assert (config["optimizer"]["args"]["lr"], config["data_loader"]["batch_size"], config["seed"]) == (0.125, 50, 3)
    said = train("--lr", "0.125", "--epochs", "2", "-r", str(folder / "checkpoint-epoch1.pth"))
    assert "Resumed after epoch 1" in said
    assert _epochs(folder) == [1, 2, 2]
    assert _files(project) == _files(MISSION.reference)
