"""Which top-level statements of a notebook become part of the module.

A notebook's cells define things and do things. Importing the module must only define: training, downloads and plots of
the student's own session would spend the mission's time before `train` is called.
"""

import ast
import builtins

# Calls that only make a value. Everything else at top level may train, download, print or draw.
_VALUE_CALLS = frozenset(
    {
        *("int", "float", "str", "bool", "bytes", "len", "range", "tuple", "list", "dict", "set", "frozenset"),
        *("min", "max", "sum", "abs", "round", "sorted", "zip", "enumerate", "reversed", "slice", "type"),
        *("Path", "pathlib.Path", "namedtuple", "collections.namedtuple", "TypeVar", "NewType", "partial"),
        *("functools.partial", "torch.device", "torch.cuda.is_available", "torch.backends.mps.is_available"),
    }
)
# Constructors of layers and image transforms, by the names the field imports them under.
_VALUE_MODULES = frozenset(
    {"nn", "torch.nn", "transforms", "torchvision.transforms", "T", "v2", "transforms.v2", "math"}
)
_BUILTINS = frozenset(dir(builtins))
_MAX_DEPTH = 50
"""Nesting of a constant or of `if`/`try`; deeper ones are dropped."""

_PLAIN_NODES = (
    ast.Constant,
    ast.Attribute,
    ast.Subscript,
    ast.Slice,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Starred,
    ast.keyword,
    ast.comprehension,
)


class Keeper:
    """Decides statement by statement, in the notebook's order.

    It remembers which names the module has so far: a constant made from a dropped one would fail on import.
    """

    def __init__(self) -> None:
        self._names: set[str] = set(_BUILTINS)
        self._added: list[str] = []
        self._star = False

    def keeps(self, statement: ast.stmt) -> bool:
        """Whether the statement is an import, a definition or a constant (or `if`/`try` around such)."""
        return self._keeps(statement, 0)

    def _keeps(self, statement: ast.stmt, depth: int) -> bool:
        if depth > _MAX_DEPTH:
            return False
        match statement:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                for alias in names:
                    self._star = self._star or alias.name == "*"
                    self._add(alias.asname or alias.name.split(".")[0])
                return True
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                self._add(name)
                return True
            case ast.Assign(targets=targets, value=value):
                return self._keeps_assignment(targets, value)
            case ast.AnnAssign(target=target, value=value):
                return self._keeps_assignment([target], value)
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                return self._known(name) and self._is_value(value, 0)
            case ast.If(test=test, body=body, orelse=orelse):
                return self._is_value(test, 0) and self._keeps_all([*body, *orelse], depth)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                handled = [inner for handler in handlers for inner in handler.body]
                return self._keeps_all([*body, *handled, *orelse, *finalbody], depth)
            case _:
                return False

    def _keeps_all(self, statements: list[ast.stmt], depth: int) -> bool:
        """All or nothing; names of a branch that is not kept are forgotten."""
        before = len(self._added)
        if all(isinstance(inner, ast.Pass) or self._keeps(inner, depth + 1) for inner in statements):
            return True
        self._forget_since(before)
        return False

    def _add(self, name: str) -> None:
        if name not in self._names:
            self._names.add(name)
            self._added.append(name)

    def _forget_since(self, count: int) -> None:
        """Takes back names in the order they came; a copy of the set for each `if` would be quadratic."""
        self._names.difference_update(self._added[count:])
        del self._added[count:]

    def _keeps_assignment(self, targets: list[ast.expr], value: ast.expr | None) -> bool:
        names: list[str] = []
        for target in targets:
            parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
            if not all(isinstance(part, ast.Name) for part in parts):
                return False
            names.extend(part.id for part in parts if isinstance(part, ast.Name))
        if value is not None and not self._is_value(value, 0):
            return False
        for name in names:
            self._add(name)
        return True

    def _known(self, name: str) -> bool:
        return self._star or name in self._names

    def _is_value(self, node: ast.AST, depth: int) -> bool:
        """Whether evaluating the expression only makes a value out of names the module has."""
        if depth > _MAX_DEPTH:
            return False
        match node:
            case ast.Name(id="__name__"):
                return False  # `if __name__ == "__main__":` is there to run
            case ast.Name(id=name):
                return self._known(name)
            case ast.Lambda():
                return True
            case ast.Call(func=func):
                called = _dotted(func)
                module = called.rpartition(".")[0]
                if called not in _VALUE_CALLS and module not in _VALUE_MODULES:
                    return False
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self._is_comprehension(node, depth)
            case ast.operator() | ast.unaryop() | ast.boolop() | ast.cmpop() | ast.expr_context():
                return True
            case _ if not isinstance(node, _PLAIN_NODES):
                return False
            case _:
                pass
        return all(self._is_value(child, depth + 1) for child in ast.iter_child_nodes(node))

    def _is_comprehension(self, node: ast.expr, depth: int) -> bool:
        before = len(self._added)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                self._add(inner.id)
        is_value = all(self._is_value(child, depth + 1) for child in ast.iter_child_nodes(node))
        self._forget_since(before)
        return is_value


def _dotted(node: ast.expr) -> str:
    """`torch.nn.Linear` for the expression of that form, else empty."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
