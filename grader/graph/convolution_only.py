"""Whether a network consists of convolutions and element-wise activations, also behind its names.

A dense layer is a convolution whose kernel is as large as its input; pooling is a sum of shifted copies; and once space
is folded into channels, a 1x1 convolution sees everything. So each value is followed from the image on: as long as it
is a feature map (N, C, H, W) whose elements stayed where they were, a convolution on it is one.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from grader.artifact.program import Node, Program, Ref
from grader.graph.facts import Violation, Why
from grader.graph.kernels import CONVOLUTIONS, slides
from grader.graph.unrolling import image_dependent

Shape = tuple[int, ...]
MAX_VIOLATIONS: Final = 50
"""More than these tell nobody anything new."""

_BANNED: Final[Mapping[str, Why]] = {
    "dense": "dense",
    "pool": "pool",
    "norm": "norm",
    "recurrent": "recurrent",
    "attention": "attention",
    "reduce": "reduce",
}
_SOFTMAX: Final = frozenset({"softmax.int", "_softmax.default", "log_softmax.int", "_log_softmax.default"})
_SUMS: Final = frozenset({"add.Tensor", "sub.Tensor", "rsub.Tensor", "lerp.Scalar"})
_SAME: Final = frozenset(
    {
        "clone.default",
        "contiguous.default",
        "detach.default",
        "alias.default",
        "lift_fresh.default",
        "dropout.default",
        "feature_dropout.default",
        "alpha_dropout.default",
        "to.dtype",
        "to.device",
        "to.dtype_layout",
        "_to_copy.default",
        "type_as.default",
    }
)
_RESHAPES: Final = frozenset(
    {
        "view.default",
        "_unsafe_view.default",
        "reshape.default",
        "flatten.using_ints",
        "unflatten.int",
        "squeeze.default",
        "squeeze.dim",
        "squeeze.dims",
        "unsqueeze.default",
        "permute.default",
        "transpose.int",
        "swapaxes.default",
        "movedim.int",
        "t.default",
        "numpy_T.default",
        "expand.default",
        "expand_as.default",
        "repeat.default",
    }
)
_PIECES: Final = frozenset(
    {"select.int", "slice.Tensor", "chunk.default", "split.Tensor", "split_with_sizes.default", "unbind.int"}
)
_PERMUTING: Final = frozenset(
    {"permute.default", "transpose.int", "swapaxes.default", "movedim.int", "t.default", "numpy_T.default"}
)


@dataclass(frozen=True, slots=True)
class _Map:
    """A feature map whose elements stayed in place.

    Attributes:
        shape: (N, C, H, W), whatever axes of size 1 the tensor itself shows at the moment.
        root: the value that this one is an element-wise function of.
        content: height and width of what the image decides, at most; padding around it does not count, nor do the
            copies of pixels that padding may consist of, and where maps meet, the larger counts.
        padded: padding was put around it, and no convolution has read it since.
        final: nothing but a change of shape may follow.
    """

    shape: Shape
    root: str
    content: Shape
    padded: bool = False
    final: bool = False


def beyond_convolution(
    program: Program,
    nodes: Sequence[Node],
    shapes: Mapping[str, Shape],
    name_of: Callable[[Node], str],
) -> tuple[Violation, ...]:
    """Every live operation that a network of convolutions and activations does not have.

    Args:
        program: vetted.
        nodes: its live nodes, in execution order.
        shapes: of all that they return, for one number of images.
        name_of: what a student calls a node.

    Returns:
        Violations in execution order, at most `MAX_VIOLATIONS`. The rule on kernels that span their input comes as
        `whole_kernel`; a mission may let it pass. A kernel is compared with what the image decides of its input: zeros
        or copies of pixels around a map make it no larger.
    """
    walk = _Walk(program, nodes, shapes)
    found = [
        Violation(name_of(node), node.short_op, why) for node in nodes for why in (walk.step(node),) if why is not None
    ]
    return tuple(found[:MAX_VIOLATIONS])


class _Walk:
    """Follows the values through the graph; `step` judges one node."""

    def __init__(self, program: Program, nodes: Sequence[Node], shapes: Mapping[str, Shape]) -> None:
        self._dependent = image_dependent(program.input, nodes)
        self._convolved_later = _names_convolved_later(nodes)
        batch = shapes[program.output][0]
        image: Shape = (batch, *program.input_shape[1:])
        self._shapes = {**{name: tuple(weight.tensor.shape) for name, weight in program.weights.items()}, **shapes}
        self._shapes[program.input] = image
        self._maps: dict[str, _Map] = {program.input: _Map(image, program.input, image[2:])}

    def step(self, node: Node) -> Why | None:
        """The rule that the node breaks, if any; remembers what its result is."""
        if self._dependent.isdisjoint(node.outputs):
            return None
        refs = [name for name in node.refs() if name in self._dependent]
        if node.group in _BANNED:
            return _BANNED[node.group]
        maps = [self._maps.get(name) for name in refs]
        known = [item for item in maps if item is not None]
        whole = len(known) == len(maps)
        if node.group == "conv":
            return self._convolution(node, known[0] if known else None)
        if node.short_op in _SOFTMAX:
            return self._softmax(node, known[0] if whole else None)
        if not whole:
            # What comes behind a violation can't be told; it is named only for what it is by itself.
            return None
        if node.group == "activation":
            return self._activation(node, known)
        if node.group == "arithmetic":
            return self._arithmetic(node, refs, known)
        return self._shape(node, known)

    def _convolution(self, node: Node, data: _Map | None) -> Why | None:
        kernel = node.argument("weight")
        constant = [node.argument(name) for name in ("weight", "bias")]
        if any(isinstance(item, Ref) and item.name in self._dependent for item in constant):
            return "kernel_from_image"
        read = node.argument("input")
        seen = self._shapes[read.name] if isinstance(read, Ref) else ()
        result = self._result(node)
        if node.short_op not in CONVOLUTIONS or len(seen) != 4 or not isinstance(kernel, Ref):
            return "reshape"
        if data is not None and (seen != data.shape or data.final):
            return "softmax_inside" if data.final else "reshape"
        if data is None:
            return self._keep(node, _Map(result, node.outputs[0], result[2:]))
        along = slides(node, self._shapes[kernel.name][2:], data.content)
        if along is None:
            return "reshape"
        content = tuple(min(slide.reached, size) for slide, size in zip(along, result[2:], strict=True))
        self._keep(node, _Map(result, node.outputs[0], content))
        if data.content == (1, 1):
            return "pointwise_on_vector"
        spans = all(slide.seen >= size for slide, size in zip(along, data.content, strict=True))
        if spans and node.outputs[0] in self._convolved_later:
            return "whole_kernel"
        return None

    def _softmax(self, node: Node, data: _Map | None) -> Why | None:
        if data is None or data.shape[2:] != (1, 1) or node.argument("dim") not in (1, 1 - len(self._result(node))):
            return "softmax_inside"
        self._keep(node, replace(data, root=node.outputs[0], final=True))
        return None

    def _activation(self, node: Node, maps: Sequence[_Map]) -> Why | None:
        if node.short_op == "glu.default" or len(maps) > 1:
            return "product"
        data, result, constants = maps[0], self._result(node), self._constants(node)
        if result != self._seen(node):
            return "join"
        if node.short_op == "prelu.default":
            # Its slopes lie along axis 1, whatever follows; other constants are aligned with the last axes.
            constants = [(*shape, *(1,) * (len(result) - 2)) for shape in constants]
        if not all(_per_channel(shape, result, data.shape) for shape in constants):
            return "spatial_constant"
        return self._keep(node, data)

    def _arithmetic(self, node: Node, refs: Sequence[str], maps: Sequence[_Map]) -> Why | None:
        result = self._result(node)
        data = maps[0]
        if any(item.final for item in maps):
            return "softmax_inside"
        if any(self._shapes[name] != result for name in refs):
            return "join"
        if not all(_per_channel(shape, result, data.shape) for shape in self._constants(node)):
            return "spatial_constant"
        if len(maps) == 1 or all(item == data for item in maps):
            return self._keep(node, data)
        if any(item.shape != data.shape for item in maps):
            return "join"
        if any(item.padded for item in maps):
            return "padding_kept"
        if node.short_op not in _SUMS:
            return "product"
        return self._keep(node, _Map(data.shape, node.outputs[0], _largest_content(maps)))

    def _shape(self, node: Node, maps: Sequence[_Map]) -> Why | None:
        data, op = maps[0], node.short_op
        if op in _SAME:
            return self._keep(node, data)
        if op in _RESHAPES:
            return self._reshape(node, data)
        if op in _PIECES:
            return self._pieces(node, data)
        if op in ("pad.default", "constant_pad_nd.default"):
            return self._padding(node, data)
        if op == "cat.default":
            return self._channels_joined(node, maps)
        return "reshape"

    def _reshape(self, node: Node, data: _Map) -> Why | None:
        before, after = self._seen(node), self._result(node)
        if node.short_op in _PERMUTING and not _keeps_order(node, before):
            return "reshape"
        if _without_ones(before) != _without_ones(after):
            return "reshape"
        return self._keep(node, data)

    def _pieces(self, node: Node, data: _Map) -> Why | None:
        before = self._seen(node)
        axis = node.argument("dim")
        axis = (axis if type(axis) is int else 0) % len(before)
        removed = node.short_op in ("select.int", "unbind.int")
        if before[axis] == 1 or (not removed and self._result(node) == before):
            return self._keep(node, data)
        if before != data.shape or axis != 1:
            return "slice"
        channels = 1 if removed else None
        for name in node.outputs:
            shape = self._shapes[name]
            full = (data.shape[0], channels or shape[1], *data.shape[2:])
            self._maps[name] = replace(data, shape=full, root=name)
        return None

    def _padding(self, node: Node, data: _Map) -> Why | None:
        amounts = node.argument("pad")
        before, after = self._seen(node), self._result(node)
        if not isinstance(amounts, tuple) or before != data.shape or after[0] != before[0]:
            return "slice"
        if any(type(item) is not int or item < 0 for item in amounts):
            return "slice"
        around = after[2:] != before[2:]
        return self._keep(node, replace(data, shape=after, root=node.outputs[0], padded=data.padded or around))

    def _channels_joined(self, node: Node, maps: Sequence[_Map]) -> Why | None:
        axis = node.argument("dim")
        parts = node.argument("tensors")
        count = len(parts) if isinstance(parts, tuple) else 0
        result = self._result(node)
        aligned = all(item.shape[0] == result[0] and item.shape[2:] == result[2:] for item in maps)
        # A constant among the parts, which the count tells, could say to each place where it is.
        if axis not in (1, -3) or len(result) != 4 or count != len(maps) or not aligned:
            return "join"
        if any(item.padded for item in maps):
            return "padding_kept"
        final = any(item.final for item in maps)
        return self._keep(node, _Map(result, node.outputs[0], _largest_content(maps), final=final))

    def _keep(self, node: Node, data: _Map) -> Why | None:
        """The node's results are this feature map, and it breaks no rule."""
        self._maps.update(dict.fromkeys(node.outputs, data))
        return None

    def _result(self, node: Node) -> Shape:
        return self._shapes[node.outputs[0]]

    def _seen(self, node: Node) -> Shape:
        return self._shapes[next(name for name in node.refs() if name in self._dependent)]

    def _constants(self, node: Node) -> list[Shape]:
        """Shapes of what the node reads that does not depend on the image; an integer has none."""
        return [self._shapes.get(name, ()) for name in node.refs() if name not in self._dependent]


def _names_convolved_later(nodes: Sequence[Node]) -> set[str]:
    """Values that a convolution, or a layer that stands for one, reads further on."""
    found: set[str] = set()
    for node in reversed(nodes):
        if node.group in ("conv", "dense") or not found.isdisjoint(node.outputs):
            found.update(node.refs())
    return found


def _largest_content(maps: Sequence[_Map]) -> Shape:
    """Of maps that become one, in each axis."""
    return tuple(max(sizes) for sizes in zip(*(item.content for item in maps), strict=True))


def _per_channel(shape: Shape, seen: Shape, full: Shape) -> bool:
    """Whether a constant is the same for all places of a channel once spread over a tensor shown as `seen`."""
    if math.prod(shape) == 1:
        return True
    spread = (1,) * (len(seen) - len(shape)) + shape
    if len(spread) != len(seen) or spread[0] != 1:
        return False
    # Where axes are hidden, only a map of one place leaves no doubt which axis is the channels'.
    return full[2:] == (1, 1) or (seen == full and spread[2] == spread[3] == 1)


def _without_ones(shape: Shape) -> Shape:
    """The sizes that say something; the number of images always does."""
    return (shape[0], *(size for size in shape[1:] if size != 1)) if shape else ()


def _keeps_order(node: Node, before: Shape) -> bool:
    """Whether a permutation moves axes of size 1 only."""
    order = list(range(len(before)))
    match node.short_op:
        case "permute.default":
            dims = node.argument("dims")
            order = [item % len(before) for item in dims if type(item) is int] if isinstance(dims, tuple) else []
        case "transpose.int" | "swapaxes.default":
            names = ("dim0", "dim1") if node.short_op == "transpose.int" else ("axis0", "axis1")
            first, second = (node.argument(name) for name in names)
            if type(first) is not int or type(second) is not int:
                return False
            order[first], order[second] = order[second], order[first]
        case "movedim.int":
            source, target = node.argument("source"), node.argument("destination")
            if type(source) is not int or type(target) is not int:
                return False
            order.insert(target % len(before), order.pop(source))
        case _:
            order.reverse()
    kept = [axis for axis in order if axis == 0 or before[axis] != 1]
    # Axes that follow from the number of images are missing: what they would move stays unknown.
    return len(order) == len(before) and kept == sorted(kept)
