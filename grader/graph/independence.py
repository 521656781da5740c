"""Whether a program computes each image of a batch by itself, told by its graph alone.

Where it does, the size of a batch, its other images and their order change nothing but
rounding, so that nobody has to measure whether they do. The rules know what keeps images apart; whatever they don't
know counts as mixing them.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Final

from torch._ops import OpOverload

from grader.artifact.overloads import NEW, RECURRENT_LAYERS, aten
from grader.artifact.program import Argument, Node, Program, Ref, names_in
from grader.graph.liveness import constants_of

Shape = tuple[int, ...]

_ALONG_AXES: Final[Mapping[OpOverload, tuple[str, ...]]] = {
    **dict.fromkeys(
        (
            aten.softmax.int,
            aten._softmax.default,
            aten.log_softmax.int,
            aten._log_softmax.default,
            aten.glu.default,
            aten.sum.dim_IntList,
            aten.mean.dim,
            aten.amax.default,
            aten.amin.default,
            aten.var.dim,
            aten.var.correction,
            aten.std.dim,
            aten.std.correction,
            aten.linalg_vector_norm.default,
            aten.squeeze.dim,
            aten.squeeze.dims,
            aten.select.int,
            aten.slice.Tensor,
            aten.chunk.default,
            aten.split.Tensor,
            aten.split_with_sizes.default,
            aten.unbind.int,
            aten.unflatten.int,
        ),
        ("dim",),
    ),
    aten.flip.default: ("dims",),
    aten.flatten.using_ints: ("start_dim",),
    aten.unfold.default: ("dimension",),
    aten.transpose.int: ("dim0", "dim1"),
    aten.swapaxes.default: ("axis0", "axis1"),
    aten.movedim.int: ("source", "destination"),
}
"""What leaves alone all axes but those that these arguments name."""

_OF_RANK: Final[Mapping[OpOverload, range]] = {
    aten.conv1d.default: range(3, 4),
    aten.conv1d.padding: range(3, 4),
    aten.conv2d.default: range(4, 5),
    aten.conv2d.padding: range(4, 5),
    aten.convolution.default: range(3, 5),
    aten.conv_transpose2d.input: range(4, 5),
    aten.linear.default: range(2, 65),
    aten.mm.default: range(2, 3),
    aten.prelu.default: range(2, 65),
    aten.batch_norm.default: range(2, 65),
    aten._native_batch_norm_legit_no_training.default: range(2, 65),
    aten.instance_norm.default: range(3, 65),
    aten.group_norm.default: range(2, 65),
    aten.max_pool1d.default: range(3, 4),
    aten.avg_pool1d.default: range(3, 4),
    aten.adaptive_avg_pool1d.default: range(3, 4),
    aten.max_pool2d.default: range(4, 5),
    aten.max_pool2d_with_indices.default: range(4, 5),
    aten.adaptive_max_pool2d.default: range(4, 5),
    aten.avg_pool2d.default: range(4, 5),
    aten.adaptive_avg_pool2d.default: range(4, 5),
    aten._adaptive_avg_pool2d.default: range(4, 5),
    aten.pixel_shuffle.default: range(4, 5),
    aten.pixel_unshuffle.default: range(4, 5),
}
"""Whose first axis is the images where the first argument has so many axes, and no other argument depends on images."""

ELEMENTWISE: Final = frozenset(
    {
        *NEW["activation"],
        *NEW["arithmetic"],
        aten.clone.default,
        aten._to_copy.default,
        aten.contiguous.default,
        aten.to.dtype,
        aten.to.device,
        aten.to.dtype_layout,
        aten.detach.default,
        aten.alias.default,
        aten.lift_fresh.default,
        aten.dropout.default,
        aten.feature_dropout.default,
        aten.alpha_dropout.default,
    }
).difference(_ALONG_AXES, _OF_RANK)
"""Operations whose every result depends on one element of each argument, broadcast."""

_FILLED: Final = frozenset(
    {
        aten.zeros.default,
        aten.ones.default,
        aten.full.default,
        aten.zeros_like.default,
        aten.ones_like.default,
        aten.full_like.default,
        aten.new_zeros.default,
        aten.new_ones.default,
        aten.new_full.default,
    }
)
_CELLS: Final = frozenset(NEW["recurrent"]) - RECURRENT_LAYERS
_LAST_AXES: Final = frozenset({aten.layer_norm.default, aten.native_layer_norm.default, aten.rms_norm.default})
_JOINTS: Final = frozenset({aten.cat.default, aten.stack.default})
_PADDINGS: Final = frozenset({aten.pad.default, aten.constant_pad_nd.default})


def keeps_images_apart(program: Program, nodes: Sequence[Node], shapes: Mapping[str, Shape]) -> bool:
    """Whether row i of the logits is the same function of image i alone, in batches of any size.

    Args:
        program: vetted.
        nodes: its live nodes, in execution order.
        shapes: of all that they return, for one number of images.

    Returns:
        False also where that can't be told, and for a program that takes one number of images only.
    """
    if program.batch is not None:
        return False
    walk = _Walk(program, nodes, shapes)
    for node in nodes:
        walk.step(node)
    return walk.is_apart(program.output)


class _Walk:
    """Follows the images through the graph; a value that is in none of its sets may depend on the batch anyhow."""

    def __init__(self, program: Program, nodes: Sequence[Node], shapes: Mapping[str, Shape]) -> None:
        self._shapes = {name: tuple(weight.tensor.shape) for name, weight in program.weights.items()} | dict(shapes)
        self._shapes[program.input] = (1, *program.input_shape[1:])
        self._constant = constants_of(program, nodes)
        # Tensors whose first axis is the images, and whose row i is the same function of image i alone.
        self._apart = {program.input}
        # Tensors of one number throughout.
        self._filled: set[str] = set()
        # Integers that are the number of images.
        self._batch_sizes: set[str] = set()

    def is_apart(self, value: Argument) -> bool:
        """Whether it is, or names, a tensor whose rows are those of the images."""
        return (value.name if isinstance(value, Ref) else value) in self._apart

    def step(self, node: Node) -> None:
        """Remembers what the node's results are."""
        if node.outputs[0] in self._constant:
            return
        if node.symbolic:
            if self._is_batch_size(node):
                self._batch_sizes.update(node.outputs)
        elif node.operator.overload in _FILLED:
            if self._is_filled(node):
                self._filled.update(node.outputs)
                if self._has_rows(node):
                    self._apart.update(node.outputs)
        elif node.operator.overload in RECURRENT_LAYERS:
            if self._layer(node):
                self._apart.add(node.outputs[0])  # the states have their images along the second axis
        elif self._keeps_apart(node):
            self._apart.update(node.outputs)

    def _is_batch_size(self, node: Node) -> bool:
        (_, tensor), *others = node.arguments
        return node.short_op == "sym_size.int" and self.is_apart(tensor) and [value for _, value in others] == [0]

    def _is_filled(self, node: Node) -> bool:
        """Whether it is one number throughout, on which no batch decides."""
        sized = self._apart | self._filled | self._batch_sizes
        return sized.issuperset(node.refs()) and not isinstance(node.argument("fill_value"), Ref)

    def _has_rows(self, node: Node) -> bool:
        """Whether the first axis of what it makes is the images, and no other grows with them."""
        sizes = node.argument("size")
        if sizes is None:
            return self.is_apart(node.argument("self"))
        return self._is_batch(_first(sizes)) and _without_first(sizes) is not None

    def _keeps_apart(self, node: Node) -> bool:
        op = node.operator.overload
        if op in ELEMENTWISE:
            return self._elementwise(node)
        if op in _JOINTS:
            return self._joint(node)
        if op in (aten.matmul.default, aten.bmm.default):
            return self._product(node)
        if op is aten.addmm.default:
            return self._affine(node)
        if op is aten.scaled_dot_product_attention.default:
            return self._attention(node)
        if op in _CELLS:
            return self._cell(node)
        data, *others = self._operands(node)
        if op is aten.expand.default:
            return self._expanded(node, data)
        if not self.is_apart(data):
            return False
        if op is aten.reshape.default:
            return self._reshaped(node, data)
        return self._constant.issuperset(others) and self._rows_kept(node, len(self._shapes[data]))

    def _rows_kept(self, node: Node, rank: int) -> bool:
        """Whether the rows of its one tensor of images, which has so many axes, are those of its results."""
        op = node.operator.overload
        if op in _OF_RANK:
            return rank in _OF_RANK[op]
        if op in _ALONG_AXES:
            return all(_spares_first_axis(node.argument(name), rank) for name in _ALONG_AXES[op])
        if op is aten.unsqueeze.default:
            return _spares_first_axis(node.argument("dim"), rank + 1)
        if op in _LAST_AXES:
            return _length(node.argument("normalized_shape")) < rank
        if op in _PADDINGS:
            return _length(node.argument("pad")) < 2 * rank - 1
        if op is aten.permute.default:
            return _first(node.argument("dims")) in (0, -rank)
        if op is aten.repeat.default:
            repeats = node.argument("repeats")
            return _first(repeats) == 1 and _length(repeats) == rank
        return False

    def _elementwise(self, node: Node) -> bool:
        rank = len(self._shapes[node.outputs[0]])
        names = list(node.refs())
        return not self._apart.isdisjoint(names) and all(self._in_line(name, rank) for name in names)

    def _in_line(self, name: str, rank: int) -> bool:
        """Whether what is broadcast to so many axes gives each image what is its own, or to all the same."""
        shape = self._shapes.get(name, ())
        if name in self._apart:
            return len(shape) == rank
        return name in self._constant and (len(shape) < rank or shape[0] == 1)

    def _joint(self, node: Node) -> bool:
        tensors = self._operands(node)
        rank = len(self._shapes[node.outputs[0]])
        return all(name in self._apart for name in tensors) and _spares_first_axis(node.argument("dim"), rank)

    def _product(self, node: Node) -> bool:
        left, right = self._operands(node)
        ranks = len(self._shapes[left]), len(self._shapes[right])
        if left in self._apart and right in self._apart:
            return ranks[0] == ranks[1] >= 3
        if left in self._apart and right in self._constant:
            return ranks[0] >= 2 and ranks[1] <= 2
        return left in self._constant and right in self._apart and ranks[0] <= 2 and ranks[1] >= 3

    def _affine(self, node: Node) -> bool:
        added, left, right, *factors = self._operands(node)
        weights = self._constant.issuperset((right, *factors))
        return left in self._apart and weights and self._in_line(added, 2)

    def _attention(self, node: Node) -> bool:
        query, key, value, *mask = self._operands(node)
        ranks = {len(self._shapes[name]) for name in (query, key, value) if name in self._apart}
        apart = all(name in self._apart for name in (query, key, value)) and len(ranks) == 1 and min(ranks) >= 3
        return apart and all(name in self._constant and len(self._shapes[name]) <= 2 for name in mask)

    def _layer(self, node: Node) -> bool:
        first, states = node.argument("input"), node.argument("hx")
        return (
            self.is_apart(first)
            and node.argument("batch_first") is True
            and self._filled.issuperset(names_in(states))
            and self._constant.issuperset(names_in(node.argument("params")))
        )

    def _cell(self, node: Node) -> bool:
        states = set(names_in(node.argument("hx")))
        weights = set(node.refs()).difference(states, names_in(node.argument("input")))
        return (
            self.is_apart(node.argument("input"))
            and self._apart.issuperset(states)
            and self._constant.issuperset(weights)
        )

    def _reshaped(self, node: Node, data: str) -> bool:
        """Whether the first axis stays the images': it is said to be as long as they are many, or it is what is left
        where the others hold one image."""
        sizes = node.argument("shape")
        rest = _without_first(sizes)
        if rest is None:
            return False
        first = _first(sizes)
        return self._is_batch(first) or (first == -1 and prod(rest) == prod(self._shapes[data][1:]))

    def _expanded(self, node: Node, data: str) -> bool:
        """Whether the first axis is the images' in what is spread over more elements."""
        sizes = node.argument("size")
        if _without_first(sizes) is None:
            return False
        first, before = _first(sizes), self._shapes.get(data, ())
        if data in self._apart:
            return _length(sizes) == len(before) and (first == -1 or self._is_batch(first))
        return self._is_batch(first) and data in self._constant and (_length(sizes) > len(before) or before[0] == 1)

    def _is_batch(self, value: Argument) -> bool:
        return isinstance(value, Ref) and value.name in self._batch_sizes

    def _operands(self, node: Node) -> list[str]:
        """Names of what it reads, in the order of the operation's schema; sizes are left to those who read them."""
        given = dict(node.arguments)
        return [
            name for parameter in node.operator.parameters if parameter in given for name in names_in(given[parameter])
        ]


def _spares_first_axis(axes: Argument, rank: int) -> bool:
    """Whether these are axes of so many, at least one, and not the first."""
    listed = axes if isinstance(axes, tuple) else (axes,)
    return bool(listed) and all(type(axis) is int and -rank < axis < rank and axis != 0 for axis in listed)


def _length(value: Argument) -> int:
    """How many there are; of what is no list, too many."""
    return len(value) if isinstance(value, tuple) else 1_000


def _without_first(sizes: Argument) -> list[int] | None:
    """All but the first of the sizes; None where there are none, or one depends on the number of images."""
    if not isinstance(sizes, tuple) or not sizes:
        return None
    rest = [size for size in sizes[1:] if type(size) is int]
    return rest if len(rest) == len(sizes) - 1 else None


def _first(value: Argument) -> Argument:
    return value[0] if isinstance(value, tuple) and value else None
