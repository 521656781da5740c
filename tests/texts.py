"""Every text for people in the source tree, as pairs of an English and a Korean half."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOLE = "\x00"
"""Stands in a text where a value is put in."""
HANGUL = re.compile("[가-힣]")

_TEMPLATE = re.compile(r"(?<!\{)\{([a-z_]+)[^{}]*\}(?!\})")


@dataclass(frozen=True)
class Half:
    """One language of a text.

    Attributes:
        text: what stands in the source, with `HOLE` for each value.
        names: variables that the values are made from.
    """

    text: str
    names: frozenset[str]


@dataclass(frozen=True)
class Pair:
    """A text, and where it stands."""

    where: str
    en: Half
    ko: Half


def sources() -> list[Path]:
    """What people read: the grader and the hidden tests. What runs in the sandbox speaks English to the host."""
    own = [path for path in (ROOT / "grader").rglob("*.py") if "runner" not in path.parts]
    return sorted([*own, *ROOT.glob("missions/*/hidden_tests/*.py")])


def pairs_in_source() -> list[Pair]:
    """All calls that take both languages: `Text` and every function with parameters `en` and `ko`."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sources()}
    takers = {"Text": 0, **{name: place for tree in trees.values() for name, place in _takers(tree)}}
    return [
        Pair(f"{path.relative_to(ROOT)}:{call.lineno}", *map(half, halves))
        for path, tree in trees.items()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and (halves := _halves(call, takers)) is not None
    ]


def pairs_in_specs() -> list[Pair]:
    """All tables with `en` and `ko` in the missions' TOML files."""

    def walk(value: object, where: str) -> Iterator[Pair]:
        if isinstance(value, dict):
            if "en" in value or "ko" in value:
                yield Pair(where, Half(value.get("en", ""), frozenset()), Half(value.get("ko", ""), frozenset()))
            for key, inner in value.items():
                yield from walk(inner, f"{where}.{key}")
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                yield from walk(inner, f"{where}.{index}")

    paths = [*ROOT.glob("missions/*/mission.toml"), *ROOT.glob("missions/*/hidden_tests/*.toml")]
    return [
        pair
        for path in sorted(paths)
        for pair in walk(tomllib.loads(path.read_text(encoding="utf-8")), str(path.relative_to(ROOT)))
    ]


def half(node: ast.expr) -> Half:
    """What an expression says, as far as its source tells."""
    text = _text(node)
    names = {_neutral(name) for name in _names(node)} | set(_TEMPLATE.findall(text))
    return Half(_TEMPLATE.sub(HOLE, text), frozenset(names))


def _takers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Functions of two languages, by name, and the place of the first among their arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                    yield from ((node.name, place) for _, place in _takers_of(item))
        elif isinstance(node, ast.FunctionDef) and node.name != "__init__":
            yield from _takers_of(node)


def _takers_of(function: ast.FunctionDef) -> Iterator[tuple[str, int]]:
    names = [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]
    for place, name in enumerate(names[:-1]):
        if re.fullmatch("(.*_)?en", name) and names[place + 1] == name[:-2] + "ko":
            yield function.name, place


def _halves(call: ast.Call, takers: dict[str, int]) -> tuple[ast.expr, ast.expr] | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in takers or (name == "Text" and ast.unparse(call.func) != "Text"):
        return None
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    given = call.args[takers[name] : takers[name] + 2]
    english = named.get("en") or (given[0] if given else None)
    korean = named.get("ko") or (given[1] if len(given) > 1 else english)
    if english is None or korean is None:
        return None
    return english, korean


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    return HOLE


def _names(node: ast.expr) -> set[str]:
    return {
        name.id
        for value in ast.walk(node)
        if isinstance(value, ast.FormattedValue | ast.Attribute | ast.Call | ast.Name)
        for name in ast.walk(value)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load)
    }


def _neutral(name: str) -> str:
    return re.sub("(^|_)(en|ko)$", r"\1language", name)


def pairs_in_templates() -> list[Pair]:
    """All choices that the pages' templates make by language."""
    return [
        Pair(str(path.relative_to(ROOT)), Half(english, frozenset()), Half(korean, frozenset()))
        for path in templates()
        for english, korean in re.findall(r"""pick\(["'](.*?)["'], ["'](.*?)["']\)""", path.read_text(encoding="utf-8"))
    ]


def templates() -> list[Path]:
    """The pages' templates."""
    return sorted((ROOT / "grader").rglob("*.jinja"))
