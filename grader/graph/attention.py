"""Attention in a graph, by torch's own operation or written out: the image weighs what the image gave."""

from collections.abc import Sequence
from typing import Final

from grader.artifact.overloads import aten
from grader.artifact.program import Node, Ref, names_in
from grader.graph.unrolling import image_dependent

_SOFTMAX: Final = frozenset({aten.softmax.int, aten._softmax.default, aten.log_softmax.int, aten._log_softmax.default})
_SCORES: Final = frozenset({aten.exp.default, aten.sigmoid.default, aten.softplus.default})
_SUMS: Final = frozenset({aten.sum.default, aten.sum.dim_IntList, aten.mean.default, aten.mean.dim})
_PRODUCTS: Final = frozenset({aten.mul.Tensor, aten.addcmul.default})
_SCALING: Final = frozenset(
    {
        *(aten.add.Tensor, aten.add.Scalar, aten.sub.Tensor, aten.sub.Scalar, aten.mul.Tensor, aten.mul.Scalar),
        *(aten.div.Tensor, aten.div.Scalar, aten.clamp.default, aten.clamp_min.default),
    }
)
"""What leaves scores and their sums what they are, where only one of its arguments depends on the image."""
_LAYERS: Final = frozenset({"dense", "conv", "recurrent", "attention", "norm"})


def attention_nodes(nodes: Sequence[Node], image: str) -> tuple[str, ...]:
    """Names of the operations that are attention.

    Those are torch's own; a matrix product, or a convolution, whose two sides both depend on the image; and a product
    of weights with something else that depends on the image. Weights are what a softmax gives, or scores divided by
    their sum, until a layer reads them. Gates are not: a sigmoid weighs each value alone.

    Not found are sums that are divided only after the products are added up or are written as many additions, scores
    other than exponentials and sigmoids, and queries multiplied with keys element by element, unless a softmax follows.

    Args:
        nodes: the live ones, in execution order.
        image: name of the program's input.
    """
    dependent = image_dependent(image, nodes)
    walk = _Walk(dependent)
    return tuple(node.name for node in nodes if not dependent.isdisjoint(node.outputs) and walk.step(node))


class _Walk:
    """Follows weights through the graph; `step` judges one node."""

    def __init__(self, dependent: set[str]) -> None:
        self._dependent = dependent
        self._weights: set[str] = set()
        # Positive numbers, each of one value; sums of these; one over such a sum.
        self._scores: set[str] = set()
        self._totals: set[str] = set()
        self._inverses: set[str] = set()

    def step(self, node: Node) -> bool:
        """Whether the node is attention; remembers what its results are."""
        factors = [name for name in _factors(node) if name in self._dependent]
        if node.group in _LAYERS:
            return node.group == "attention" or (node.group in ("dense", "conv") and len(factors) > 1)
        softmax = node.operator.overload in _SOFTMAX or self._divides_by_total(node)
        if softmax or not self._weights.isdisjoint(node.refs()):
            self._weights.update(node.outputs)
        self._follow_scores(node, factors)
        return node.operator.overload in _PRODUCTS and len(factors) > 1 and not self._weights.isdisjoint(factors)

    def _divides_by_total(self, node: Node) -> bool:
        """Whether the node divides scores by a sum of scores."""
        first, second = (_name(node.argument(side)) for side in ("self", "other"))
        match node.operator.overload:
            case aten.div.Tensor:
                return first in self._scores and second in self._totals
            case aten.mul.Tensor:
                pairs = ((first, second), (second, first))
                return any(one in self._scores and other in self._inverses for one, other in pairs)
        return False

    def _follow_scores(self, node: Node, factors: Sequence[str]) -> None:
        op = node.operator.overload
        if op in _SCORES:
            self._scores.update(node.outputs)
        elif op in _SUMS and not self._scores.isdisjoint(factors):
            self._totals.update(node.outputs)
        elif op is aten.reciprocal.default or (op is aten.div.Tensor and _name(node.argument("other")) in factors):
            if len(factors) == 1 and not self._totals.isdisjoint(factors):
                self._inverses.update(node.outputs)
        elif node.group == "shape" or (op in _SCALING and len(factors) == 1):
            for known in (self._scores, self._totals, self._inverses):
                if not known.isdisjoint(factors):
                    known.update(node.outputs)


def _factors(node: Node) -> list[str]:
    """What is multiplied: not what is added to the product, nor sizes."""
    if node.symbolic:
        return []
    added = {"bias"}
    if node.operator.overload in (aten.addmm.default, aten.baddbmm.default, aten.addcmul.default):
        added.add("self")
    return [found for name, value in node.arguments if name not in added for found in names_in(value)]


def _name(value: object) -> str | None:
    return value.name if isinstance(value, Ref) else None
