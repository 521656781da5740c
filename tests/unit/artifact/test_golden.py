"""Archives that released versions of torch wrote, and the logits that the module gave there."""

from pathlib import Path

import numpy as np
import pytest
import torch

from grader.artifact import Caps, read_artifact
from grader.evaluation.interpreter import Interpreter, predict
from grader.graph.description import describe
from tests.unit.artifact.golden.make import images

torch.set_num_threads(1)
GOLDEN = Path(__file__).parent / "golden"
ARCHIVES = sorted(path.name for path in GOLDEN.glob("*.pt2"))


def test_every_supported_version_has_both_kinds() -> None:
    expected = [f"torch-{version}-{kind}.pt2" for version in ("2.13", "2.15") for kind in ("by-hand", "decomposed")]
    assert expected == ARCHIVES


@pytest.mark.parametrize("name", ARCHIVES)
def test_golden_artifact_gives_the_logits_of_its_module(name: str) -> None:
    program = read_artifact(GOLDEN / name, Caps())
    version = name.split("-")[1]
    assert program.torch_version.startswith(version)
    expected = np.load(GOLDEN / f"torch-{version}.npy", allow_pickle=False)
    logits = predict(Interpreter(program), images(), 2).numpy()
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ARCHIVES)
def test_golden_artifact_has_its_layers(name: str) -> None:
    facts = describe(read_artifact(GOLDEN / name, Caps()), image_shape=(1, 8, 8), max_batch=250, caps=Caps())
    groups = {group: facts.groups[group] for group in ("conv", "norm", "pool", "recurrent", "attention", "dense")}
    assert groups == dict.fromkeys(groups, 1)
    assert facts.parameters == 4 * 9 + 4 + 8 + 16 * 8 + 16 * 4 + 32 + 68 * 3 + 3
