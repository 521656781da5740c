"""What the source says, read from its syntax tree: forbidden imports, banned files, the signatures of functions.

Advisory for security (`getattr`, `exec` and a name built at run time get past any reader), binding for the rubric.
Nothing of the student's is imported or executed.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, Protocol

from grader.errors import SubmissionInvalid
from grader.submission import Submission
from grader.text import Text

Rule = Literal["forbidden_import", "banned_file", "unreadable_source"]

MAX_FINDINGS = 100
"""More than this tells nobody anything new."""
_MAX_ALIAS_ROUNDS = 4
"""`a = torchvision; b = a.models; …`: how many such steps are followed, whatever their order in the file."""
_MAX_CHAIN = 12
"""Attributes in a row that are looked at: `a.b.c` has two."""
_MAX_CALLS = 8
"""Calls within calls that are looked into: bounds recursion, and time on a chain of a thousand calls."""


class Rules(Protocol):
    """What a mission forbids; its spec's `static` section is one."""

    @property
    def forbidden_imports(self) -> tuple[str, ...]:
        """Dotted names of modules or of things in them; everything below them is forbidden too."""

    @property
    def banned_files(self) -> tuple[str, ...]:
        """Glob patterns, matched with the whole relative name and with the last part of it, whatever the case."""


@dataclass(frozen=True, slots=True)
class StaticRules:
    """Rules given by hand; the fields are those of `Rules`."""

    forbidden_imports: tuple[str, ...] = ()
    banned_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that breaks a rule.

    Attributes:
        rule: which kind.
        name: the forbidden module as the rule names it, the banned pattern, or the file that can't be read.
        file: relative name; for a notebook, what the student calls it.
        line: from 1, in the cell where there is one; None for a whole file.
        text: a sentence for the student.
        cell: code cell of a notebook, from 1.
    """

    rule: Rule
    name: str
    file: str
    line: int | None
    text: Text
    cell: int | None = None


def inspect_source(submission: Submission, rules: Rules) -> tuple[Finding, ...]:
    """Everything in a submission that breaks `rules`, by file and line; at most `MAX_FINDINGS`.

    Args:
        submission: as `collect` returned it; its files are untrusted, their sizes bounded.
        rules: the mission's (trusted).

    Returns:
        Findings. A Python file that Python can't read gives one too, for nobody can say what it imports. Never raises
        on what the student wrote.
    """
    findings = list(_banned_files(submission, rules.banned_files))
    for file in submission.python_files():
        try:
            tree = submission.parse(file)
        except SubmissionInvalid as error:
            findings.append(Finding("unreadable_source", file, file, None, error.message))
            continue
        findings.extend(_forbidden_imports(submission, file, tree, rules.forbidden_imports))
        if len(findings) >= MAX_FINDINGS:
            break
    return tuple(findings[:MAX_FINDINGS])


def declared_functions(submission: Submission) -> dict[str, tuple[str, ...]]:
    """Functions defined at the top of `solution.py`, with their parameter names in order.

    A function that is imported or made by a call is not among them: absence proves nothing before the code runs. Of
    two with one name, the later counts. `*args` and `**kwargs` keep their stars.

    Raises:
        SubmissionInvalid: `solution.py` can't be read; `collect` has already refused such a submission.
    """
    found: dict[str, tuple[str, ...]] = {}
    pending: list[ast.stmt] = list(reversed(submission.parse(submission.entry).body))
    while pending:
        statement = pending.pop()
        match statement:
            case ast.FunctionDef(name=name, args=arguments) | ast.AsyncFunctionDef(name=name, args=arguments):
                found[name] = _parameters(arguments)
            case ast.If(body=body, orelse=orelse) | ast.Try(body=body, orelse=orelse):
                pending.extend(reversed([*body, *orelse]))
            case _:
                pass
    return found


def _parameters(arguments: ast.arguments) -> tuple[str, ...]:
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    names += [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    names += [argument.arg for argument in arguments.kwonlyargs]
    names += [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []
    return tuple(names)


def _banned_files(submission: Submission, patterns: tuple[str, ...]) -> Iterator[Finding]:
    for file, _ in submission.files:
        folded = file.casefold()
        last = folded.rpartition("/")[2]
        for pattern in patterns:
            if fnmatchcase(folded, pattern.casefold()) or fnmatchcase(last, pattern.casefold()):
                text = Text(
                    en=f"{file}: files like {pattern} may not be handed in for this mission.",
                    ko=f"{file}: 이 미션에서는 {pattern} 파일을 제출할 수 없습니다.",
                )
                yield Finding("banned_file", pattern, file, None, text)
                break


def _forbidden_imports(
    submission: Submission, file: str, tree: ast.Module, forbidden: tuple[str, ...]
) -> Iterator[Finding]:
    if not forbidden:
        return
    names = _Names(tree, forbidden)
    seen: set[tuple[str, int]] = set()
    for module, line in names.used(tree):
        for rule in forbidden:
            if not (module == rule or module.startswith(f"{rule}.")) or (rule, line) in seen:
                continue
            seen.add((rule, line))
            place = submission.cell_of(file, line)
            where = submission.locate(file, line)
            yield Finding(
                rule="forbidden_import",
                name=rule,
                file=submission.entry_origin if file == submission.entry else file,
                line=place[1] if place else line,
                text=Text(
                    en=f"{where.en}: {rule} may not be used in this mission.",
                    ko=f"{where.ko}: 이 미션에서는 {rule}을(를) 사용할 수 없습니다.",
                ),
                cell=place[0] if place else None,
            )
            if len(seen) >= MAX_FINDINGS:
                return


class _Names:
    """Which module or attribute each name in a file stands for, order and scope left aside.

    A local variable that shares an imported name is taken for the import. That errs on the side of a finding, at a line
    that the student can look at.
    """

    def __init__(self, tree: ast.Module, forbidden: tuple[str, ...]) -> None:
        self._meaning: dict[str, str] = {"__import__": "builtins.__import__", "getattr": "builtins.getattr"}
        self._star_modules: list[str] = []
        assignments: list[tuple[str, ast.expr]] = []
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    for alias in names:
                        top = alias.name.partition(".")[0]
                        self._meaning[alias.asname or top] = alias.name if alias.asname else top
                case ast.ImportFrom(module=str(module), names=names, level=0):
                    for alias in names:
                        if alias.name == "*" and any(rule.startswith(f"{module}.") for rule in forbidden):
                            self._star_modules.append(module)
                        self._meaning[alias.asname or alias.name] = f"{module}.{alias.name}"
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    assignments.append((name, value))
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    assignments.append((name, value))
                case ast.NamedExpr(target=ast.Name(id=name), value=value):
                    assignments.append((name, value))
                case _:
                    pass
        for _ in range(_MAX_ALIAS_ROUNDS):
            known = len(self._meaning)
            for name, value in assignments:
                if name not in self._meaning and (meaning := self._resolve(value)):
                    self._meaning[name] = meaning
            if len(self._meaning) == known:
                break

    def used(self, tree: ast.Module) -> Iterator[tuple[str, int]]:
        """(dotted name, line) of every import and of every expression that leads into a module."""
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    for alias in names:
                        yield alias.name, node.lineno
                case ast.ImportFrom(module=str(module), names=names, level=0):
                    for alias in names:
                        yield f"{module}.{alias.name}", node.lineno
                case ast.Attribute() | ast.Call() | ast.Subscript():
                    if meaning := self._resolve(node):
                        yield meaning, node.lineno
                case ast.Name(id=name, ctx=ast.Load()):
                    if meaning := self._starred(name):
                        yield meaning, node.lineno
                case _:
                    pass

    def _resolve(self, node: ast.expr, depth: int = 0) -> str:
        """The dotted name that an expression stands for, or empty."""
        if depth > _MAX_CALLS:
            return ""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute) and len(attributes) < _MAX_CHAIN:
            attributes.append(node.attr)
            node = node.value
        match node:
            case ast.Name(id=name):
                base = self._meaning.get(name) or self._starred(name)
            case ast.Call():
                base = self._called(node, depth + 1)
            case ast.Subscript(value=ast.Attribute() as value, slice=ast.Constant(value=str(name))):
                base = name if self._resolve(value, depth + 1) == "sys.modules" else ""
            case _:
                base = ""
        return ".".join([base, *reversed(attributes)]) if base else ""

    def _called(self, call: ast.Call, depth: int) -> str:
        """What `import_module("timm")`, `__import__("timm")` or `getattr(torchvision, "models")` returns."""
        arguments = call.args or [keyword.value for keyword in call.keywords if keyword.arg == "name"]
        if not isinstance(call.func, ast.Name | ast.Attribute) or not arguments:
            return ""
        literals = [argument.value if isinstance(argument, ast.Constant) else None for argument in arguments]
        match self._resolve(call.func, depth), literals:
            case "importlib.import_module", [str(name), str(package), *_] if name.startswith("."):
                return f"{package}.{name.lstrip('.')}"
            case (("importlib.import_module" | "builtins.__import__" | "importlib.__import__"), [str(name), *_]):
                return name
            case "builtins.getattr", [_, str(name), *_]:
                owner = arguments[0]
                base = self._resolve(owner, depth) if isinstance(owner, ast.Name | ast.Attribute) else ""
                return f"{base}.{name}" if base else ""
            case _:
                return ""

    def _starred(self, name: str) -> str:
        """For a name that may have come with `from module import *`: where it would come from."""
        if not self._star_modules or name in self._meaning:
            return ""
        return f"{self._star_modules[0]}.{name}"
