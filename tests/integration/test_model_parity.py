"""What the interpreter computes from an exported archive is what the module computes, for honest models of any kind."""

from pathlib import Path

import pytest
import torch
import torchvision

from grader.artifact import Caps, read_artifact
from grader.errors import ArtifactRejected
from grader.evaluation.interpreter import Interpreter, predict
from grader.graph.description import describe
from grader.runner.export import export_model
from tests.unit.artifact.models import MODELS, export

torch.set_num_threads(1)

SHAPES = {"resnet18": (3, 32, 32)}
ALL = {**MODELS, "resnet18": lambda: torchvision.models.resnet18(weights=None, num_classes=10)}
TOLERANCE = 1e-5
IMAGES = 7


def agrees(model: torch.nn.Module, data: bytes, shape: tuple[int, int, int], tmp_path: Path) -> None:
    """Reads, describes and runs the archive as the evaluation does; compares with the module."""
    path = tmp_path / "model.pt2"
    path.write_bytes(data)
    program = read_artifact(path, Caps())
    facts = describe(program, image_shape=shape, max_batch=250, caps=Caps())
    images = torch.rand(IMAGES, *shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = model.eval()(images.clone())
    logits = predict(Interpreter(program), images, 3)
    torch.testing.assert_close(logits, expected, atol=TOLERANCE, rtol=0)
    assert facts.output_classes == expected.shape[1]
    trained = {id(parameter): parameter.numel() for parameter in model.parameters()}
    assert facts.parameters == sum(trained.values())


@pytest.mark.parametrize("decompose", [True, False], ids=["as_the_runner", "by_hand"])
@pytest.mark.parametrize("name", ALL)
def test_archive_with_a_dynamic_batch_agrees_with_eager(name: str, decompose: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    shape = SHAPES.get(name, (1, 28, 28))
    model = ALL[name]()
    agrees(model, export(model, image_shape=shape, decompose=decompose), shape, tmp_path)


@pytest.mark.parametrize("name", ["cnn", "vit", "lstm", "hand_written_rnn"])
def test_archive_with_a_fixed_batch_agrees_with_eager(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = MODELS[name]()
    agrees(model, export(model, dynamic=False, batch=2), (1, 28, 28), tmp_path)


@pytest.mark.parametrize("name", ["cnn", "lstm_cell_loop"])
def test_archive_of_the_runner_agrees_with_eager(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = MODELS[name]()
    agrees(model, export_model(model, (1, 28, 28)), (1, 28, 28), tmp_path)


def test_archive_in_core_operations_agrees_with_eager(tmp_path: Path) -> None:
    """Some students call `run_decompositions()` without a table: layers become matrix products and views."""
    torch.manual_seed(0)
    model = MODELS["cnn"]().eval()
    program = torch.export.export(
        model,
        (torch.rand(2, 1, 28, 28),),
        dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=4096)},),
        strict=False,
    )
    torch.export.save(program.run_decompositions(), tmp_path / "core.pt2")
    agrees(model, (tmp_path / "core.pt2").read_bytes(), (1, 28, 28), tmp_path)


def test_module_in_half_precision_is_refused_with_advice(tmp_path: Path) -> None:
    model = MODELS["conv_only"]().half()
    with pytest.raises(ArtifactRejected) as caught:
        agrees(model, export_half(model), (1, 28, 28), tmp_path)
    assert caught.value.code == "unsupported_dtype"
    assert "model.float()" in caught.value.advice.en


def export_half(model: torch.nn.Module) -> bytes:
    class Casting(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            result: torch.Tensor = self.inner(x.half()).float()
            return result

    return export(Casting())
