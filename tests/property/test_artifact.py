"""Programs and weights of any make: what the artifact reader accepts means what it says. Breaking it: `tests/fuzz`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.artifact import Caps, Program, read_artifact
from grader.errors import ArtifactRejected
from grader.evaluation.interpreter import Interpreter
from tests.adversarial.artifacts.building import (
    CONSTANTS,
    before_output,
    honest,
    new_node,
    tensor,
)

torch.set_num_threads(1)


def accepted(path: Path, *, unless: str) -> Program | None:
    """The program, or None where the reader refuses it by that rule; any other refusal escapes."""
    try:
        return read_artifact(path, Caps())
    except ArtifactRejected as error:
        if error.code != unless:
            raise
    return None


STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "transpose": ("transpose.int", {"dim0": {"as_int": 1}, "dim1": {"as_int": 2}}),
    "contiguous": ("contiguous.default", {}),
    "detach": ("detach.default", {}),
    "clone": ("clone.default", {}),
    "half": ("slice.Tensor", {"dim": {"as_int": 1}, "start": {"as_int": 0}, "end": {"as_int": 4}}),
    "relu_": ("relu_.default", {}),
    "add_": ("add_.Tensor", {"other": {"as_float": -0.5}}),
    "mul_": ("mul_.Tensor", {"other": {"as_int": 3}}),
}
EAGER: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "transpose": lambda x: x.transpose(1, 2),
    "contiguous": lambda x: x.contiguous(),
    "detach": lambda x: x.detach(),
    "clone": lambda x: x.clone(),
    "half": lambda x: x[:, 0:4],
    "relu_": lambda x: x.relu_(),
    "add_": lambda x: x.add_(-0.5),
    "mul_": lambda x: x.mul_(3),
}


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 8)), min_size=1, max_size=8))
def test_in_place_program_is_refused_or_computes_what_eager_does(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("aliases") / "model.pt2"
    images = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    values = [images.reshape(2, 28, 28).clone()]
    added = [new_node("torch.ops.aten.sum.dim_IntList", "v0", self=tensor("x"), dim={"as_ints": [1]})]
    for number, (step, chosen) in enumerate(steps):
        base = chosen % len(values)
        op, arguments = STEPS[step]
        added.append(new_node(f"torch.ops.aten.{op}", f"v{number + 1}", self=tensor(f"v{base}"), **arguments))
        values.append(EAGER[step](values[base]))
    added += [
        new_node("torch.ops.aten.sum.dim_IntList", f"s{number}", self=tensor(f"v{number}"), dim={"as_ints": [2]})
        for number in range(len(values))
    ]
    joined = {"as_tensors": [{"name": f"s{number}"} for number in range(len(values))]}
    last = new_node("torch.ops.aten.cat.default", "joined", tensors=joined, dim={"as_int": 1})
    path.write_bytes(
        honest()
        .edited(lambda document: before_output(document, *(lambda _, n=n: n for n in (*added, last))))
        .to_bytes()
    )
    program = accepted(path, unless="in_place_alias")
    if program is None:
        return
    logits = Interpreter(program).logits(images)
    torch.testing.assert_close(logits, torch.cat([value.sum(2) for value in values], 1), atol=1e-5, rtol=0)


@settings(max_examples=200, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 6), min_size=0, max_size=4),
    strides=st.lists(st.integers(0, 20), min_size=0, max_size=4),
    offset=st.integers(0, 40),
    elements=st.integers(0, 60),
)
def test_weight_of_any_layout_fits_its_bytes_or_is_refused(
    sizes: list[int], strides: list[int], offset: int, elements: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("layouts") / "model.pt2"
    content = torch.arange(elements, dtype=torch.float32).numpy().tobytes()

    def edit(config: dict[str, Any]) -> None:
        next(iter(config["config"].values()))["tensor_meta"].update(
            sizes=[{"as_int": size} for size in sizes],
            strides=[{"as_int": stride} for stride in strides],
            storage_offset={"as_int": offset},
        )

    path.write_bytes(honest().edited(edit, CONSTANTS).with_member("data/constants/tensor_0", content).to_bytes())
    program = accepted(path, unless="weight_size")
    if program is None:
        return
    (weight,) = [weight for weight in program.weights.values() if weight.kind == "constant"]
    assert list(weight.tensor.shape) == sizes
    if weight.tensor.numel():
        assert weight.tensor.max() < elements
