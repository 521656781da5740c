"""Every format writes, byte for byte, what lies beside this file."""

import pytest

from grader.exports import FORMATS
from tests.unit.exports.golden import make


@pytest.mark.parametrize("name", sorted(make.CASES))
def test_format_writes_its_golden_file(name: str) -> None:
    expected = (make.FOLDER / name).read_bytes()
    assert make.rendered(name) == expected, "where this is wanted, run: python -m tests.unit.exports.golden.make"


def test_every_format_has_a_golden_file() -> None:
    assert {export for export, _ in make.CASES.values()} == set(FORMATS)
    lying = {
        path.name for path in make.FOLDER.iterdir() if path.suffix in {".csv", ".json", ".jsonl", ".md", ".txt", ".xml"}
    }
    assert lying == set(make.CASES)
