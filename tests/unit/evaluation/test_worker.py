"""Which passes a model is given, and that those left out would have said nothing else."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from grader.artifact import Caps
from grader.errors import ArtifactRejected
from grader.evaluation import worker
from grader.evaluation.host import _job
from grader.evaluation.interpreter import Interpreter
from grader.evaluation.worker import _send_logits, passes, run
from grader.graph import GraphFacts
from grader.graph.description import describe
from tests.unit.artifact.models import MODELS, export, program_of
from tests.unit.diagnosis.planted import SOUND_GRAPH
from tests.unit.specs import small_spec

torch.set_num_threads(1)

JOB: dict[str, Any] = {
    "sample_images": 100,
    "batch_sizes": [1, 7, 100],
    "seed": 3,
    "perturbation": {"rotation_degrees": 5.0, "noise_grey_levels": 8.0, "shift_pixels": 1, "max_drop": 0.02},
    "ablate": ["conv"],
}
NEEDED = {"main", "perturbed", "without_conv"}
MIXING = {"public", "repeated", "reordered", "batch_1", "batch_7", "batch_100"}


def logits_of(name: str, folder: Path, **facts: bool) -> tuple[GraphFacts, dict[str, torch.Tensor]]:
    torch.manual_seed(0)
    program = program_of(MODELS[name]().eval(), folder)
    found = describe(program, image_shape=(1, 28, 28), max_batch=250, caps=Caps())
    images = torch.rand(120, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    made = passes(JOB, dataclasses.replace(found, **facts), Interpreter(program), images, images[50:60])
    return found, {name: logits for name, logits, _ in made}


@pytest.mark.parametrize(("name", "apart"), [("cnn", True), ("global_pool", True), ("vit", False)])
def test_model_that_keeps_images_apart_is_given_no_pass_that_would_tell_so(
    name: str, apart: bool, tmp_path: Path
) -> None:
    facts, logits = logits_of(name, tmp_path)
    assert facts.images_apart is apart
    needed = {one for one in NEEDED if one != "without_conv" or facts.groups.get("conv")}
    assert set(logits) == (needed if apart else needed | MIXING)


@pytest.mark.parametrize("name", ["cnn", "mlp", "lstm", "lstm_cell_loop", "conv_only", "global_pool", "many_in_place"])
def test_passes_that_are_left_out_would_have_said_the_same(name: str, tmp_path: Path) -> None:
    facts, all_of_them = logits_of(name, tmp_path, images_apart=False)
    assert facts.images_apart
    main = all_of_them["main"]
    for other in MIXING - {"public"}:
        torch.testing.assert_close(all_of_them[other], main[: len(all_of_them[other])], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(all_of_them["public"], main[50:60], atol=1e-5, rtol=1e-5)
    _, fewer = logits_of(name, tmp_path)
    assert torch.equal(fewer["perturbed"], all_of_them["perturbed"]), "the draws do not depend on what is left out"


class Rereader:
    """Stands in for an interpreter: reads every image as class 0 but some, once they are changed, as class 1."""

    def __init__(self, otherwise: int) -> None:
        self.program = SimpleNamespace(batch=None)
        self.otherwise = otherwise

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        marked = images[:, 0, 0, 0].long() < self.otherwise
        return torch.nn.functional.one_hot(marked.long(), 10).float()


@pytest.mark.parametrize(
    ("otherwise", "allowed", "looked_at"),
    [
        (0, 0.02, 1_000),
        (6, 0.02, 1_000),
        (7, 0.02, 2_500),
        (900, 0.02, 2_500),
        (0, 0.005, 2_500),
        (0, 0.0, 2_500),
        (300, 0.5, 1_000),
    ],
)
def test_changed_images_are_as_many_as_it_takes(
    otherwise: int, allowed: float, looked_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "perturb", lambda images, **_: images)
    images = torch.arange(3_000.0)[:, None, None, None].expand(-1, 1, 2, 2)
    rules = {"rotation_degrees": 0.0, "noise_grey_levels": 0.0, "shift_pixels": 0, "max_drop": allowed}
    main = torch.nn.functional.one_hot(torch.zeros(3_000, dtype=torch.long), 10).float()
    found = worker.perturbed(rules, Rereader(otherwise), images, main, 250, torch.Generator())  # type: ignore[arg-type]
    assert found.shape == (looked_at, 10)
    assert int(found.argmax(1).sum()) == otherwise


@pytest.mark.parametrize(("kib_per_image", "batch"), [(0, 250), (36, 250), (196, 125), (288, 85), (10_000, 50)])
def test_batches_of_wide_networks_are_small_enough_for_the_cache(kib_per_image: int, batch: int) -> None:
    facts = dataclasses.replace(SOUND_GRAPH, activation_bytes_per_image=kib_per_image * 1024)
    assert worker.batch_size(facts) == batch


def test_changed_image_without_a_number_is_read_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """No label equals it, even where its largest logit is in the same place as before."""
    monkeypatch.setattr(worker, "perturb", lambda images, **_: images)
    images, rules = torch.zeros(3_000, 1, 2, 2), dict.fromkeys(("rotation_degrees", "noise_grey_levels"), 0.0)
    main = torch.nn.functional.one_hot(torch.zeros(3_000, dtype=torch.long), 10).float()
    nowhere = SimpleNamespace(program=SimpleNamespace(batch=None), logits=lambda rows: main[: len(rows)] * torch.nan)
    found = worker.perturbed(
        rules | {"shift_pixels": 0, "max_drop": 0.02},
        nowhere,  # type: ignore[arg-type]
        images,
        main,
        250,
        torch.Generator(),
    )
    assert len(found) == 2_500


@pytest.mark.parametrize("rows", [1, 250])
def test_number_of_logits_that_depends_on_the_batch_is_refused_before_it_is_sent(rows: int) -> None:
    with pytest.raises(ArtifactRejected):
        _send_logits(lambda *_, **__: pytest.fail("sent"), "main", torch.zeros(rows, 40), 0.0, classes=10)


def test_names_take_no_more_bytes_than_they_have(tmp_path: Path) -> None:
    """Escaped, the longest names of ten thousand layers would exceed what the host takes, and not be the student's."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.add_module("합성곱", nn.Linear(784, 10))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.get_submodule("합성곱")(images.flatten(1))
            return logits

    path = tmp_path / "model.pt2"
    path.write_bytes(export(Net()))
    said: dict[str, bytes] = {}
    spec = small_spec()
    job = {**_job(spec, "salt"), "public_images": 1}
    pixels = np.zeros((8, 1, 28, 28), dtype=np.uint8)
    run(job, path, pixels, lambda event, blob=b"", **_: said.setdefault(event, blob))
    assert "합성곱".encode() in said["facts"]
