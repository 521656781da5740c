"""The interpreter: same numbers as the module, one device, bounded memory, weights untouched."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch._ops import OpOverload

from grader.artifact import Caps, Node, Program, read_artifact
from grader.errors import ArtifactRejected
from grader.evaluation.interpreter import Interpreter, predict
from grader.graph.calling import CallFailed, Lookup, Value, call
from tests.adversarial.artifacts.building import argument, honest
from tests.unit.artifact.models import MODELS, Recurrent, export

torch.set_num_threads(1)


def program_of(data: bytes, tmp_path: Path) -> Program:
    path = tmp_path / "model.pt2"
    path.write_bytes(data)
    return read_artifact(path, Caps())


def test_chunks_give_the_logits_of_one_batch(tmp_path: Path) -> None:
    interpreter = Interpreter(program_of(export(MODELS["cnn"]()), tmp_path))
    images = torch.rand(11, 1, 28, 28)
    torch.testing.assert_close(predict(interpreter, images, 4), interpreter.logits(images), atol=1e-5, rtol=0)


@pytest.mark.parametrize("count", [1, 4, 7])
def test_fixed_batch_is_padded_and_cut(count: int, tmp_path: Path) -> None:
    model = Recurrent(nn.LSTM).eval()
    interpreter = Interpreter(program_of(export(model, dynamic=False, batch=4), tmp_path))
    images = torch.rand(count, 1, 28, 28)
    with torch.no_grad():
        expected = model(images)
    torch.testing.assert_close(interpreter.logits(images), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(predict(interpreter, images, 100), expected, atol=1e-5, rtol=0)


def test_images_and_weights_are_not_written_to(tmp_path: Path) -> None:
    program = program_of(export(MODELS["many_in_place"](), decompose=False), tmp_path)
    weights = {name: weight.tensor.clone() for name, weight in program.weights.items()}
    images = torch.rand(3, 1, 28, 28)
    before, interpreter = images.clone(), Interpreter(program)
    first = interpreter.logits(images)
    assert torch.equal(images, before)
    assert torch.equal(first, interpreter.logits(images))
    assert all(torch.equal(weights[name], weight.tensor) for name, weight in program.weights.items())


def test_logits_that_are_not_finite_are_handed_on(tmp_path: Path) -> None:
    model = MODELS["mlp"]()
    with torch.no_grad():
        model.net[1].weight[0, 0] = float("nan")
    logits = Interpreter(program_of(export(model), tmp_path)).logits(torch.rand(2, 1, 28, 28))
    assert logits.isnan().all()


def test_operation_that_fails_on_real_numbers_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interpreter = Interpreter(program_of(honest().to_bytes(), tmp_path))

    def broken(
        node: Node, lookup: Lookup, device: torch.device, overload: OpOverload | None = None
    ) -> tuple[Value, ...]:
        if node.group == "conv":
            raise CallFailed
        return call(node, lookup, device, overload)

    monkeypatch.setattr("grader.evaluation.interpreter.call", broken)
    with pytest.raises(ArtifactRejected) as caught:
        interpreter.logits(torch.rand(2, 1, 28, 28))
    assert caught.value.code == "execution_failed"
    assert "conv2d.default" in caught.value.message.en


def test_shapes_that_do_not_fit_are_refused_before_anything_runs(tmp_path: Path) -> None:
    archive = honest().edited(lambda d: argument(d, "conv2d", "stride").update(arg={"as_ints": [2, 2]}))
    with pytest.raises(ArtifactRejected) as caught:
        Interpreter(program_of(archive.to_bytes(), tmp_path))
    assert caught.value.code == "impossible_graph"


def test_device_in_the_archive_is_ignored(tmp_path: Path) -> None:
    def edit(document: dict) -> None:  # type: ignore[type-arg]
        for node in document["graph_module"]["graph"]["nodes"]:
            for entry in node["inputs"]:
                if "as_device" in entry["arg"]:
                    entry["arg"]["as_device"] = {"type": "cuda", "index": 7}

    data = export(MODELS["lstm_cell_loop"]())
    archive = type(honest()).of(data).edited(edit)
    images = torch.rand(2, 1, 28, 28)
    expected = Interpreter(program_of(data, tmp_path)).logits(images)
    assert torch.equal(Interpreter(program_of(archive.to_bytes(), tmp_path)).logits(images), expected)


def test_logits_carry_no_history(tmp_path: Path) -> None:
    logits = Interpreter(program_of(export(MODELS["mlp"]()), tmp_path)).logits(torch.rand(2, 1, 28, 28))
    assert not logits.requires_grad
    assert logits.dtype is torch.float32
