"""Convolutions and activations only: honest networks pass, disguises are named."""

import dataclasses
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader.artifact import Caps, read_artifact
from grader.artifact.program import Argument, Ref
from grader.graph import Violation
from grader.graph.convolution_only import beyond_convolution
from grader.graph.description import describe
from grader.graph.dry_run import dry_run
from grader.graph.liveness import live_nodes
from tests.unit.artifact.models import MODELS, export, program_of

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def no_debug_log() -> Iterator[None]:
    """torch writes thousands of debug records per export; collecting them takes longer than the test."""
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


class Net(nn.Module):
    """A stem of 7 x 7 maps, a last convolution, and between them what a case puts there."""

    def __init__(self, middle: Callable[["Net", Tensor], Tensor], *, last: int = 7, channels: int = 6) -> None:
        super().__init__()
        self.middle = middle
        self.stem = nn.Conv2d(1, 6, 7, stride=4, padding=2)  # (N, 6, 7, 7)
        self.second = nn.Conv2d(6, 6, 3, padding=1)
        self.third = nn.Conv2d(6, 6, 3, padding=1)
        self.point = nn.Conv2d(6, 6, 1)
        self.large = nn.Conv2d(6, 6, 7)
        self.up = nn.ConvTranspose2d(6, 6, 4, stride=2, padding=1)
        self.slope = nn.Parameter(torch.full((6,), 0.2))
        self.scale = nn.Parameter(torch.ones(1, 6, 1, 1))
        self.mask = nn.Parameter(torch.ones(6, 7, 7))
        self.dense = nn.Linear(7, 7)
        self.norm = nn.BatchNorm2d(6)
        self.last = nn.Conv2d(channels, 10, last)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.middle(self, torch.relu(self.stem(x)))).flatten(1)


class Whole(nn.Module):
    """A network given by its forward pass alone."""

    def __init__(self, forward: Callable[["Whole", Tensor], Tensor]) -> None:
        super().__init__()
        self.run = forward
        self.stem = nn.Conv2d(1, 6, 7, stride=4, padding=2)
        self.grey = nn.Conv2d(3, 6, 7, stride=4, padding=2)
        self.last = nn.Conv2d(6, 10, 7)
        self.pixels = nn.Conv2d(784, 10, 1)
        self.hidden = nn.Conv2d(1, 32, 28)
        self.wide = nn.Conv2d(1, 8, (1, 28))
        self.tall = nn.Conv2d(8, 10, (28, 1))
        self.classes = nn.Conv2d(32, 10, 1)
        self.rows = nn.Conv2d(28, 32, (1, 5), stride=(1, 3))
        self.sequence = nn.Conv1d(28, 10, 28)
        self.maker = nn.Conv2d(1, 1, 22)
        self.mean = nn.Parameter(torch.rand(28, 28))
        self.dilated = nn.Conv2d(1, 32, 4, dilation=9)

    def forward(self, x: Tensor) -> Tensor:
        return self.run(self, x)


class DeepStride(nn.Module):
    """28, 14, 7, 4, then one convolution over what is left."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Dropout2d(0.1),
            nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=4),
            nn.PReLU(4),
            nn.Conv2d(4, 8, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Dropout(0.2),
            nn.Conv2d(8, 10, 4),
            nn.Flatten(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net((x - 0.1307) / 0.3081)


def four(n: Net, x: Tensor) -> Tensor:
    """(N, 6, 7, 7) to (N, 6, 4, 4)."""
    return torch.relu(F.conv2d(x, n.second.weight, stride=2, padding=1))


def framed(n: Net, x: Tensor) -> Tensor:
    """(N, 6, 7, 7) to (N, 6, 9, 9), of which the outermost places see nothing of the image."""
    return F.conv2d(x, n.point.weight, padding=1)


def grown(n: Net, x: Tensor) -> Tensor:
    """(N, 6, 7, 7) to (N, 6, 9, 9), all of which see something of the image."""
    return F.conv2d(x, n.second.weight, padding=2)


def read_twice(n: Net, x: Tensor) -> Tensor:
    """Kernels of 7 x 7 over channels that were joined: (N, 12, H, W) to (N, 6, H - 6, W - 6)."""
    return F.conv2d(x, n.large.weight.repeat(1, 2, 1, 1))


def over_the_image(n: Whole, x: Tensor) -> Tensor:
    """Kernels of 28 x 28 on a slightly larger map, and points behind them."""
    x = torch.relu(n.hidden(x))
    return F.conv2d(x, n.classes.weight, stride=x.shape[2]).flatten(1)


HONEST: dict[str, Callable[[], nn.Module]] = {
    "plain": MODELS["conv_only"],
    "strides_dropout_prelu": DeepStride,
    "residual_sum": lambda: Net(lambda n, x: torch.relu(x + n.second(x))),
    "dense_concatenation": lambda: Net(lambda n, x: torch.cat([x, n.second(x)], dim=1), channels=12),
    "channel_scale_and_shift": lambda: Net(lambda n, x: n.second(x) * n.scale + n.scale),
    "swish_by_hand": lambda: Net(lambda n, x: x * torch.sigmoid(1.5 * x)),
    "leaky_relu_by_hand": lambda: Net(lambda n, x: torch.maximum(x, 0.1 * x)),
    "square_and_root": lambda: Net(lambda n, x: (n.second(x) ** 2 + 1e-3).sqrt()),
    "prelu_function": lambda: Net(lambda n, x: F.prelu(n.second(x), n.slope)),
    "clamp_elu_hardtanh": lambda: Net(lambda n, x: F.hardtanh(F.elu(n.second(x).clamp(-3, 3)))),
    "reflecting_padding": lambda: Net(
        lambda n, x: n.second(F.pad(x, (1, 1, 1, 1), mode="reflect")[:, :, :, :]), last=9
    ),
    "zero_padding_then_activation": lambda: Net(lambda n, x: n.second(torch.relu(F.pad(x, (1, 0, 1, 0)))), last=8),
    "channels_padded_for_a_sum": lambda: Net(lambda n, x: F.pad(x[:, :3], (0, 0, 0, 0, 0, 3)) + n.second(x)),
    "channels_split": lambda: Net(lambda n, x: torch.cat([x.chunk(2, dim=1)[1], n.second(x)], dim=1), channels=9),
    "pointwise": lambda: Net(lambda n, x: torch.tanh(n.point(n.second(x)))),
    "log_softmax_at_the_end": lambda: Whole(lambda n, x: F.log_softmax(n.last(n.stem(x)).flatten(1), dim=1)),
    "softmax_before_the_flatten": lambda: Whole(lambda n, x: n.last(n.stem(x)).softmax(dim=1).flatten(1)),
    "index_of_the_only_place": lambda: Whole(lambda n, x: n.last(torch.relu(n.stem(x)))[:, :, 0, 0]),
    "image_reshaped_to_itself": lambda: Whole(lambda n, x: n.last(n.stem(x.view(-1, 1, 28, 28))).view(-1, 10)),
    "channel_removed_and_put_back": lambda: Whole(lambda n, x: n.last(n.stem(x.squeeze(1).unsqueeze(1))).view(-1, 10)),
    "rows_then_columns_at_last": lambda: Whole(lambda n, x: n.tall(torch.relu(n.wide(x))).flatten(1)),
    "logits_scaled": lambda: Whole(lambda n, x: n.last(n.stem(x)).squeeze() * 0.5 + torch.arange(10.0)),
    "frame_of_zeros": lambda: Net(lambda n, x: F.conv2d(F.pad(x, (1, 1, 1, 1)), n.second.weight)),
    "padding_by_a_word": lambda: Net(lambda n, x: F.conv2d(x, n.second.weight, padding="same")),
    "frame_around_4_by_4": lambda: Net(lambda n, x: F.conv2d(F.pad(four(n, x), (1, 1, 1, 1)), n.third.weight), last=4),
    "frame_before_the_last": lambda: Whole(
        lambda n, x: F.conv2d(F.pad(torch.relu(n.stem(x)), (3, 3, 3, 3)), n.last.weight, stride=7).flatten(1)
    ),
    "upsampling_from_4_by_4": lambda: Net(lambda n, x: n.up(four(n, x)), last=8),
    "point_with_padding": lambda: Net(lambda n, x: F.conv2d(framed(n, x), n.second.weight)),
    "framed_summed_with_larger": lambda: Net(lambda n, x: n.large(framed(n, x) + grown(n, x)), last=3),
    "framed_joined_with_larger": lambda: Net(
        lambda n, x: read_twice(n, torch.cat([framed(n, x), grown(n, x)], dim=1)), last=3
    ),
    "slopes_of_logits": lambda: Whole(lambda n, x: F.prelu(n.last(n.stem(x)).flatten(1), n.classes.bias)),
    "slopes_before_the_last_axis_goes": lambda: Whole(
        lambda n, x: F.prelu(n.last(n.stem(x)).squeeze(3), n.classes.bias).flatten(1)
    ),
    "slopes_in_four_axes": lambda: Net(lambda n, x: torch.ops.aten._prelu_kernel(n.second(x), n.scale)),
}

DISGUISES: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "dense_layer": (lambda: Net(lambda n, x: n.dense(x)), "dense"),
    "matrix_product": (lambda: Net(lambda n, x: x @ n.mask[0]), "dense"),
    "einsum": (lambda: Net(lambda n, x: torch.einsum("nchw,chw->nchw", x, n.mask)), "dense"),
    "max_pooling": (lambda: Net(lambda n, x: F.max_pool2d(x, 3, 1, 1)), "pool"),
    "average_pooling": (lambda: Net(lambda n, x: F.adaptive_avg_pool2d(x, 7)), "pool"),
    "batch_norm": (lambda: Net(lambda n, x: n.norm(x)), "norm"),
    "mean_over_space": (lambda: Net(lambda n, x: x.mean(dim=(2, 3), keepdim=True), last=1), "reduce"),
    "maximum_over_space": (lambda: Net(lambda n, x: x - x.amax(dim=(2, 3), keepdim=True)), "reduce"),
    "sum_over_channels": (lambda: Net(lambda n, x: x + x.sum(dim=1, keepdim=True)), "reduce"),
    "attention": (
        lambda: Net(lambda n, x: F.scaled_dot_product_attention(x, x, x)),
        "attention",
    ),
    "space_folded_into_channels": (
        lambda: Whole(lambda n, x: n.pixels(x.reshape(-1, 784, 1, 1)).flatten(1)),
        "reshape",
    ),
    "pixel_unshuffle": (lambda: Whole(lambda n, x: n.pixels(F.pixel_unshuffle(x, 28)).flatten(1)), "reshape"),
    "rows_as_channels": (
        lambda: Whole(lambda n, x: n.rows(x.transpose(1, 2)).flatten(1)[:, :10]),
        "reshape",
    ),
    "rows_as_channels_by_squeezing": (
        lambda: Whole(lambda n, x: n.rows(x.squeeze(1).unsqueeze(2)).flatten(1)[:, :10]),
        "reshape",
    ),
    "image_transposed": (lambda: Whole(lambda n, x: n.last(n.stem(x.transpose(2, 3))).flatten(1)), "reshape"),
    "image_flipped": (lambda: Net(lambda n, x: x + x.flip(3)), "reshape"),
    "one_dimensional_convolution": (lambda: Whole(lambda n, x: n.sequence(x.squeeze(1)).flatten(1)), "reshape"),
    "shifted_sum_by_slices": (lambda: Net(lambda n, x: x[..., 1:] + x[..., :-1], last=6), "slice"),
    "strided_slices_as_channels": (
        lambda: Whole(
            lambda n, x: F.conv2d(
                torch.cat([x[:, :, i::28, j::28] for i in (9, 13, 18) for j in (9, 13, 18)], dim=1),
                n.pixels.weight[:, :9],
            ).flatten(1)
        ),
        "slice",
    ),
    "shifted_sum_by_padding": (
        lambda: Net(lambda n, x: F.pad(x, (1, 0, 0, 0)) + F.pad(x, (0, 1, 0, 0))),
        "padding_kept",
    ),
    "shifted_sum_by_cropping": (lambda: Net(lambda n, x: F.pad(x, (-1, 0, 0, 0)), last=6), "slice"),
    "joined_over_space": (lambda: Net(lambda n, x: torch.cat([x, n.second(x)], dim=3)), "join"),
    "gate": (lambda: Net(lambda n, x: n.second(x) * torch.sigmoid(n.third(x))), "product"),
    "gated_linear_unit": (lambda: Net(lambda n, x: F.glu(torch.cat([x, n.second(x)], dim=1), dim=1)), "product"),
    "quotient": (lambda: Net(lambda n, x: n.second(x) / (1 + n.third(x).abs())), "product"),
    "maximum_of_two": (lambda: Net(lambda n, x: torch.maximum(n.second(x), n.third(x))), "product"),
    "mask_over_space": (lambda: Net(lambda n, x: x * n.mask), "spatial_constant"),
    "mean_image_subtracted": (lambda: Whole(lambda n, x: n.last(n.stem(x - n.mean)).flatten(1)), "spatial_constant"),
    "slope_per_pixel": (
        lambda: Net(lambda n, x: torch.ops.aten._prelu_kernel(n.second(x), n.mask[None])),
        "spatial_constant",
    ),
    "slope_per_row": (
        lambda: Whole(lambda n, x: n.last(n.stem(F.prelu(x.squeeze(1) - 1, n.mean[0]).unsqueeze(1))).flatten(1)),
        "spatial_constant",
    ),
    "map_of_positions_joined": (
        lambda: Net(lambda n, x: torch.cat([x, n.mask.expand(x.shape[0], -1, -1, -1)], dim=1), channels=12),
        "join",
    ),
    "kernel_from_the_image": (
        lambda: Whole(
            lambda n, x: n.last(F.conv2d(n.stem(x), n.maker(x)[:1].expand(6, 6, 7, 7), padding=3)).flatten(1)
        ),
        "kernel_from_image",
    ),
    "kernel_of_the_whole_image": (
        lambda: Whole(lambda n, x: n.classes(torch.relu(n.hidden(x))).flatten(1)),
        "whole_kernel",
    ),
    "dilated_kernel_over_the_whole_image": (
        lambda: Whole(lambda n, x: n.classes(torch.relu(n.dilated(x))).flatten(1)),
        "whole_kernel",
    ),
    "whole_kernel_then_points": (lambda: Net(lambda n, x: torch.relu(n.large(x)), last=1), "whole_kernel"),
    "whole_kernel_behind_zeros": (
        lambda: Whole(lambda n, x: over_the_image(n, F.pad(x, (0, 1, 0, 1)))),
        "whole_kernel",
    ),
    "whole_kernel_behind_ones": (
        lambda: Whole(lambda n, x: over_the_image(n, F.pad(x, (1, 1, 1, 1), value=1.0))),
        "whole_kernel",
    ),
    "whole_kernel_behind_reflections": (
        lambda: Whole(lambda n, x: over_the_image(n, F.pad(x, (1, 1, 1, 1), mode="reflect"))),
        "whole_kernel",
    ),
    "whole_kernel_behind_a_padded_point": (
        lambda: Whole(lambda n, x: over_the_image(n, F.conv2d(x, n.classes.weight[:1, :1], padding=1))),
        "whole_kernel",
    ),
    "whole_kernel_on_a_sum_of_framed": (
        lambda: Net(lambda n, x: n.large(framed(n, x) + framed(n, torch.tanh(x))), last=3),
        "whole_kernel",
    ),
    "whole_kernel_on_framed_channels": (
        lambda: Net(lambda n, x: read_twice(n, torch.cat([framed(n, x), framed(n, torch.tanh(x))], dim=1)), last=3),
        "whole_kernel",
    ),
    "whole_kernel_over_zeros_between_pixels": (
        lambda: Net(
            lambda n, x: F.conv2d(
                F.conv_transpose2d(x, n.point.weight, stride=2, output_padding=1), n.large.weight, dilation=2
            ),
            last=2,
        ),
        "whole_kernel",
    ),
    "whole_kernel_transposed": (
        lambda: Net(lambda n, x: F.conv_transpose2d(x, n.large.weight, padding=3)),
        "whole_kernel",
    ),
    "vector_behind_padding": (lambda: Net(lambda n, x: F.pad(n.large(x), (1, 1, 1, 1)), last=3), "pointwise_on_vector"),
    "softmax_over_channels": (lambda: Net(lambda n, x: x.softmax(dim=1)), "softmax_inside"),
    "grey_broadcast": (
        lambda: Whole(lambda n, x: n.last(n.grey(x.expand(-1, 3, -1, -1))).flatten(1)),
        "reshape",
    ),
}


def violations(model: nn.Module, tmp_path: Path) -> tuple[Violation, ...]:
    path = tmp_path / "model.pt2"
    path.write_bytes(export(model))
    program = read_artifact(path, Caps())
    facts = describe(program, image_shape=(1, 28, 28), max_batch=8, caps=Caps(), conv_only=True)
    return facts.beyond_convolution


@pytest.mark.parametrize("name", HONEST)
def test_honest_network_breaks_no_rule(name: str, tmp_path: Path) -> None:
    assert violations(HONEST[name](), tmp_path) == ()


@pytest.mark.parametrize("name", DISGUISES)
def test_disguise_is_named(name: str, tmp_path: Path) -> None:
    model, why = DISGUISES[name]
    assert why in {violation.why for violation in violations(model(), tmp_path)}


@pytest.mark.parametrize(
    ("model", "op", "name", "value", "why"),
    [
        (DISGUISES["dilated_kernel_over_the_whole_image"][0], "conv2d.default", "dilation", 9, "whole_kernel"),
        (HONEST["plain"], "conv2d.default", "dilation", (Ref("n"), Ref("n")), "reshape"),
        (HONEST["plain"], "conv2d.default", "stride", (2, Ref("n")), "reshape"),
        (lambda: Net(lambda n, x: x.permute(0, 1, 2, 3)), "permute.default", "dims", (0, Ref("n"), 2, 3), "reshape"),
    ],
    ids=["dilation_one_number", "dilation_from_the_batch", "stride_from_the_batch", "axis_from_the_batch"],
)
def test_argument_that_torch_does_not_export_hides_nothing(
    model: Callable[[], nn.Module], op: str, name: str, value: Argument, why: str, tmp_path: Path
) -> None:
    program = program_of(model(), tmp_path)
    nodes = list(live_nodes(program))
    place = next(place for place, node in enumerate(nodes) if node.short_op == op)
    arguments = {**dict(nodes[place].arguments), name: value}
    nodes[place] = dataclasses.replace(nodes[place], arguments=tuple(arguments.items()))
    found = beyond_convolution(program, nodes, dry_run(program, 8, Caps()).shapes, lambda node: node.name)
    assert why in {violation.why for violation in found}


def test_violation_names_the_students_module(tmp_path: Path) -> None:
    found = violations(MODELS["cnn"](), tmp_path)
    assert Violation("head", "linear.default", "dense") in found
    assert {violation.why for violation in found} == {"norm", "pool", "dense"}
    assert "features.1" in {violation.name for violation in found}


def test_facts_hold_no_violations_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(export(MODELS["cnn"]()))
    facts = describe(read_artifact(path, Caps()), image_shape=(1, 28, 28), max_batch=8, caps=Caps())
    assert facts.beyond_convolution == ()
