"""Kernels sliding over maps: by hand, and against what torch's convolutions touch."""

from itertools import product

import pytest
import torch
import torch.nn.functional as F

from grader.artifact.program import Argument, Node, Ref
from grader.graph.kernels import Slide, slides

torch.set_num_threads(1)


def convolution(op: str = "conv2d.default", **arguments: Argument) -> Node:
    return Node("conv", f"torch.ops.aten.{op}", tuple(arguments.items()), ("conv",))


def test_slides_plain_strided_and_dilated_kernels_are_counted_by_hand() -> None:
    assert slides(convolution(), (3, 1), (7, 7)) == (Slide(3, 9), Slide(1, 7))
    assert slides(convolution(stride=(2, 2), dilation=(1, 2)), (3, 3), (7, 7)) == (Slide(3, 5), Slide(5, 6))
    assert slides(convolution(stride=2, dilation=(3,)), (3, 3), (7, 7)) == (Slide(7, 7), Slide(7, 7))


@pytest.mark.parametrize(
    "node",
    [
        convolution("conv_transpose2d.input", stride=(2, 3)),
        convolution("convolution.default", stride=(2, 3), transposed=True),
    ],
    ids=["conv_transpose2d", "convolution"],
)
def test_slides_strides_of_a_transposed_kernel_lie_between_what_it_reads(node: Node) -> None:
    assert slides(node, (4, 2), (7, 7)) == (Slide(2, 16), Slide(1, 20))


@pytest.mark.parametrize("argument", [Ref("n"), (Ref("n"), 2), ()])
@pytest.mark.parametrize("name", ["stride", "dilation"])
def test_slides_numbers_that_follow_from_the_batch_are_not_guessed(name: str, argument: Argument) -> None:
    assert slides(convolution(**{name: argument}), (3, 3), (7, 7)) is None


@pytest.mark.parametrize("transposed", [False, True], ids=["plain", "transposed"])
def test_slides_are_never_less_than_torch_touches(transposed: bool) -> None:
    for length, stride, dilation, size in product((1, 2, 3, 4), (1, 2, 3), (1, 2, 3), (1, 2, 5, 7)):
        kernel = torch.ones(1, 1, 1, length)
        each_place = torch.eye(size).view(size, 1, 1, size)
        if transposed:
            op = "conv_transpose2d.input"
            touched = F.conv_transpose2d(each_place, kernel, stride=(1, stride), dilation=(1, dilation))
        else:
            op = "conv2d.default"
            around = dilation * (length - 1)
            touched = F.conv2d(each_place, kernel, stride=(1, stride), padding=(0, around), dilation=(1, dilation))
        found = slides(convolution(op, stride=(1, stride), dilation=(1, dilation)), (1, length), (1, size))
        assert found is not None
        by_result = touched.view(size, -1).T != 0  # (results, places)
        spans = [places[-1] - places[0] + 1 for row in by_result if (places := row.nonzero().flatten().tolist())]
        assert max(spans) <= found[1].seen
        assert len(spans) <= found[1].reached
