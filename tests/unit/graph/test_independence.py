"""Whether a graph keeps images apart: honest models do, every way to mix them is seen, and no proof is a mistake."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch._ops import OpOverload

from grader.artifact import Caps, Program
from grader.artifact.arguments import MAX_INT
from grader.artifact.operators import OPERATORS
from grader.artifact.program import Argument, Node, Ref, Weight
from grader.errors import ArtifactRejected
from grader.evaluation.interpreter import Interpreter
from grader.graph.dry_run import dry_run
from grader.graph.independence import ELEMENTWISE, keeps_images_apart
from grader.graph.liveness import live_nodes
from tests.unit.artifact.models import MODELS, Recurrent, program_of

torch.set_num_threads(1)

TOLD_BY_MEASURING_ONLY = {"hand_written_rnn", "vit", "hand_written_attention"}
"""They write sums by hand, or let the images go to another axis and back."""


def is_apart(program: Program, batch: int = 6) -> bool:
    nodes = live_nodes(program)
    return keeps_images_apart(program, nodes, dry_run(program, batch, Caps()).shapes)


@pytest.mark.parametrize("decompose", [True, False])
@pytest.mark.parametrize("name", sorted(MODELS.keys() - TOLD_BY_MEASURING_ONLY))
def test_honest_model_is_seen_to_keep_images_apart(name: str, decompose: bool, tmp_path: Path) -> None:
    assert is_apart(program_of(MODELS[name]().eval(), tmp_path, decompose=decompose))


def test_model_of_a_fixed_batch_is_left_to_measuring(tmp_path: Path) -> None:
    assert not is_apart(program_of(MODELS["cnn"]().eval(), tmp_path, dynamic=False, batch=6))


class Mixing(nn.Module):
    """A linear network whose features, (N, 12), go through what is given."""

    def __init__(self, mix: Callable[["Mixing", Tensor], Tensor]) -> None:
        super().__init__()
        self.mix = mix
        self.dense = nn.Linear(784, 12)
        self.head = nn.Linear(12, 10)
        self.conv = nn.Conv1d(12, 12, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.mix(self, self.dense(x.flatten(1))))


MIXERS: dict[str, Callable[[Mixing, Tensor], Tensor]] = {
    "mean_of_the_batch": lambda m, x: x - x.mean(0),
    "mean_of_everything": lambda m, x: x - x.mean(),
    "negative_axis": lambda m, x: x - x.sum(-2, keepdim=True),
    "norm_of_the_batch": lambda m, x: x / torch.linalg.vector_norm(x, dim=(0, 1)),
    "softmax_over_images": lambda m, x: x.softmax(0),
    "log_softmax_over_images": lambda m, x: x.log_softmax(-2),
    "largest_of_the_batch": lambda m, x: x + x.amax((0, 1), keepdim=True),
    "turned_around": lambda m, x: x.flip(0),
    "turned_around_both": lambda m, x: x.flip((1, 0)),
    "gram_matrix": lambda m, x: (x @ x.t()) @ x,
    "batched_product": lambda m, x: torch.bmm(x.t()[None], x[None])[0].sum(0) + x,
    "first_image": lambda m, x: x + x[0],
    "first_image_kept": lambda m, x: x + x[:1],
    "other_rows_of_as_many": lambda m, x: x.t().flatten().reshape(x.shape[0], 12),
    "images_as_a_sequence": lambda m, x: m.conv(x.t()).t(),
    "pooled_over_images": lambda m, x: F.avg_pool1d(x.t(), 3, stride=1, padding=1).t(),
    "normalised_over_images": lambda m, x: F.instance_norm(x.t()[None])[0].t(),
    "as_weights": lambda m, x: F.linear(x, x).sum(1, keepdim=True) + x,
    "broadcast_against_itself": lambda m, x: x + (x[:, :1] + x[:, 0]).sum(1, keepdim=True),
    "number_of_images": lambda m, x: x + torch.full_like(x[:, :1], 1.0).sum(0),
    "as_many_columns": lambda m, x: x + (x[:, :1] + torch.zeros(1, x.shape[0])).sum(1, keepdim=True),
    "as_many_columns_as_rows": lambda m, x: x + torch.ones(x.shape[0], x.shape[0]).sum(1, keepdim=True),
    "counted": lambda m, x: x + torch.arange(x.shape[0])[:, None],
    "padded_and_cut": lambda m, x: x + F.pad(x, (0, 0, 1, 0))[:-1],
    "joined_and_halved": lambda m, x: torch.cat([x, x]).reshape(x.shape[0], 24)[:, :12],
    "unfolded": lambda m, x: x + F.pad(x, (0, 0, 1, 0)).unfold(0, 2, 1).sum(2),
    "attention_among_images": lambda m, x: F.scaled_dot_product_attention(x[None], x[None], x[None])[0],
}


@pytest.mark.parametrize("name", MIXERS)
def test_model_that_mixes_its_batch_is_not_said_to_keep_images_apart(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    program = program_of(Mixing(MIXERS[name]).eval(), tmp_path, batch=6)
    assert not is_apart(program)
    interpreter, images = Interpreter(program), torch.rand(6, 1, 28, 28)
    together, alone = interpreter.logits(images), torch.cat([interpreter.logits(image[None]) for image in images])
    assert not torch.allclose(together, alone, atol=1e-4), "the attempt itself: it mixes"


def _written(output: str, weights: dict[str, Tensor], *steps: tuple[str, str, dict[str, Argument]]) -> Program:
    """A program for images of (1, 6, 4), from the name, the operation and the arguments of each of its nodes."""
    nodes = tuple(
        Node(name, op if op.startswith("_operator") else f"torch.ops.aten.{op}", tuple(arguments.items()), (name,))
        for name, op, arguments in steps
    )
    stored = {name: Weight(tensor, "parameter", name, name) for name, tensor in weights.items()}
    return Program(nodes, "x", (None, 1, 6, 4), output, stored, "2.15.0")


@pytest.mark.parametrize(("factor", "apart"), [(Ref("images"), False), (Ref("five"), True), (5, True)])
@pytest.mark.parametrize("name", ["beta", "alpha"])
def test_factor_of_a_sum_may_not_be_the_number_of_images(name: str, factor: Argument, apart: bool) -> None:
    program = _written(
        "sum",
        {"bias": torch.ones(10), "weight": torch.ones(24, 10)},
        ("images", "sym_size.int", {"self": Ref("x"), "dim": 0}),
        ("five", "_operator.add", {"a": 2, "b": 3}),
        ("flat", "flatten.using_ints", {"self": Ref("x"), "start_dim": 1}),
        ("sum", "addmm.default", {"self": Ref("bias"), "mat1": Ref("flat"), "mat2": Ref("weight"), name: factor}),
    )
    assert is_apart(program) == apart


def test_sequence_with_images_first_is_told_from_one_with_images_second(tmp_path: Path) -> None:
    class Second(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.GRU(28, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.rnn(x[:, 0].transpose(0, 1))[0][-1]

    assert is_apart(program_of(Recurrent(nn.GRU).eval(), tmp_path))
    assert not is_apart(program_of(Second().eval(), tmp_path)), "it does, but these rules don't know"


@pytest.mark.parametrize("operation", sorted(ELEMENTWISE, key=str), ids=str)
def test_operation_said_to_be_elementwise_is(operation: OpOverload) -> None:
    """Each element by itself gives what it gives among others."""
    generator = torch.Generator().manual_seed(0)
    tensors, others = [], {}
    for argument in operation._schema.arguments:
        kind = str(argument.real_type)
        if kind == "Tensor":
            tensors.append(argument.name)
        elif not argument.has_default_value():
            others[argument.name] = {"bool": False, "ScalarType": 6}.get(kind, 1)
    if operation is torch.ops.aten.lift_fresh.default:
        return  # a mark for the exporter
    if operation is torch.ops.aten.to.device:
        others["device"] = torch.device("cpu")
    if operation in (torch.ops.aten.to.dtype, torch.ops.aten.to.device):
        others["dtype"] = torch.float32
    if operation is torch.ops.aten.clamp.default or operation is torch.ops.aten.clip.default:
        others["max"] = 0.5
    values = {name: torch.rand(7, generator=generator) + 0.1 for name in tensors}
    together = operation(**values, **others)
    alone = [operation(**{name: value[i : i + 1] for name, value in values.items()}, **others) for i in range(7)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-6)


# Programs at random: whatever the proof says to be apart must be so.


def _weight(*shape: int) -> Weight:
    tensor = torch.linspace(-1, 1, torch.Size(shape).numel()).reshape(shape)
    return Weight(tensor, "parameter", "w", str(shape))


WEIGHTS = {
    "w4": _weight(4),
    "w14": _weight(1, 4),
    "w44": _weight(4, 4),
    "w64": _weight(6, 4),
    "w661": _weight(6, 6, 1),
    "w444": _weight(4, 4, 4),
    "w344": _weight(3, 4, 4),
}
AXES = [-3, -2, -1, 0, 1, 2]
SIZES: list[Argument] = [Ref("n"), Ref("m"), -1, 1, 2, 4, 6, 24]


def _steps() -> dict[str, Callable[[Callable[[list[object]], object]], dict[str, Argument]]]:
    """By operation: how its arguments are drawn, given what draws one of a list."""
    value = "value"

    def listed(count: int) -> Callable[..., tuple[Argument, ...]]:
        return lambda draw: tuple(draw(SIZES) for _ in range(count))

    def step(**how: object) -> Callable[..., dict[str, Argument]]:
        def drawn(draw: Callable[..., Argument], values: list[Argument]) -> dict[str, Argument]:
            found: dict[str, Argument] = {}
            for name, way in how.items():
                if way == value:
                    found[name] = draw(values)
                elif way == "values":
                    found[name] = (draw(values), draw(values))
                elif isinstance(way, list):
                    found[name] = draw(way)
                else:
                    found[name] = way(draw) if callable(way) else way  # type: ignore[assignment]
            return found

        return drawn  # type: ignore[return-value]

    axes = [(axis,) for axis in AXES] + [(0, 1), (1, 2), (-1, -2), ()]
    return {
        "relu.default": step(self=value),
        "add.Tensor": step(self=value, other=value),
        "mul.Tensor": step(self=value, other=value),
        "minimum.default": step(self=value, other=value),
        "softmax.int": step(self=value, dim=AXES),
        "glu.default": step(self=value, dim=AXES),
        "sum.dim_IntList": step(self=value, dim=axes, keepdim=[True, False]),
        "mean.dim": step(self=value, dim=axes, keepdim=[True, False]),
        "amax.default": step(self=value, dim=axes, keepdim=[True, False]),
        "linear.default": step(input=value, weight=value, bias=[None, Ref("w4"), Ref("w14")]),
        "matmul.default": step(self=value, other=value),
        "mm.default": step(self=value, mat2=value),
        "bmm.default": step(self=value, mat2=value),
        "addmm.default": step(self=value, mat1=value, mat2=value, beta=[1, Ref("n")], alpha=[1, Ref("n")]),
        "conv1d.default": step(input=value, weight=value),
        "max_pool1d.default": step(self=value, kernel_size=(2,), stride=(1,), padding=(1,)),
        "layer_norm.default": step(input=value, normalized_shape=[(4,), (6, 4), (4, 4)]),
        "cat.default": step(tensors="values", dim=AXES),
        "stack.default": step(tensors="values", dim=AXES),
        "permute.default": step(self=value, dims=[(1, 0), (0, 1), (0, 2, 1), (2, 1, 0), (-3, -1, -2), (1, 0, 2)]),
        "transpose.int": step(self=value, dim0=AXES, dim1=AXES),
        "movedim.int": step(self=value, source=AXES, destination=AXES),
        "t.default": step(self=value),
        "squeeze.default": step(self=value),
        "squeeze.dim": step(self=value, dim=AXES),
        "unsqueeze.default": step(self=value, dim=AXES),
        "select.int": step(self=value, dim=AXES, index=[0, -1, 1]),
        "slice.Tensor": step(self=value, dim=AXES, start=[0, 1], end=[2, -1, MAX_INT]),
        "flip.default": step(self=value, dims=axes),
        "flatten.using_ints": step(self=value, start_dim=AXES, end_dim=AXES),
        "reshape.default": step(self=value, shape=listed(2)),
        "reshape.default 3": step(self=value, shape=listed(3)),
        "expand.default": step(self=value, size=listed(2)),
        "expand.default 3": step(self=value, size=listed(3)),
        "repeat.default": step(self=value, repeats=[(1, 1), (1, 2), (2, 1), (1, 1, 1), (1, 2, 1), (2, 1, 1)]),
        "constant_pad_nd.default": step(self=value, pad=[(1, 0), (1, 0, 1, 0), (0, 1, 0, 0, 0, 1)]),
        "pad.default": step(
            self=value, pad=[(1, 1), (2, -1), (-1, 2, 0, 0)], mode=["constant", "reflect", "replicate", "circular"]
        ),
        "unfold.default": step(self=value, dimension=AXES, size=2, step=1),
        "zeros.default": step(size=listed(2)),
        "full.default": step(size=listed(2), fill_value=[0.5, Ref("n")]),
        "ones_like.default": step(self=value),
        "pixel_shuffle.default": step(self=value, upscale_factor=2),
        "scaled_dot_product_attention.default": step(query=value, key=value, value=value),
    }


STEPS = _steps()


def test_steps_are_operations_of_the_table() -> None:
    assert {f"torch.ops.aten.{name.split()[0]}" for name in STEPS} <= OPERATORS.keys()


@settings(max_examples=600, deadline=None)
@given(data=st.data())
def test_whatever_is_said_to_keep_images_apart_does(data: st.DataObject) -> None:
    nodes = [
        Node("s", "torch.ops.aten.sym_size.int", (("self", Ref("x")), ("dim", 0)), ("n",)),
        Node("d", "_operator.mul", (("a", Ref("n")), ("b", 2)), ("m",)),
        Node("r", "torch.ops.aten.reshape.default", (("self", Ref("x")), ("shape", (-1, 6, 4))), ("v0",)),
        Node("q", "torch.ops.aten.select.int", (("self", Ref("v0")), ("dim", 1), ("index", 2)), ("v1",)),
    ]
    program = Program(tuple(nodes), "x", (None, 1, 6, 4), "v1", WEIGHTS, "2.15.0")
    tensors = ["v0", "v1"]

    def draw(choices: list[Argument]) -> Argument:
        return data.draw(st.sampled_from(choices))

    for number in range(data.draw(st.integers(1, 8))):
        step = draw(sorted(STEPS))
        name = f"t{number}"
        known: list[Argument] = [Ref(value) for value in (*reversed(tensors), *WEIGHTS)]
        arguments = STEPS[str(step)](draw, known)  # type: ignore[call-arg]
        node = Node(name, f"torch.ops.aten.{str(step).split()[0]}", tuple(arguments.items()), (name,))
        longer = replace(program, nodes=(*program.nodes, node), output=name)
        try:
            for batch in (6, 2):
                dry_run(longer, batch, Caps())
        except ArtifactRejected:
            continue
        program = longer
        tensors.append(name)
    images = torch.rand(6, 1, 6, 4, generator=torch.Generator().manual_seed(1)) * 2 - 1
    for name in tensors:
        one = replace(program, output=name)
        if not is_apart(one):
            continue
        try:
            interpreter = Interpreter(one)
            together = interpreter.values(images, {name})[name]
        except ArtifactRejected:
            continue  # a kernel refuses what its shapes allow
        assert len(together) == 6
        for row, image in zip(together, images, strict=True):
            alone = interpreter.values(image[None], {name})[name]
            assert alone.shape == (1, *row.shape)
            assert torch.allclose(alone[0], row, atol=1e-4, rtol=1e-4, equal_nan=True), name
