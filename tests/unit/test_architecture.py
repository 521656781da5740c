"""The rules that hold for the source tree as a whole."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import grader

PACKAGE = Path(grader.__file__).parent
LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"text", "runner", "hashing", "syntax", "png"}),
    frozenset({"errors"}),
    frozenset({"spec", "results"}),
    frozenset({"progress", "course", "scaffold", "data", "submission", "annotation", "artifact", "sandbox", "entries"}),
    frozenset({"settings", "image", "static_checks", "graph", "execution", "cohort", "policies"}),
    frozenset({"evaluation"}),
    frozenset({"evidence"}),
    frozenset({"hidden_tests"}),
    frozenset({"diagnosis", "metrics"}),
    frozenset({"scoring", "trial"}),
    frozenset({"assembly", "probes"}),
    frozenset({"pipeline"}),
    frozenset({"reports"}),
    frozenset({"verification", "store", "exports", "statistics", "similarity", "resident"}),
    frozenset({"batch"}),
    frozenset({"cluster"}),
    frozenset({"cli"}),
)
"""Modules of `grader`, lowest first; each imports only lower levels."""

FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_ATTRIBUTES = {"torch.load", "torch.export.load", "torch.jit.load", "np.frompyfunc", "torch.hub.load"}
FORBIDDEN_IMPORTS = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "_pickle"}


def level_of(module: str) -> int:
    for level, members in enumerate(LEVELS):
        if module in members:
            return level
    raise AssertionError(f"grader.{module} has no level: add it to LEVELS")


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def unit_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def imported_units(tree: ast.Module) -> set[str]:
    units: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module == "grader":
                units |= {alias.name for alias in node.names}
            elif node.module.startswith("grader."):
                units.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            units |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("grader.")}
    return units - {"__version__"}


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_module_imports_only_lower_levels(path: Path) -> None:
    unit = unit_of(path)
    if unit == "__init__":
        return
    for imported in imported_units(ast.parse(path.read_text(encoding="utf-8"))) - {unit}:
        if imported == "runner" and unit != "runner":
            continue
        assert level_of(imported) < level_of(unit), f"grader.{unit} (in {path.name}) imports grader.{imported}"


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_trusted_source_loads_no_pickle_and_runs_no_text(path: Path) -> None:
    if unit_of(path) == "runner":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in FORBIDDEN_CALLS | FORBIDDEN_ATTRIBUTES, f"{path.name}:{node.lineno} calls {called}"
            assert called != "ast.parse" or unit_of(path) == "syntax", f"{path.name}:{node.lineno}: use syntax_tree"
            if called in {"np.load", "numpy.load"}:
                # What evaluates is a program by itself.
                assert path.name == "packs.py" or unit_of(path) == "evaluation", (
                    f"{path.name}:{node.lineno}: np.load uses Python's parser, which takes a lock"
                )
                allowed = [keyword for keyword in node.keywords if keyword.arg == "allow_pickle"]
                assert allowed, f"{path.name}:{node.lineno}: np.load must say allow_pickle=False"
                assert ast.unparse(allowed[0].value) == "False"
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] not in FORBIDDEN_IMPORTS, f"{path.name} imports {name}"


def test_runner_imports_nothing_of_the_host() -> None:
    allowed = {"numpy", "torch", "torchvision", *sys.stdlib_module_names}
    for path in sorted((PACKAGE / "runner").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] in allowed, f"runner/{path.name} imports {name}"


def test_host_imports_only_what_both_sides_share_of_the_runner() -> None:
    shared = {"grader.runner.protocol", "grader.runner.batches", "grader.runner.intake"}
    for path in sources():
        if unit_of(path) == "runner":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("grader.runner."):
                assert node.module in shared, f"{path} imports {node.module}"


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_command_line_answers_without_heavy_imports(argument: str) -> None:
    program = (
        "import sys\n"
        f"sys.argv = ['grade', '{argument}']\n"
        "from grader.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'docker', 'numpy', 'pydantic', 'jinja2', 'httpx', 'pynvml'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


def test_reports_are_rendered_without_heavy_imports() -> None:
    program = (
        "import sys, grader.reports.html, grader.reports.terminal, grader.reports.json\n"
        "print({'torch', 'numpy', 'matplotlib', 'docker'} & set(sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"


def test_resident_grader_is_asked_without_heavy_imports() -> None:
    program = (
        "import sys, grader.cli.resident, grader.course, grader.resident.client, grader.resident.answer\n"
        "import grader.cli.progress, grader.reports.terminal, grader.reports.json\n"
        "print({'torch', 'numpy', 'pytest', 'docker', 'jinja2', 'psutil', 'sqlalchemy'} & set(sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"


def test_trusted_side_grades_without_torch() -> None:
    program = "import sys, grader.pipeline, grader.verification; print([m for m in sys.modules if m == 'torch'])"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
