"""What a vetted program computes in fewer or quicker passes over memory: norms of convolutions, ReLUs, max-pooling.

All are exact but for rounding, and none sees an image: what is fused is read off the nodes and the weights.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Final

import torch
from torch._ops import OpOverload

from grader.artifact.program import Argument, Node, Ref
from grader.graph.calling import Value

_aten = torch.ops.aten
_CONVOLUTIONS: Final = frozenset({_aten.conv1d.default, _aten.conv2d.default, _aten.conv2d.padding})
_SUMS: Final = frozenset({_aten.linear.default, _aten.addmm.default, _aten.add.Tensor})
_NORMS: Final = frozenset({_aten.batch_norm.default, _aten._native_batch_norm_legit_no_training.default})


def fold_batch_norms(
    nodes: Sequence[Node], constants: Mapping[str, Value], output: str
) -> tuple[list[Node], dict[str, torch.Tensor]]:
    """The nodes with each batch norm made part of the convolution whose result it alone reads.

    In inference a norm is a factor and a shift per channel, which the kernel and the bias take up; they are computed
    in float64. A norm whose figures would overflow stays.

    Args:
        nodes: in execution order.
        constants: values that are the same for every image, by name.
        output: name of what the program returns.

    Returns:
        The nodes, and the new constants by names that no archive can hold.
    """
    made = {name: node for node in nodes for name in node.outputs}
    readers = _readers(nodes, output)
    dropped: set[str] = set()
    replaced: dict[str, Node] = {}
    folded: dict[str, torch.Tensor] = {}
    for norm in nodes:
        convolution = _convolution_before(norm, made, readers)
        parts = _kernel_and_bias(convolution, norm, constants) if convolution is not None else None
        if convolution is None or parts is None:
            continue
        folded |= {f"{norm.name} {part}": tensor for part, tensor in parts.items()}
        arguments = {**dict(convolution.arguments), **{part: Ref(f"{norm.name} {part}") for part in parts}}
        dropped.add(convolution.name)
        replaced[norm.name] = dataclasses.replace(
            convolution, name=norm.name, arguments=tuple(arguments.items()), outputs=norm.outputs[:1]
        )
    return [replaced.get(node.name, node) for node in nodes if node.name not in dropped], folded


def quicker_operations(nodes: Sequence[Node], output: str) -> dict[str, Callable[..., torch.Tensor]]:
    """By name of the node, what gives the same from the same arguments in the place of its own operation."""
    return {
        **dict.fromkeys(relus_in_place(nodes, output), _aten.relu_.default),
        **dict.fromkeys(halving_pools(nodes), lambda **arguments: halved(arguments["self"])),
    }


def relus_in_place(nodes: Sequence[Node], output: str) -> frozenset[str]:
    """Names of the nodes that may write their ReLU over what they read: new memory that nothing else looks at.

    The table's `new` is not enough: `einsum` of one tensor gives a view of it, and states of an LSTM share memory.
    """
    fresh = {name for node in nodes if node.group in {"conv", "norm"} or _runs(node, _SUMS) for name in node.outputs}
    readers = _readers(nodes, output)
    return frozenset(
        node.name
        for node in nodes
        if _runs(node, {_aten.relu.default}) and all(name in fresh and readers[name] == 1 for name in node.refs())
    )


def halving_pools(nodes: Sequence[Node]) -> frozenset[str]:
    """Names of the nodes that keep the largest of each 2x2 pixels, and do not say where it was."""
    return frozenset(
        node.name
        for node in nodes
        if _runs(node, {_aten.max_pool2d.default})
        and _is_all(node.argument("kernel_size"), 2)
        and _is_all(node.argument("stride"), 2)
        and _is_all(node.argument("padding"), 0)
        and _is_all(node.argument("dilation"), 1)
        and not node.argument("ceil_mode")
    )


def halved(images: torch.Tensor) -> torch.Tensor:
    """The largest of each 2x2 pixels, (..., H, W) to (..., H // 2, W // 2), as `max_pool2d` gives it.

    The maxima of every other row, then of every other column, take 0.4 of its time with the channels last (torch
    2.15.0).
    """
    height, width = (size // 2 * 2 for size in images.shape[-2:])
    rows = torch.maximum(images[..., 0:height:2, :], images[..., 1:height:2, :])
    return torch.maximum(rows[..., 0:width:2], rows[..., 1:width:2])


def _is_all(value: Argument, number: int) -> bool:
    """Whether it is that number, once or for each axis; what a node leaves out is `max_pool2d`'s default."""
    return value in (None, number, (), (number,), (number, number))


def _readers(nodes: Iterable[Node], output: str) -> Counter[str]:
    """How often each value is read; to be returned counts."""
    return Counter([output, *(name for node in nodes for name in node.refs())])


def _runs(node: Node, overloads: Container[OpOverload]) -> bool:
    return not node.symbolic and node.operator.overload in overloads


def _convolution_before(norm: Node, made: Mapping[str, Node], readers: Mapping[str, int]) -> Node | None:
    """What the norm reads, where it can be folded there: a convolution whose result nothing else reads."""
    if not _runs(norm, _NORMS) or norm.argument("training") or any(readers[name] for name in norm.outputs[1:]):
        return None
    source = norm.argument("input")
    convolution = made.get(source.name) if isinstance(source, Ref) else None
    if convolution is None or not _runs(convolution, _CONVOLUTIONS) or readers[convolution.outputs[0]] != 1:
        return None
    return convolution


def _kernel_and_bias(convolution: Node, norm: Node, constants: Mapping[str, Value]) -> dict[str, torch.Tensor] | None:
    """`weight` and `bias` of the convolution that gives what the norm gives; None where there is none."""

    def operand(node: Node, name: str, absent: float | None = None) -> torch.Tensor | None:
        """As float64; `absent` where the node has none, None where it is computed from the images."""
        value = node.argument(name)
        if value is None and absent is not None:
            return torch.tensor(absent, dtype=torch.float64)
        found = constants.get(value.name) if isinstance(value, Ref) else None
        return found.double() if isinstance(found, torch.Tensor) and found.dtype is torch.float32 else None

    kernel, bias = operand(convolution, "weight"), operand(convolution, "bias", 0.0)
    mean, variance = operand(norm, "running_mean"), operand(norm, "running_var")
    scale, offset = operand(norm, "weight", 1.0), operand(norm, "bias", 0.0)
    epsilon = norm.argument("eps")
    if kernel is None or bias is None or mean is None or variance is None or scale is None or offset is None:
        return None
    if not isinstance(epsilon, float | int):
        return None
    factor = scale * torch.rsqrt(variance + epsilon)
    per_output = factor.reshape(-1, *(1 for _ in kernel.shape[1:]))
    parts = {"weight": (kernel * per_output).float(), "bias": ((bias - mean) * factor + offset).float()}
    finite = all(bool(part.float().isfinite().all()) for part in (factor, *parts.values()))
    return parts if finite else None
