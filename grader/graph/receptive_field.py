"""How much of the image each result of a graph can see, as long as its results have a place in the image."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from grader.artifact.program import Argument, Node, Program
from grader.graph.kernels import pair

FARTHEST: Final = 1_000_000
"""Pixels beyond which nothing is told apart: an artifact's strides multiply."""
_SLIDING_POOLS: Final = frozenset({"max_pool2d.default", "max_pool2d_with_indices.default", "avg_pool2d.default"})
_IN_PLACE_GROUPS: Final = frozenset({"activation", "norm", "arithmetic"})
_IN_PLACE_SHAPES: Final = frozenset(
    {
        *("dropout.default", "dropout_.default", "feature_dropout.default", "alpha_dropout.default"),
        *("detach.default", "alias.default", "lift_fresh.default", "clone.default", "contiguous.default"),
        *("to.dtype", "_to_copy.default", "type_as.default", "cat.default"),
    }
)
"""Shape operations that leave every value where it was; `cat` counts where it joins channels."""
_WHOLE_MAP_NORMS: Final = frozenset({"instance_norm.default", "group_norm.default", "native_group_norm.default"})


@dataclass(frozen=True, slots=True)
class _View:
    """What a value sees, and how far apart its neighbours look; height, then width, in pixels."""

    size: tuple[int, int]
    step: tuple[int, int]


def receptive_fields(
    program: Program, nodes: Iterable[Node], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, tuple[int, int]]:
    """Height and width seen by each value that still has a place in the image, by its name; padding counts as seen.

    Where branches meet, the wider view counts. A value that has left the plane, as after flattening or a global pool,
    is not named, and nor is what is computed from it.

    Args:
        program: vetted.
        nodes: in execution order.
        shapes: of every value, as the dry run found them.
    """
    views: dict[str, _View] = {program.input: _View((1, 1), (1, 1))}
    for node in nodes:
        seen = [name for name in node.refs() if name not in program.weights]
        if node.symbolic or not seen or any(name not in views for name in seen) or not node.outputs:
            continue
        view = _after(node, [views[name] for name in seen], program, shapes)
        if view is not None and len(shapes.get(node.outputs[0], ())) == 4:
            views[node.outputs[0]] = view
    del views[program.input]
    return {name: view.size for name, view in views.items()}


def _after(node: Node, views: list[_View], program: Program, shapes: Mapping[str, tuple[int, ...]]) -> _View | None:
    """What the node's result sees; None where it has no place in the image any more."""
    if len({view.step for view in views}) > 1:
        return None
    widest = _View(_widest(views), views[0].step)
    if node.group == "conv" and node.short_op.startswith("conv2d"):
        return _widened(widest, _kernel(node, program), node.argument("stride"), node.argument("dilation"))
    if node.short_op == "convolution.default" and node.argument("transposed") is not True:
        return _widened(widest, _kernel(node, program), node.argument("stride"), node.argument("dilation"))
    if node.short_op in _SLIDING_POOLS:
        kernel = pair(node.argument("kernel_size")) or (1, 1)
        stride = node.argument("stride")
        return _widened(widest, kernel, kernel if stride in (None, ()) else stride, node.argument("dilation"))
    if node.group in _IN_PLACE_GROUPS and node.short_op not in _WHOLE_MAP_NORMS:
        return widest
    if node.short_op in _IN_PLACE_SHAPES:
        return widest if node.short_op != "cat.default" or node.argument("dim") in (1, -3) else None
    return None


def _widest(views: list[_View]) -> tuple[int, int]:
    return max(view.size[0] for view in views), max(view.size[1] for view in views)


def _widened(view: _View, kernel: tuple[int, int] | None, stride: Argument, dilation: Argument) -> _View | None:
    if kernel is None:
        return None
    strides, spread = pair(stride) or (1, 1), pair(dilation) or (1, 1)
    height, width = (
        min(FARTHEST, size + (length - 1) * apart * step)
        for size, length, apart, step in zip(view.size, kernel, spread, view.step, strict=True)
    )
    steps = (min(FARTHEST, one * stride) for one, stride in zip(view.step, strides, strict=True))
    return _View((height, width), (next(steps), next(steps)))


def _kernel(node: Node, program: Program) -> tuple[int, int] | None:
    """Height and width of a convolution's kernel; None where it is no stored weight."""
    names = [name for name in node.refs() if name in program.weights]
    shape = tuple(program.weights[names[0]].tensor.shape) if names else ()
    return (int(shape[2]), int(shape[3])) if len(shape) == 4 else None
