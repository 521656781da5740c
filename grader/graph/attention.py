"""Attention in a graph, by torch's own operation or written out: the image weighs what the image gave."""

from collections.abc import Sequence
from typing import Final

from grader.artifact.program import Node, names_in
from grader.graph.unrolling import image_dependent

_SOFTMAX: Final = frozenset({"softmax.int", "_softmax.default"})
_PRODUCTS: Final = frozenset({"mul.Tensor", "addcmul.default"})


def attention_nodes(nodes: Sequence[Node], image: str) -> tuple[str, ...]:
    """Names of the operations that are attention.

    Those are torch's own; a matrix product whose two sides both depend on the image; and a softmax over anything whose
    result is multiplied with something that depends on the image. Gates are not: a sigmoid weighs each value alone.

    Args:
        nodes: the live ones, in execution order.
        image: name of the program's input.
    """
    dependent = image_dependent(image, nodes)
    weights: set[str] = set()
    found = []
    for node in nodes:
        factors = [name for name in _factors(node) if name in dependent]
        if (
            node.group == "attention"
            or (node.group == "dense" and len(factors) > 1)
            or (node.short_op in _PRODUCTS and len(factors) > 1 and not weights.isdisjoint(factors))
        ):
            found.append(node.name)
        if (node.short_op in _SOFTMAX and factors) or (
            node.group in ("shape", "arithmetic") and not weights.isdisjoint(node.refs())
        ):
            weights.update(node.outputs)
    return tuple(found)


def _factors(node: Node) -> list[str]:
    """What is multiplied: not what is added to the product, nor sizes."""
    if node.symbolic:
        return []
    added = {"bias"}
    if node.short_op in ("addmm.default", "baddbmm.default", "addcmul.default"):
        added.add("self")
    return [found for name, value in node.arguments if name not in added for found in names_in(value)]
