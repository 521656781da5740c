"""Ways to disguise a copy, and honest solutions to tell it from."""

import ast
import json
import random
from pathlib import Path

from grader.similarity.results import Work
from tests.conftest import ROOT

SOLUTIONS = Path(__file__).parent / "solutions"
STARTER = ROOT / "starter_code" / "mission_cnn"
REFERENCE = ROOT / "reference_solutions" / "mission_cnn" / "solution.py"


def honest() -> dict[str, str]:
    """Ten solutions of mission_cnn, nine of them written for these tests with nothing in common but the task."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in sorted(SOLUTIONS.glob("*.py"))}
    return {**found, "reference": REFERENCE.read_text(encoding="utf-8")}


def work(folder: Path, student_id: str, source: str | bytes, **more: str | bytes) -> Work:
    """A collected submission with `solution.py` and the files of `more`, by their stem."""
    root = folder / f"work-{len(list(folder.iterdir())) if folder.exists() else 0}"
    root.mkdir(parents=True)
    for stem, text in {"solution": source, **more}.items():
        (root / f"{stem}.py").write_bytes(text if isinstance(text, bytes) else text.encode())
    return Work(student_id=student_id, name=student_id.title(), root=root)


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field in ("id", "attr", "arg", "name"):
            value = getattr(node, field, None)
            if isinstance(value, str) and not isinstance(node, ast.alias):
                setattr(node, field, self.names.get(value, value))
        return super().generic_visit(node)


def renamed(source: str, seed: int = 0) -> str:
    """Every name of the student's own anew, `self` too; comments and layout are gone."""
    tree = ast.parse(source)
    imported, own = set[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            imported.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            own.add(node.id if isinstance(node, ast.Name) else node.attr)
    given = {"train", "build_model", "forward", "train_set", "valid_set", "device", "time_budget_s", "seed", "log"}
    rng = random.Random(seed)
    names = {
        name: "".join(rng.choices("abcdefgh", k=rng.randint(2, 12))) + str(number)
        for number, name in enumerate(sorted(own - imported - given))
        if not name.startswith("__")
    }
    return ast.unparse(_Renamed(names).visit(tree))


def reordered(source: str, seed: int = 0) -> str:
    """Functions and classes in another order; methods too."""
    tree = ast.parse(source)
    rng = random.Random(seed)
    for node in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]:
        moved = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.ClassDef)]
        rng.shuffle(moved)
        node.body = [one for one in node.body if one not in moved] + moved
    return ast.unparse(tree)


def other_literals(source: str) -> str:
    """Every number and every string changed."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and not isinstance(node.value, bool):
            if isinstance(node.value, int | float):
                node.value = node.value * 2 + 1
            elif isinstance(node.value, str):
                node.value = f"another {node.value}"
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            node.values = [ast.Constant("changed")]
    return ast.unparse(ast.fix_missing_locations(tree))


def padded(source: str, every: int = 3, seed: int = 0) -> str:
    """A statement without effect after every `every`-th one, and a function that nobody calls."""
    tree = ast.parse(source)
    rng = random.Random(seed)
    dead = ["unused = 3 * 7", "print('working')", "assert True", "other = max(1, 2) + 4"]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.For | ast.With):
            body: list[ast.stmt] = []
            for number, statement in enumerate(node.body, start=1):
                body.append(statement)
                if number % every == 0:
                    body += ast.parse(rng.choice(dead)).body
            node.body = body
    tree.body += ast.parse("def spare(a, b):\n    while a < b:\n        a += 1\n    return [a ** 2, {b: a}]").body
    return ast.unparse(ast.fix_missing_locations(tree))


def relaid(source: str) -> str:
    """Other white space and other comments, the same statements line by line."""
    lines = source.replace("\t", "    ").split("\n")
    return "# mine\n\n\n" + "\n\n".join(
        f"{line}  # step {number}" if line.endswith(")") else line for number, line in enumerate(lines)
    )


def notebook(source: str) -> bytes:
    """The source as a notebook, one cell per top-level statement."""
    cells = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": ast.unparse(statement)}
        for statement in ast.parse(source).body
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
