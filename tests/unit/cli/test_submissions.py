"""Where a submission lies, and what its report is called."""

from pathlib import Path

import pytest

from grader.cli.submissions import locate, report_folder
from grader.errors import UsageError
from tests.unit.reports.samples import CREATED


def test_locate_prefers_solution_here(tmp_path: Path) -> None:
    (tmp_path / "solution.py").touch()
    (tmp_path / "work.ipynb").touch()
    (tmp_path / "mission_cnn").mkdir()
    assert locate("mission_cnn", None, here=tmp_path) == tmp_path


def test_locate_takes_a_single_notebook(tmp_path: Path) -> None:
    (tmp_path / "work.ipynb").touch()
    assert locate("mission_cnn", None, here=tmp_path) == tmp_path / "work.ipynb"


def test_locate_of_two_notebooks_takes_the_folder_of_the_mission(tmp_path: Path) -> None:
    for name in ("a.ipynb", "b.ipynb"):
        (tmp_path / name).touch()
    with pytest.raises(UsageError, match="No submission found"):
        locate("mission_cnn", None, here=tmp_path)
    (tmp_path / "mission_cnn").mkdir()
    assert locate("mission_cnn", None, here=tmp_path) == tmp_path / "mission_cnn"


def test_locate_of_a_named_path_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.zip"):
        locate("mission_cnn", Path("gone.zip"), here=tmp_path)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("kim", "mission_cnn-kim-"),
        ("mission_cnn", "mission_cnn-2"),
        ("김민준 (최종).zip", "mission_cnn-김민준-최종-.zip-"),
        ("../../etc/passwd", "mission_cnn-etc-passwd-"),
        ("\x1b[31m\u202e", "mission_cnn-31m-"),
        ("...", "mission_cnn-submission-"),
    ],
)
def test_report_folder_is_a_plain_name_below_reports(name: str, folder: str) -> None:
    path = report_folder("mission_cnn", name, CREATED)
    assert path.parent == Path("reports")
    assert path.name.startswith(folder)
