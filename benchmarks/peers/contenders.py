"""Who is compared: how each is set up for a course, grades a cohort, and is read; only grading is measured."""

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.measuring import grade, took
from benchmarks.peers import outcome
from grader.sandbox.base import ENVIRONMENT

COURSE = Path(__file__).resolve().parent / "course"
TUNED = {name: value for name, value in ENVIRONMENT.items() if name.startswith("MALLOC_")}
"""The settings of malloc that the product's sandboxes have."""
CHECK_NAMES = ("parameters", "shape", "finite", "deterministic", "convolution")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one contender grades in one round.

    Attributes:
        folder: empty at first; all that is written lies in it.
        students: folders with `solution.py`, `weights.pt` and `model.pt2`, which nobody changes.
        python: the interpreter that has the contender's packages.
        environment: what its processes are started with.
    """

    folder: Path
    students: list[Path]
    python: Path
    environment: dict[str, str]

    def run(self, *command: str | Path, folder: Path | None = None, **more: str) -> None:
        """One command with the contender's interpreter, to its end."""
        took(
            [str(self.python), *map(str, command)],
            folder=folder or self.folder,
            environment={**self.environment, **more},
            may_fail=False,
        )

    def text(self, name: str) -> str:
        """One file of the folder."""
        return (self.folder / name).read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to grade.

    Attributes:
        name: in tables.
        prepare: lays out course and submissions as the grader wants them.
        grade: from submissions to reports; what is measured.
        read: accuracy per student from what was written.
        requirements: what is installed for it, pinned; none where the project's own environment serves.
    """

    name: str
    prepare: Callable[[Desk], None]
    grade: Callable[[Desk], None]
    read: Callable[[Desk], dict[str, float]]
    requirements: tuple[str, ...] = ()


def desk_environment(python: Path, folder: Path, test_set: Path, threads: int) -> dict[str, str]:
    """A user's environment: the contender's programs first, a home of its own, the course's checks importable."""
    return {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(COURSE),
        "OMP_NUM_THREADS": str(threads),
        "CNN_TEST_SET": str(test_set),
    }


def environment_of(requirements: tuple[str, ...], cache: Path) -> Path:
    """The interpreter with `requirements`, made on first use.

    Raises:
        RuntimeError: it could not be installed; the words say why.
    """
    if not requirements:
        return Path(sys.executable)
    folder = cache / "-".join(requirements).replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        shutil.rmtree(folder, ignore_errors=True)
        took([sys.executable, "-m", "venv", str(folder)], folder=cache, may_fail=False)
        took([str(python), "-m", "pip", "install", "--quiet", *requirements], folder=cache, may_fail=False)
        # torch is gigabytes, so it is not installed again: what a .pth file names comes after the environment's own
        # packages on Python's path. It is written last, since pip would take what it shows for installed.
        torch = importlib.util.find_spec("torch")
        assert torch is not None
        assert torch.origin is not None
        (packages,) = folder.glob("lib/python*/site-packages")
        (packages / "zz_torch.pth").write_text(f"{Path(torch.origin).parents[1]}\n", encoding="utf-8")
        (folder / "installed").touch()
    return python


def notebook(cells: list[tuple[str, dict[str, object]]]) -> str:
    """A Jupyter notebook of code cells with their metadata."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    written: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"cell-{place}",
            "metadata": metadata,
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for place, (source, metadata) in enumerate(cells)
    ]
    return json.dumps({"cells": written, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


def solution_cell(student: Path) -> str:
    """What a student writes into a notebook: the network, and loading its weights."""
    source = (student / "solution.py").read_text(encoding="utf-8")
    loading = 'model.load_state_dict(torch.load("weights.pt", weights_only=True))'
    return f"{source}\n\nmodel = Network()\n{loading}\nmodel.eval();"


def _nothing(desk: Desk) -> None:
    pass


def _in_one_process(desk: Desk) -> None:
    desk.run(COURSE / "script.py", desk.folder, *desk.students)


def _in_one_process_tuned(desk: Desk) -> None:
    tuned = replace(desk, environment={**desk.environment, **TUNED})
    tuned.run(COURSE / "script.py", desk.folder, *desk.students)


def _a_process_each(desk: Desk) -> None:
    for student in desk.students:
        desk.run(COURSE / "script.py", desk.folder, student)


def _read_script(desk: Desk) -> dict[str, float]:
    return outcome.of_script(desk.text("grades.csv"))


def _grade_gradescope(desk: Desk) -> None:
    for student in desk.students:
        results = desk.folder / f"{student.name}.json"
        desk.run(COURSE / "gradescope" / "run_tests.py", results, CNN_SUBMISSION=str(student))


def _read_gradescope(desk: Desk) -> dict[str, float]:
    return {
        student.name: outcome.of_gradescope(desk.text(f"{student.name}.json"), student.name)
        for student in desk.students
    }


def _prepare_check50(desk: Desk) -> None:
    for student in desk.students:
        shutil.copytree(student, desk.folder / student.name, ignore=shutil.ignore_patterns("*.pt2"))


def _grade_check50(desk: Desk) -> None:
    for student in desk.students:
        report = desk.folder / f"{student.name}.json"
        options = ("--output", "json", "--output-file", report)
        check50 = (desk.python.parent / "check50", "--dev", COURSE / "check50_checks", *options)
        desk.run(*check50, folder=desk.folder / student.name)


def _read_check50(desk: Desk) -> dict[str, float]:
    return {
        student.name: outcome.of_check50(desk.text(f"{student.name}.json"), student.name) for student in desk.students
    }


def _prepare_nbgrader(desk: Desk) -> None:
    cells: list[tuple[str, dict[str, object]]] = [
        ("### BEGIN SOLUTION\nmodel = None\n### END SOLUTION", _nbgrader_cell("network", solution=True)),
        ("import cnn_checks", {}),
        *((f"cnn_checks.check_{name}(model)", _nbgrader_cell(name, points=1)) for name in CHECK_NAMES),
        # A number as a cell's result is nbgrader's partial credit.
        (
            f"round(cnn_checks.accuracy_of(cnn_checks.logits(model)) * {outcome.TEST_IMAGES})",
            _nbgrader_cell("accuracy", points=outcome.TEST_IMAGES),
        ),
    ]
    source = desk.folder / "source" / "cnn" / "cnn.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(notebook(cells), encoding="utf-8")
    desk.run("-m", "nbgrader", "generate_assignment", "cnn")
    released = json.loads(desk.text("release/cnn/cnn.ipynb"))
    for student in desk.students:
        handed_in = desk.folder / "submitted" / student.name / "cnn"
        handed_in.mkdir(parents=True)
        released["cells"][0]["source"] = solution_cell(student)
        (handed_in / "cnn.ipynb").write_text(json.dumps(released), encoding="utf-8")
        shutil.copyfile(student / "weights.pt", handed_in / "weights.pt")


def _nbgrader_cell(name: str, *, points: int | None = None, solution: bool = False) -> dict[str, object]:
    told = {"grade_id": name, "schema_version": 3, "grade": points is not None, "solution": solution, "task": False}
    return {"nbgrader": {**told, "locked": points is not None, **({} if points is None else {"points": points})}}


def _grade_nbgrader(desk: Desk) -> None:
    desk.run("-m", "nbgrader", "autograde", "cnn")
    desk.run("-m", "nbgrader", "export", "--to", "grades.csv")


def _read_nbgrader(desk: Desk) -> dict[str, float]:
    return outcome.of_nbgrader(desk.text("grades.csv"))


def _prepare_otter(desk: Desk) -> None:
    tests = desk.folder / "tests"
    tests.mkdir()
    for name in CHECK_NAMES:
        check = f"    cnn_checks.check_{name}(model)\n"
        (tests / f"{name}.py").write_text(_otter_test(name, check), encoding="utf-8")
    # A test of otter passes or fails; the accuracy itself leaves in a file beside the report.
    noted = '    Path(os.environ["CNN_NOTE"]).write_text(str(cnn_checks.accuracy_of(cnn_checks.logits(model))))\n'
    (tests / "noted.py").write_text(_otter_test("noted", noted), encoding="utf-8")
    otter = desk.python.parent / "otter"
    desk.run(otter, "generate", "--tests-dir", tests, "--output-path", desk.folder / "autograder.zip")
    for student in desk.students:
        handed_in = desk.folder / student.name
        handed_in.mkdir()
        (handed_in / "cnn.ipynb").write_text(notebook([(solution_cell(student), {})]), encoding="utf-8")
        shutil.copyfile(student / "weights.pt", handed_in / "weights.pt")
        shutil.make_archive(str(handed_in), "zip", handed_in)


def _otter_test(name: str, body: str) -> str:
    head = "import os\nfrom pathlib import Path\n\nimport cnn_checks\nfrom otter.test_files import test_case\n\n"
    return f'{head}OK_FORMAT = False\nname = "{name}"\npoints = 1\n\n@test_case()\ndef test(model):\n{body}'


def _grade_otter(desk: Desk) -> None:
    for student in desk.students:
        graded = desk.folder / "graded" / student.name
        graded.mkdir(parents=True)
        options = ("--autograder", "autograder.zip", "--output-dir", graded, "--no-logo")
        note = str(graded / "accuracy")
        desk.run(desk.python.parent / "otter", "run", *options, f"{student.name}.zip", CNN_NOTE=note)


def _read_otter(desk: Desk) -> dict[str, float]:
    found = {}
    for student in desk.students:
        graded = f"graded/{student.name}"
        results, note = desk.text(f"{graded}/results.json"), desk.text(f"{graded}/accuracy")
        found[student.name] = outcome.of_otter(results, note, student.name)
    return found


def _prepare_ours(desk: Desk) -> None:
    for student in desk.students:
        ignored = shutil.ignore_patterns("weights.pt")
        shutil.copytree(student, desk.folder / "students" / student.name, ignore=ignored)


def _grade_ours(sandbox: str) -> Callable[[Desk], None]:
    options = ("--mission", "mission_cnn", "--sandbox", sandbox, "--progress", "quiet")

    def measured(desk: Desk) -> None:
        grade("batch", "students", *options, folder=desk.folder)

    return measured


def _read_ours(desk: Desk) -> dict[str, float]:
    grade("export", "csv-long", "--out", "grades.csv", folder=desk.folder)
    return outcome.of_gradebook(desk.text("grades.csv"))


FLOOR = "one bare process, malloc tuned"
OURS = ("grade batch, docker", "grade batch, bubblewrap")
# otter asks for no kernel of its own, and has none without Jupyter's.
CONTENDERS = (
    Contender(FLOOR, _nothing, _in_one_process_tuned, _read_script),
    Contender("one bare process", _nothing, _in_one_process, _read_script),
    Contender("a script per submission", _nothing, _a_process_each, _read_script),
    Contender(OURS[0], _prepare_ours, _grade_ours("docker"), _read_ours),
    Contender(OURS[1], _prepare_ours, _grade_ours("bubblewrap"), _read_ours),
    Contender("gradescope-utils", _nothing, _grade_gradescope, _read_gradescope, ("gradescope-utils==0.5.0",)),
    Contender("check50", _prepare_check50, _grade_check50, _read_check50, ("check50==3.5.0",)),
    Contender("nbgrader", _prepare_nbgrader, _grade_nbgrader, _read_nbgrader, ("nbgrader==0.9.6",)),
    Contender("otter", _prepare_otter, _grade_otter, _read_otter, ("otter-grader==7.0.0", "ipykernel==7.4.0")),
)
