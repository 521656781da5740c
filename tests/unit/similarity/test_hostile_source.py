"""Source that is meant to be slow to read neither hangs a comparison nor fills memory."""

import time
import tracemalloc
from pathlib import Path

import pytest

from grader.similarity.compare import compare_cohort
from grader.similarity.results import Standing, Thresholds
from tests.unit.similarity import variants

SIZE = 500 * 1024
LIMIT_S = 60
"""A wide margin: each takes a few seconds on one core of a shared machine. A hang takes forever."""


def filled(piece: str, before: str = "", after: str = "") -> str:
    return before + piece * ((SIZE - len(before) - len(after)) // len(piece)) + after


PATHOLOGICAL = {
    "one_long_line": filled("a,", "x = [", "]"),
    "one_long_name": filled("a", "", " = 1"),
    "one_long_string": filled("s", "x = '", "'"),
    "empty_lines": filled("\n", "", "x = 1"),
    "many_statements": filled("f();"),
    "many_names": "\n".join(f"n{number} = import_{number}.a{number}" for number in range(18_000)),
    "many_imports": "\n".join(f"import m{number} as n{number}" for number in range(18_000)),
    "nested_brackets": "x = " + "[" * 90 + "]" * 90,
    "nested_too_deeply": "(" * 50_000,
    "deep_operators": filled("+1", "x = 1"),
    "deep_attributes": filled(".a", "x = a"),
    "attributes_again_and_again": filled("a" + ".a" * 150 + "\n"),
    "nested_functions": "".join("    " * 0 + " " * depth + f"def f{depth}():\n" for depth in range(90))
    + " " * 90
    + "pass",
    "backslashes": filled("\\\n", "x = 1 ", "+ 1"),
    "quotes": filled("'' ", "x = "),
    "f_strings": filled("f'{a}' ", "x = ")[:60_000].rpartition(" ")[0],
    "comments": filled("# a\n"),
    "decorators": filled("@a\n", "", "def f(): pass"),
    "lambdas": filled("lambda: 0, ", "x = ", "0"),
    "walrus": filled("(a := 1),", "x = [", "]"),
}


@pytest.mark.parametrize("name", sorted(PATHOLOGICAL))
@pytest.mark.timeout(4 * LIMIT_S)
def test_pathological_source_is_compared_in_bounded_time(name: str, tmp_path: Path) -> None:
    source = PATHOLOGICAL[name]
    works = [
        variants.work(tmp_path, "one", source),
        variants.work(tmp_path, "two", source),
        variants.work(tmp_path, "honest", variants.honest()["iris"]),
    ]
    began = time.monotonic()
    found = compare_cohort("mission_cnn", works, starter=variants.STARTER, thresholds=Thresholds())
    assert time.monotonic() - began < LIMIT_S
    assert found.works[2].standing is Standing.COMPARED
    assert all(pair.second != "honest" for pair in found.pairs)


def test_memory_is_bounded_by_the_cut(tmp_path: Path) -> None:
    source = "\n".join(
        f"a{number % 7} = b + {'(' * (number % 5)}c{')' * (number % 5)} * d[{number}]" for number in range(20_000)
    )
    work = variants.work(tmp_path, "one", source)
    tracemalloc.start()
    try:
        found = compare_cohort("mission_cnn", [work], starter=None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "beginning" in found.works[0].notes[0].en
    assert peak < 400 * 1024**2
