"""Weights that are equal, rearranged or nearly equal are counted; what everybody has counts for nobody."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.errors import ArtifactRejected
from grader.similarity.compare import compare_cohort
from grader.similarity.models import read_model
from grader.similarity.results import Thresholds, WeightSimilarity, Work
from grader.similarity.weights import ModelPrint, compare_models, model_print
from tests.conftest import ROOT
from tests.unit.similarity import variants

GOLDEN = sorted((ROOT / "tests" / "unit" / "artifact" / "golden").rglob("*.pt2"))
Arrays = dict[str, NDArray[np.float32]]


def network(seed: int) -> Arrays:
    """A small network as trained with that seed: 16x1x5x5, 32x16x3x3, 10x288 and tensors that say nothing."""
    rng = np.random.default_rng(seed)
    shapes = {"conv1": (16, 1, 5, 5), "conv2": (32, 16, 3, 3), "head": (10, 288)}
    arrays = {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    return {**arrays, "bias": np.zeros(32, np.float32), "norm": np.ones(128, np.float32)}


PARAMETERS = 16 * 25 + 32 * 16 * 9 + 2880


def compared(
    *models: Arrays, limit: int = 10, shared: tuple[Arrays, ...] = ()
) -> dict[tuple[int, int], WeightSimilarity]:
    prints: list[ModelPrint | None] = [model_print(model) for model in models]
    return compare_models(prints, common_limit=limit, shared=[model_print(model) for model in shared])[0]


def test_independent_models_share_nothing() -> None:
    assert compared(*(network(seed) for seed in range(6))) == {}


def test_equal_models_share_all_parameters_whatever_they_are_called() -> None:
    copy = {f"other.{name}": values.copy() for name, values in network(0).items()}
    assert compared(network(0), copy) == {
        (0, 1): WeightSimilarity(equal=PARAMETERS, rearranged=0, near=0, parameters=PARAMETERS)
    }


def test_one_equal_layer_counts_by_its_share() -> None:
    found = compared(network(0), {**network(1), "conv2": network(0)["conv2"]})[0, 1]
    assert found.equal == 32 * 16 * 9
    assert found.share == pytest.approx(32 * 16 * 9 / PARAMETERS)


def test_permuted_channels_are_seen_through() -> None:
    rng = np.random.default_rng(7)
    original, order = network(0), rng.permutation(16)
    permuted = {**original, "conv1": original["conv1"][order], "conv2": original["conv2"][:, order]}
    found = compared(original, permuted)[0, 1]
    assert (found.equal, found.rearranged, found.near) == (2880, PARAMETERS - 2880, 0)
    assert found.share == 1.0


@pytest.mark.parametrize(("distance", "near"), [(0.001, True), (0.02, True), (0.04, True), (0.1, False), (0.5, False)])
def test_a_little_more_training_is_near_and_much_is_not(distance: float, near: bool) -> None:
    rng = np.random.default_rng(3)
    moved = {}
    for name, values in network(0).items():
        step = rng.normal(size=values.shape)
        moved[name] = (values + distance * np.linalg.norm(values) * step / np.linalg.norm(step)).astype(np.float32)
    found = compared(network(0), moved)
    assert (found[0, 1].near == PARAMETERS) if near else (found == {})


def test_smaller_model_is_what_counts() -> None:
    larger = {**network(0), "more": network(5)["conv2"]}
    found = compared(larger, network(0))[0, 1]
    assert (found.equal, found.parameters) == (PARAMETERS, PARAMETERS)


def test_tensor_repeated_in_one_model_is_no_match() -> None:
    twice = {"a": network(0)["conv2"], "b": network(0)["conv2"]}
    assert compared(twice, network(1)) == {}


def test_pretrained_weights_count_for_nobody() -> None:
    models = [{**network(seed), "conv2": network(9)["conv2"] * np.float32(1.001)} for seed in range(2)]
    assert compared(*models)[0, 1].near + compared(*models)[0, 1].equal == 32 * 16 * 9
    assert compared(*models, shared=(network(9),)) == {}


def test_what_more_than_the_limit_have_counts_for_nobody() -> None:
    models = [{**network(seed), "conv2": network(99)["conv2"]} for seed in range(5)]
    assert len(compared(*models, limit=4)) == 10
    assert compared(*models, limit=3) == {}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_tensors_without_meaning_are_left_out(bad: float) -> None:
    arrays = {
        "tiny": np.arange(10, dtype=np.float32),
        "constant": np.full((64, 64), 0.5, np.float32),
        "counter": np.arange(100),
        "broken": np.full((20, 20), bad, np.float32),
        "empty": np.zeros((0, 4), np.float32),
    }
    assert model_print(arrays) == ()
    assert compared(arrays, arrays) == {}


@pytest.mark.parametrize("path", GOLDEN[:2], ids=lambda path: path.parent.name + "/" + path.name)
def test_archive_is_read_without_unpickling(path: Path) -> None:
    first, second = read_model(path), read_model(path)
    assert first
    assert [tensor.exact for tensor in first] == [tensor.exact for tensor in second]


def test_foreign_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.pt2").write_bytes(b"\x80\x04not a model")
    with pytest.raises(ArtifactRejected):
        read_model(tmp_path / "model.pt2")


def test_pair_with_equal_models_is_listed_though_the_code_differs(tmp_path: Path) -> None:
    sources = variants.honest()
    archive = max(GOLDEN, key=lambda path: path.stat().st_size)
    works = []
    for name, content in (("aster", archive.read_bytes()), ("elm", archive.read_bytes()), ("fir", b"garbage")):
        model = tmp_path / f"{name}.pt2"
        model.write_bytes(content)
        made = variants.work(tmp_path / "works", name, sources[name])
        works.append(Work(student_id=name, name=name, root=made.root, model=model))
    found = compare_cohort("mission_cnn", works, starter=variants.STARTER, thresholds=Thresholds())
    assert [(pair.first, pair.second) for pair in found.pairs] == [("aster", "elm")]
    assert found.pairs[0].weights is not None
    assert found.pairs[0].weights.share == 1.0
    assert found.pairs[0].code < 0.3
    assert found.works[2].parameters is None
    assert "not accepted" in found.works[2].notes[0].en
