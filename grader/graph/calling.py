"""One node applied to values: the same call on the `meta` device and on a real one."""

from collections.abc import Callable

import torch

from grader.artifact.arguments import MAX_INT
from grader.artifact.program import Argument, Node, Ref

Value = torch.Tensor | int
Lookup = Callable[[str], Value]


class CallFailed(Exception):
    """The operation can't be applied to these values; `__cause__` is torch's own error, if it was torch's."""


def call(
    node: Node, lookup: Lookup, device: torch.device, operation: Callable[..., object] | None = None
) -> tuple[Value, ...]:
    """The node's results, one per name in `node.outputs`.

    Args:
        node: vetted.
        lookup: the value of a name.
        device: where factories put their tensors, whatever the archive said.
        operation: what runs in place of the node's own, with the same arguments.

    Raises:
        CallFailed: torch refuses the values, or returns another number of results than the archive names.
    """
    try:
        if node.symbolic:
            return (_integer(node, lookup),)
        arguments = {name: _resolve(value, lookup) for name, value in node.arguments}
        if "device" in node.operator.parameters:
            arguments["device"] = device
        result = (operation or node.operator.overload)(**arguments)
    except CallFailed:
        raise
    except Exception as error:  # torch raises many kinds; whatever it is, the values do not fit the operation
        raise CallFailed from error
    results = tuple(result) if isinstance(result, tuple | list) else (result,)
    if len(results) != len(node.outputs) or not all(isinstance(item, torch.Tensor) for item in results):
        raise CallFailed
    return results


def _resolve(value: Argument, lookup: Lookup) -> object:
    if isinstance(value, Ref):
        return lookup(value.name)
    if isinstance(value, tuple):
        return [lookup(item.name) if isinstance(item, Ref) else item for item in value]
    return value


def _integer(node: Node, lookup: Lookup) -> int:
    first, second = (_resolve(value, lookup) for _, value in node.arguments)
    if isinstance(first, torch.Tensor) and type(second) is int:
        return int(first.shape[second])
    if type(first) is not int or type(second) is not int:
        raise CallFailed
    match node.op:
        case "_operator.add":
            result = first + second
        case "_operator.sub":
            result = first - second
        case "_operator.mul":
            result = first * second
        case _:
            result = first // second
    if abs(result) > MAX_INT:
        raise CallFailed
    return result
