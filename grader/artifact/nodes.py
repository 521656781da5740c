"""The nodes of the graph, from top to bottom: known operation, fitting arguments, names defined once and before use."""

import re
from typing import Any, Final

from grader.artifact.aliasing import Aliases
from grader.artifact.arguments import DROPPED, MAX_LIST, vetted
from grader.artifact.caps import Caps
from grader.artifact.document import field, variant
from grader.artifact.operators import OPERATORS, Operator
from grader.artifact.overloads import INDEX_RESULTS, PASSED_OVER, SYMBOLIC
from grader.artifact.program import Argument, Node, Ref
from grader.artifact.refusal import quote, refuse

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}", re.ASCII)
_TRAINING_FLAGS: Final = frozenset({"training", "train"})
_SYMBOLIC_ARGUMENTS: Final = {"self": "Tensor", "dim": "int", "a": "int", "b": "int"}


def vetted_name(raw_name: str) -> str:
    """`raw_name`, which is a name that torch generates: an ASCII identifier.

    Raises:
        ArtifactRejected: it is anything else, such as code.
    """
    if not _NAME.fullmatch(raw_name):
        raise refuse("bad_name", name=quote(raw_name))
    return raw_name


class GraphReader:
    """Collects vetted nodes; holds what the names read so far stand for."""

    def __init__(self, caps: Caps) -> None:
        self.nodes: list[Node] = []
        self._caps = caps
        self._tensors = Aliases()
        self._integers: set[str] = set()
        self._names: set[str] = set()

    def define_input(self, name: str, *, frozen: bool) -> None:
        """A weight (`frozen`) or the images."""
        self._claim(name)
        self._tensors.define(name, frozen=frozen)

    def resolve(self, raw_name: str, kind: str) -> str:
        """The value that the name stands for now.

        Raises:
            ArtifactRejected: no earlier node defines it, or as the other kind of value.
        """
        name = vetted_name(raw_name)
        if kind == "int" and name in self._integers:
            return name
        if kind == "tensor" and name in self._tensors:
            return self._tensors.read(name)
        raise refuse("undefined_name", name=quote(name))

    def read(self, unvetted_nodes: list[Any]) -> None:
        """Vets the nodes in order.

        Raises:
            ArtifactRejected: at the first node that breaks a rule.
        """
        if len(unvetted_nodes) > self._caps.nodes:
            raise refuse("too_many_nodes", found=len(unvetted_nodes), limit=self._caps.nodes)
        for unvetted in unvetted_nodes:
            target = field(unvetted, "target", str)
            if target in PASSED_OVER:
                continue
            if target in SYMBOLIC:
                self._read_symbolic(target, unvetted)
            elif target in OPERATORS:
                self._read_operation(OPERATORS[target], unvetted)
            else:
                raise refuse("foreign_op", op=quote(target))

    def _read_symbolic(self, target: str, unvetted: dict[str, Any]) -> None:
        """Arithmetic on the batch size, whose result is named and never an expression."""
        parameters = ("self", "dim") if target.startswith("torch.") else ("a", "b")
        given = dict(_named(unvetted, target))
        outputs = field(unvetted, "outputs", list)
        if given.keys() != set(parameters) or len(outputs) != 1:
            raise refuse("bad_argument", op=quote(target), argument=quote("inputs"))
        arguments = tuple(
            (name, vetted(target, name, _SYMBOLIC_ARGUMENTS[name], given[name], self.resolve)) for name in parameters
        )
        if target.startswith("torch.") and not isinstance(arguments[0][1], Ref):
            raise refuse("bad_argument", op=quote(target), argument=quote("self"))
        tag, value = variant(outputs[0])
        if tag != "as_sym_int":
            raise refuse("malformed_model", field=quote("outputs"))
        name = self._claim(field(value, "as_name", str))
        self._integers.add(name)
        self.nodes.append(Node(name, target, arguments, (name,)))

    def _read_operation(self, operator: Operator, unvetted: dict[str, Any]) -> None:
        if operator.in_place or operator.effect == "identity":
            raw_target = _first_tensor(unvetted, operator)
            self.resolve(raw_target, "tensor")
        arguments = self._arguments(operator, unvetted)
        outputs = _outputs(unvetted, operator)
        for name in outputs:
            self._claim(name)
        if operator.effect == "identity":
            self._tensors.define_same(outputs[0], raw_target)
            return
        if operator.target == "torch.ops.aten.lift_fresh_copy.default":
            self._tensors.define_copy(outputs[0], _first_tensor(unvetted, operator))
            return
        self.nodes.append(Node(outputs[0], operator.target, arguments, outputs))
        if operator.in_place:
            self._tensors.write(raw_target, outputs[0])
            return
        base = _looked_at(unvetted, operator)
        if base is not None:
            for part, name in enumerate(outputs):
                self._tensors.define_view(name, base, outputs[0], part if len(outputs) > 1 else None)
        else:
            for name in outputs[:1] if operator.target in INDEX_RESULTS else outputs:
                self._tensors.define(name)

    def _arguments(self, operator: Operator, unvetted: dict[str, Any]) -> tuple[tuple[str, Argument], ...]:
        """Every argument bound by name; what torch would fill in stays out."""
        bound: dict[str, Argument] = {}
        for name, value in _named(unvetted, operator.target):
            parameter = operator.parameters.get(name)
            if parameter is None or name in bound:
                raise refuse("bad_argument", op=quote(operator.target), argument=quote(name))
            bound[name] = vetted(operator.target, name, parameter.kind, value, self.resolve)
        for name, parameter in operator.parameters.items():
            if parameter.required and name not in bound:
                raise refuse("bad_argument", op=quote(operator.target), argument=quote(name))
        _refuse_training(operator, bound)
        return tuple((operator.renamed.get(name, name), value) for name, value in bound.items() if name not in DROPPED)

    def _claim(self, raw_name: str) -> str:
        name = vetted_name(raw_name)
        if name in self._names:
            raise refuse("duplicate_name", name=quote(name))
        self._names.add(name)
        return name


def _refuse_training(operator: Operator, bound: dict[str, Argument]) -> None:
    """What depends on chance or on the other images of a batch has no place in a prediction."""
    flagged = any(bound.get(name) is True for name in _TRAINING_FLAGS)
    drops = bool(bound.get("dropout_p"))
    statistics = (bound.get(name) for name in ("running_mean", "running_var"))
    keeps_statistics = bool(bound.get("use_input_stats")) and any(one is not None for one in statistics)
    if flagged or drops or keeps_statistics:
        raise refuse("training_mode", op=quote(operator.target))


def _named(unvetted: dict[str, Any], target: str) -> list[tuple[str, Any]]:
    inputs = field(unvetted, "inputs", list)
    if len(inputs) > 32:
        raise refuse("bad_argument", op=quote(target), argument=quote("inputs"))
    return [(field(entry, "name", str), field(entry, "arg", dict)) for entry in inputs]


def _first_tensor(unvetted: dict[str, Any], operator: Operator) -> str:
    """The archive's name of what the operation writes to or looks at."""
    first = next(iter(operator.parameters))
    for name, value in _named(unvetted, operator.target):
        if name == first and variant(value)[0] == "as_tensor":
            return field(value["as_tensor"], "name", str)
    raise refuse("bad_argument", op=quote(operator.target), argument=quote(first))


def _looked_at(unvetted: dict[str, Any], operator: Operator) -> str | None:
    """The archive's name of the tensor whose memory the results may lie in; None where they have memory of their own.

    `einsum` permutes a single tensor and multiplies several.
    """
    if operator.effect in ("view", "may_view"):
        return _first_tensor(unvetted, operator)
    if operator.target == "torch.ops.aten.einsum.default":
        for name, value in _named(unvetted, operator.target):
            if name == "tensors" and variant(value)[0] == "as_tensors":
                tensors = field(value, "as_tensors", list)
                return field(tensors[0], "name", str) if len(tensors) == 1 else None
    return None


def _outputs(unvetted: dict[str, Any], operator: Operator) -> tuple[str, ...]:
    """Names of the results, one per tensor; a list of tensors is one result with many names."""
    outputs = field(unvetted, "outputs", list)
    if operator.lists and len(outputs) == 1 and variant(outputs[0])[0] == "as_tensors":
        outputs = [{"as_tensor": item} for item in field(outputs[0], "as_tensors", list)]
    if not 1 <= len(outputs) <= MAX_LIST:
        raise refuse("malformed_model", field=quote("outputs"))
    names = []
    for output in outputs:
        tag, value = variant(output)
        if tag != "as_tensor":
            raise refuse("malformed_model", field=quote("outputs"))
        names.append(vetted_name(field(value, "name", str)))
    return tuple(names)
