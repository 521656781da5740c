"""How the kernel of a convolution slides over a map: what one result sees of it, and how many results see any of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.artifact.program import Argument, Node

_TRANSPOSED: Final = "conv_transpose2d.input"
CONVOLUTIONS: Final = frozenset({"conv2d.default", "conv2d.padding", "convolution.default", _TRANSPOSED})


@dataclass(frozen=True, slots=True)
class Slide:
    """A kernel along one axis of a map.

    Attributes:
        seen: neighbouring places of the map that one result reaches over, at most.
        reached: results that see any of the map, at most, were there padding without end.
    """

    seen: int
    reached: int


def slides(node: Node, window: Sequence[int], sizes: Sequence[int]) -> tuple[Slide, ...] | None:
    """What the convolution's kernel does along height and along width.

    Args:
        node: one of `CONVOLUTIONS` in two dimensions.
        window: height and width of its kernel.
        sizes: those of the map that it reads, without the padding around it.

    Returns:
        One per axis; None where stride or dilation follow from the number of images, as a network's own never do.
    """
    strides, dilations = pair(node.argument("stride")), pair(node.argument("dilation"))
    if strides is None or dilations is None:
        return None
    slide = _slide_transposed if node.short_op == _TRANSPOSED or node.argument("transposed") is True else _slide
    reaches = (apart * (length - 1) + 1 for apart, length in zip(dilations, window, strict=True))
    return tuple(slide(reach, stride, size) for reach, stride, size in zip(reaches, strides, sizes, strict=True))


def _slide(reach: int, stride: int, size: int) -> Slide:
    return Slide(reach, -(-(size + reach - 1) // stride))


def _slide_transposed(reach: int, stride: int, size: int) -> Slide:
    # The stride lies between what is read: of a kernel of 4 with stride 2, a result sees two places.
    return Slide((reach - 1) // stride + 1, (size - 1) * stride + reach)


def pair(value: Argument) -> tuple[int, int] | None:
    """One number for height and one for width: the same where the node has one for both, 1 where it has none.

    None where one follows from the number of images.
    """
    given = value if isinstance(value, tuple) else (1 if value is None else value,)
    numbers = [item for item in given if type(item) is int]
    return (numbers[0], numbers[-1]) if numbers and len(numbers) == len(given) else None
