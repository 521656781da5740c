"""Whether any image matters to a program once weights of it count as zero, told by its graph alone."""

from collections.abc import Mapping, Sequence
from typing import Final

from torch._ops import OpOverload

from grader.artifact.overloads import NEW, RECURRENT_LAYERS, aten
from grader.artifact.program import Node, Program, names_in
from grader.graph.liveness import constants_of
from grader.graph.unrolling import image_dependent

_DATA: Final[Mapping[OpOverload, str]] = {
    **dict.fromkeys((*NEW["conv"], *RECURRENT_LAYERS), "input"),
    aten.linear.default: "input",
    aten.addmm.default: "mat1",
    aten.mm.default: "self",
    aten.matmul.default: "self",
}
"""What is multiplied by weights and by nothing else, so that it does not matter where they are zero."""


def is_blind_without(program: Program, nodes: Sequence[Node], group: str) -> bool:
    """Whether no image matters any more once the weights of that op group count as zero.

    Args:
        program: vetted.
        nodes: its live nodes, in execution order.
        group: op group.

    Returns:
        False also where that can't be told.
    """
    constant, dependent = constants_of(program, nodes), image_dependent(program.input, nodes)

    def lets_through(node: Node) -> bool:
        data = _DATA.get(node.operator.overload) if node.group == group else None
        weights = (found for name, value in node.arguments if name not in (data, "hx") for found in names_in(value))
        states = names_in(node.argument("hx"))
        return data is None or not constant.issuperset(weights) or not dependent.isdisjoint(states)

    seeing = [node for node in nodes if node.symbolic or lets_through(node)]
    return program.output not in image_dependent(program.input, seeing)
