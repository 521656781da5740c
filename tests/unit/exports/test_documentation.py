"""What `docs/exports.md` shows is what the formats write."""

import re

import pytest

from grader.exports import FORMATS
from tests.conftest import ROOT
from tests.unit.exports.golden.make import FOLDER

GUIDE = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- from (\S+) -->\n```\w*\n(.*?)```", GUIDE, re.DOTALL)


def test_guide_lists_every_format_with_its_suffix() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| `(\.[a-z]+)` \|", GUIDE, re.MULTILINE)
    assert rows == [(export.name, export.suffix) for export in FORMATS.values()]


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_example_is_part_of_a_golden_file(name: str, example: str) -> None:
    golden = (FOLDER / name).read_bytes().decode("utf-8").replace("\r\n", "\n")
    assert example in golden
