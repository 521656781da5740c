"""Which nodes matter to the output, which depend on no image, and how long each value is needed."""

from collections.abc import Iterable

from grader.artifact.program import Node, Program


def live_nodes(program: Program) -> tuple[Node, ...]:
    """The nodes that the output depends on, in execution order."""
    needed, live = {program.output}, []
    for node in reversed(program.nodes):
        if needed.intersection(node.outputs):
            live.append(node)
            needed.update(node.refs())
    return tuple(reversed(live))


def constants_of(program: Program, nodes: Iterable[Node]) -> set[str]:
    """Names of the values that are the same for every image: weights, and what is computed from them alone."""
    constant = set(program.weights)
    for node in nodes:
        if constant.issuperset(node.refs()):
            constant.update(node.outputs)
    return constant


def last_uses(nodes: Iterable[Node], output: str) -> dict[str, list[str]]:
    """For each node, by name, the values that no later node reads; the output is kept."""
    seen = {output}
    ends: dict[str, list[str]] = {}
    for node in reversed(list(nodes)):
        ended = [name for name in dict.fromkeys((*node.refs(), *node.outputs)) if name not in seen]
        seen.update(ended)
        ends[node.name] = ended
    return ends
