"""Source as what a copy can't easily change: its syntax tree, read in order, with the student's own names made equal.

Comments, layout, quotes, docstrings, type annotations and import statements leave nothing behind. What counts: the
kinds of syntax, operators, and names that come from an import (`Conv2d`, however it is reached), because these can't be
renamed. All other names, all numbers and all strings are the same to this module.
"""

import ast
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.errors import SubmissionInvalid
from grader.similarity.results import SourceFile
from grader.submission.source import parse_text

MAX_SYMBOLS = 60_000
"""Longest submission compared; the rest is left out. mission_cnn's reference has 435."""
MAX_CHAIN = 16
"""Most dots of a name followed back to its import."""
SEPARATOR = "\n"
"""Stands between two files; no match runs across it."""
_FIRST, _COUNT = 0xE000, 0x110000 - 0xE000
_OWN = "own"
_SKIPPED = (ast.Import, ast.ImportFrom, ast.Pass, ast.expr_context, ast.type_ignore)
_TRANSPARENT = (ast.Module, ast.Expr, ast.arguments)


@dataclass(frozen=True, slots=True)
class NormalForm:
    """One submission, as one character per symbol.

    Attributes:
        symbols: a string; equal characters are equal symbols but for one pair in a million.
        places: for each symbol the index of its file and its line, from 1.
        unreadable: indices of files that are no Python.
        cut: something was left out because there were too many symbols.
    """

    symbols: str
    places: tuple[tuple[int, int], ...]
    unreadable: tuple[int, ...] = ()
    cut: bool = False


def normal_form(files: Sequence[SourceFile]) -> NormalForm:
    """The submission's files one after another, each as its normal form.

    Args:
        files: decoded source, untrusted; nothing of it is executed. Time and memory are bounded by the size that
            collecting allows and by `MAX_SYMBOLS` (tests/unit/similarity/test_hostile_source.py).
    """
    symbols: list[str] = []
    places: list[tuple[int, int]] = []
    unreadable: list[int] = []
    own_modules = {file.name.removesuffix(".py").rpartition("/")[2] for file in files}
    for index, file in enumerate(files):
        try:
            tree = parse_text(file.text, file.name)
        except SubmissionInvalid:
            unreadable.append(index)
            continue
        for symbol, line in _symbols(tree, _imported(tree, own_modules)):
            if len(symbols) >= MAX_SYMBOLS:
                return NormalForm("".join(symbols), tuple(places), tuple(unreadable), cut=True)
            symbols.append(_character(symbol))
            places.append((index, line))
        symbols.append(SEPARATOR)
        places.append((index, places[-1][1] if places else 1))
    return NormalForm("".join(symbols), tuple(places), tuple(unreadable))


def _character(symbol: str) -> str:
    """The same character for the same symbol in every process, none of them a separator or a surrogate."""
    return chr(_FIRST + zlib.crc32(symbol.encode("utf-8", "surrogatepass")) % _COUNT)


def _imported(tree: ast.Module, own_modules: set[str]) -> dict[str, str]:
    """What each imported name stands for, by its last part; the submission's own modules are left out."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                if top not in own_modules:
                    found[alias.asname or top] = alias.name.rpartition(".")[2] if alias.asname else top
        elif (
            isinstance(node, ast.ImportFrom)
            and not node.level
            and (node.module or "").partition(".")[0] not in {"", *own_modules}
        ):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
    return found


def _symbols(tree: ast.Module, imported: dict[str, str]) -> Iterator[tuple[str, int]]:
    """(symbol, line) in the order of the source; a loop, because a hostile tree is deeper than the stack."""
    pending: list[tuple[ast.AST, int]] = [(tree, 1)]
    while pending:
        node, line = pending.pop()
        line = getattr(node, "lineno", line)
        if isinstance(node, _SKIPPED) or _does_nothing(node):
            continue
        outside = _outside_name(node, imported)
        if outside is not None:
            yield outside, line
            continue
        if not isinstance(node, _TRANSPARENT):
            yield _symbol(node), line
        pending.extend((child, line) for child in reversed(list(_children(node))))


def _symbol(node: ast.AST) -> str:
    if isinstance(node, ast.Name | ast.arg):
        return _OWN
    if isinstance(node, ast.JoinedStr):
        return "Constant str"
    if isinstance(node, ast.Constant):
        return "Constant number" if isinstance(node.value, int | float) else f"Constant {type(node.value).__name__}"
    return "Assign" if isinstance(node, ast.AnnAssign) else type(node).__name__


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """What lies below, decorators first, without annotations; the text of an f-string counts as one string."""
    if isinstance(node, ast.JoinedStr):
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield from node.decorator_list
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_comment", "type_params"):
            continue
        if isinstance(value, ast.AST):
            yield value
        elif isinstance(value, list):
            yield from (item for item in value if isinstance(item, ast.AST))


def _outside_name(node: ast.AST, imported: dict[str, str]) -> str | None:
    """Last part of a name that leads out of the submission: `Conv2d` of `torch.nn.Conv2d`; None for any other node."""
    last: str | None = None
    for _ in range(MAX_CHAIN):
        if not isinstance(node, ast.Attribute):
            break
        last = last or node.attr
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in imported:
        return None
    return f"import {last or imported[node.id]}"


def _does_nothing(node: ast.AST) -> bool:
    """A string on its own, such as a docstring, or a type without a value."""
    if isinstance(node, ast.AnnAssign):
        return node.value is None
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
