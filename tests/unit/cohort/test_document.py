"""What docs/batch.md says of lists and names is so."""

import re
from pathlib import Path

import pytest

from grader.cohort import Layout, find_submissions
from grader.cohort.columns import recognise_columns
from tests.conftest import ROOT
from tests.unit.cohort.folders import MISSIONS, lay

DOCUMENTS = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("batch.md", "batch.ko.md")]


def rows(document: str, first: str) -> list[list[str]]:
    """Cells of the table whose header begins with `first`."""
    table = document[document.index(f"| {first} |") :].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


@pytest.mark.parametrize(("document", "first"), [(DOCUMENTS[0], "Column"), (DOCUMENTS[1], "열")], ids=["en", "ko"])
def test_every_column_that_is_named_is_recognised(document: str, first: str) -> None:
    for row in rows(document, first):
        for title in re.findall(r"`([^`]+)`", row[0] + row[1]):
            columns = recognise_columns([title, "login"])
            assert columns is not None
            assert 0 in columns.position.values(), title


@pytest.mark.parametrize(
    ("place", "layout"),
    list(enumerate([Layout.PLAIN, Layout.PLAIN, Layout.CANVAS, Layout.MOODLE, Layout.GRADESCOPE])),
    ids=["plain", "missions", "canvas", "moodle", "gradescope"],
)
@pytest.mark.parametrize(("document", "first"), [(DOCUMENTS[0], "Layout"), (DOCUMENTS[1], "구조")], ids=["en", "ko"])
def test_every_name_in_the_table_of_layouts_is_recognised(
    tmp_path: Path, document: str, first: str, place: int, layout: Layout
) -> None:
    for name in re.findall(r"`([^`]+)`", rows(document, first)[place][1]):
        lay(tmp_path, f"{name}solution.py" if name.endswith("/") else name)
    if layout is Layout.GRADESCOPE:
        text = "submission_71:\n  :submitters:\n  - :sid: '1'\n"
        (tmp_path / "submission_metadata.yml").write_text(text, encoding="utf-8")
    mission = None if place == 1 else "mission_cnn"
    result = find_submissions(tmp_path, missions=[*MISSIONS, "mission_mlp"], mission=mission)
    assert result.layout is layout
    assert result.submissions
    assert result.skipped == ()
