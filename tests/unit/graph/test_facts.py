"""Facts of honest models, counted by hand."""

import dataclasses
import io
import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader.artifact import Caps, read_artifact
from grader.errors import ArtifactRejected
from grader.graph import GraphFacts
from grader.graph.description import describe
from tests.unit.artifact.models import MODELS, export, program_of

torch.set_num_threads(1)


def facts_of(model: nn.Module, tmp_path: Path, *, dynamic: bool = True, batch: int = 2) -> GraphFacts:
    program = program_of(model, tmp_path, dynamic=dynamic, batch=batch)
    return describe(program, image_shape=(1, 28, 28), max_batch=250, caps=Caps())


def test_facts_of_cnn_are_those_counted_by_hand(tmp_path: Path) -> None:
    model = MODELS["cnn"]()
    facts = facts_of(model, tmp_path)
    assert facts.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert facts.stored_numbers == facts.parameters + 2 * 6 + 2  # running statistics, mean and std
    assert facts.groups["conv"] == 2
    assert facts.groups["dense"] == 1
    first, second = (layer for layer in facts.layers if layer.group == "conv")
    assert (first.name, first.op) == ("features.0", "conv2d.default")
    assert first.output_shape == (250, 6, 28, 28)
    assert (first.parameters, first.multiply_accumulates) == (6 * 9 + 6, 6 * 28 * 28 * 9)
    assert second.multiply_accumulates == 8 * 12 * 12 * 6 * 9
    assert facts.multiply_accumulates == 6 * 28 * 28 * 9 + 8 * 12 * 12 * 6 * 9 + 8 * 6 * 6 * 10
    assert (facts.batch_dynamic, facts.fixed_batch, facts.output_classes) == (True, None, 10)
    assert facts.activation_bytes_per_image >= 2 * 6 * 28 * 28 * 4
    assert facts.torch_version.startswith("2.")


def test_facts_survive_json(tmp_path: Path) -> None:
    facts = dataclasses.asdict(facts_of(MODELS["vit"](), tmp_path))
    assert json.loads(json.dumps(facts))["layers"][0]["group"] == facts["layers"][0]["group"]


@pytest.mark.parametrize(
    ("name", "group", "count", "products"),
    [
        ("lstm", "recurrent", 1, 28 * (28 + 12) * 48),
        ("lstm_cell_loop", "recurrent", 28, 28 * (28 + 12) * 48),
        ("gru", "recurrent", 1, 28 * (28 + 12) * 36),
        ("lstm_two_layers_both_ways", "recurrent", 1, 28 * 2 * ((28 + 12) * 48 + (24 + 12) * 48)),
        ("vit", "attention", 2, 2 * 2 * 17 * 17 * (8 + 8)),
        ("hand_written_attention", "dense", 5, 28 * 28 * 16 + 28 * 16 * 48 + 2 * 2 * 28 * 28 * 8 + 160),
    ],
)
def test_products_of_layers_are_those_counted_by_hand(
    name: str, group: str, count: int, products: int, tmp_path: Path
) -> None:
    facts = facts_of(MODELS[name](), tmp_path)
    assert facts.groups[group] == count
    assert sum(layer.multiply_accumulates for layer in facts.layers if layer.group == group) == products


class Disguised(nn.Module):
    """Dense layers by other names, and a layer that does nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.randn(784, 20))
        self.b = nn.Parameter(torch.randn(20, 20))
        self.c = nn.Parameter(torch.randn(10, 20))
        self.dead = nn.Linear(784, 1000)

    def forward(self, x: Tensor) -> Tensor:
        self.dead(x.flatten(1))
        x = torch.einsum("bi,ij->bj", x.flatten(1), self.a)
        x = torch.bmm(x[None], self.b[None])[0]
        return torch.addmm(torch.zeros(10), x, self.c.t())


def test_disguised_dense_layers_are_counted_and_dead_ones_are_not(tmp_path: Path) -> None:
    facts = facts_of(Disguised(), tmp_path)
    assert facts.groups["dense"] == 3
    assert facts.parameters == 784 * 20 + 20 * 20 + 200
    assert facts.multiply_accumulates == 784 * 20 + 20 * 20 + 200
    assert [layer.parameters for layer in facts.layers if layer.group == "dense"] == [784 * 20, 400, 200]


class TableInBuffer(nn.Module):
    """A dense layer whose weights the optimiser never sees."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.randn(10, 784))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.flatten(1), self.table)


def test_numbers_in_buffers_are_stored_but_not_trainable(tmp_path: Path) -> None:
    facts = facts_of(TableInBuffer(), tmp_path)
    assert (facts.parameters, facts.stored_numbers) == (0, 7840)


class PackedInBytes(nn.Module):
    """What an image is compared with lies in bytes, and a scale in a float64."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.randint(0, 256, (10, 785), dtype=torch.uint8))
        self.register_buffer("scale", torch.full((3,), 255.0, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.flatten(1), self.table[:, 1:].float() / self.scale.float().mean())


def test_every_number_is_stored_and_one_of_eight_bytes_is_two(tmp_path: Path) -> None:
    facts = facts_of(PackedInBytes(), tmp_path)
    assert (facts.parameters, facts.stored_numbers) == (0, 7850 + 3 * 2)


class PartsOfOneStorage(nn.Module):
    """Two layers' weights lie behind one another in the same memory, and between them what neither shows."""

    def __init__(self) -> None:
        super().__init__()
        memory = torch.randn(784 * 20 + 5 + 10 * 20)
        self.hidden = nn.Parameter(memory[: 784 * 20].view(20, 784))
        self.out = nn.Parameter(memory[784 * 20 + 5 :].view(10, 20))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.relu(F.linear(x.flatten(1), self.hidden)), self.out)


def test_parts_of_one_storage_count_each_and_are_stored_with_all_between_them(tmp_path: Path) -> None:
    facts = facts_of(PartsOfOneStorage(), tmp_path)
    assert (facts.parameters, facts.stored_numbers) == (784 * 20 + 200, 784 * 20 + 5 + 200)


def test_shared_weights_count_once(tmp_path: Path) -> None:
    facts = facts_of(MODELS["shared_weights"](), tmp_path)
    assert facts.parameters == 28 * 28 + 28 + 280


def test_fixed_batch_is_said(tmp_path: Path) -> None:
    facts = facts_of(MODELS["cnn"](), tmp_path, dynamic=False, batch=4)
    assert (facts.batch_dynamic, facts.fixed_batch) == (False, 4)
    assert facts.layers[0].output_shape[0] in (1, 4)


def test_other_image_shape_is_refused(tmp_path: Path) -> None:
    program = program_of(MODELS["cnn"](), tmp_path)
    with pytest.raises(ArtifactRejected, match=r"\(1, 28, 28\); this mission's are \(3, 32, 32\)"):
        describe(program, image_shape=(3, 32, 32), max_batch=10, caps=Caps())


class Returns(nn.Module):
    def __init__(self, what: str) -> None:
        super().__init__()
        self.head = nn.Linear(784, 10)
        self.what = what

    def forward(self, x: Tensor) -> Tensor:
        logits = self.head(x.flatten(1))
        if self.what == "one column less":
            return logits[:, 0]
        if self.what == "transposed":
            return logits.t()
        if self.what == "integers":
            return logits.long()
        return logits.sum(dim=0, keepdim=True)


@pytest.mark.parametrize("what", ["one column less", "transposed", "integers", "one row"])
def test_output_of_another_shape_or_type_is_refused(what: str, tmp_path: Path) -> None:
    program = program_of(Returns(what), tmp_path)
    with pytest.raises(ArtifactRejected) as caught:
        describe(program, image_shape=(1, 28, 28), max_batch=10, caps=Caps())
    assert caught.value.code == "wrong_output_shape"
    assert "(N, classes)" in caught.value.advice.en


def test_saved_to_memory_is_read_like_a_file(tmp_path: Path) -> None:
    data = io.BytesIO(export(MODELS["mlp"]())).getvalue()
    (tmp_path / "any name").write_bytes(data)
    assert read_artifact(tmp_path / "any name", Caps()).input_shape == (None, 1, 28, 28)
