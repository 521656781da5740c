"""What a disguise leaves of a source, and what it does not."""

import io

import pytest
from copydetect import CodeFingerprint, compare_files

from grader.similarity.normal_form import MAX_SYMBOLS, SEPARATOR, normal_form
from grader.similarity.results import SourceFile
from tests.unit.similarity import variants

SOLUTIONS = variants.honest()


def symbols(source: str) -> str:
    return normal_form([SourceFile(name="solution.py", text=source)]).symbols


@pytest.mark.parametrize("name", sorted(SOLUTIONS))
def test_normal_form_is_the_same_after_renaming_everything(name: str) -> None:
    assert symbols(variants.renamed(SOLUTIONS[name])) == symbols(SOLUTIONS[name])


@pytest.mark.parametrize("name", sorted(SOLUTIONS))
def test_normal_form_is_the_same_with_other_numbers_and_strings(name: str) -> None:
    assert symbols(variants.other_literals(SOLUTIONS[name])) == symbols(SOLUTIONS[name])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1  # note", "# another\n\nx =     1"),
        ("import torch.nn as nn\nnn.Linear(1, 2)", "from torch.nn import Linear as L\nL(1, 2)"),
        ("import torch\ntorch.nn.Linear(1, 2)", "from torch import nn\nnn.Linear(1, 2)"),
        ("def f(x: int) -> int:\n    'doc'\n    return x", "def f(x):\n    return x"),
        ("x: int = 1", "x = 1"),
        ("x = ('a' 'b')", 'x = f"{y}"'),
        ("x = [1,\n     2]", "x = [1, 2]"),
        ("x: int\ny = 1", "y = 1"),
    ],
)
def test_normal_form_ignores_what_costs_a_copy_nothing(one: str, other: str) -> None:
    assert symbols(one) == symbols(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("from torch import nn\nnn.Linear(1, 2)", "from torch import nn\nnn.Conv2d(1, 2)"),
        ("x = a + b", "x = a - b"),
        ("for x in y:\n    f(x)", "while y:\n    f(x)"),
        ("x = 1", "x = 'one'"),
    ],
)
def test_normal_form_keeps_what_the_code_does(one: str, other: str) -> None:
    assert symbols(one) != symbols(other)


def test_names_of_own_modules_are_like_all_own_names() -> None:
    split = [SourceFile(name="model.py", text=""), SourceFile(name="solution.py", text="from model import Net\nNet(3)")]
    assert normal_form(split).symbols.split(SEPARATOR)[1] == symbols("Other(3)").strip(SEPARATOR)


def test_places_name_file_and_line_of_each_symbol() -> None:
    form = normal_form([SourceFile(name="a.py", text="x = 1\n"), SourceFile(name="b.py", text="\n\ny = 2\n")])
    assert {place for place, symbol in zip(form.places, form.symbols, strict=True) if symbol != SEPARATOR} == {
        (0, 1),
        (1, 3),
    }


def test_file_that_is_no_python_is_named_and_the_rest_is_read() -> None:
    form = normal_form([SourceFile(name="a.py", text="def ("), SourceFile(name="b.py", text="x = 1")])
    assert form.unreadable == (0,)
    assert len(form.symbols.strip(SEPARATOR)) == 3


def test_endless_source_is_cut() -> None:
    form = normal_form([SourceFile(name="a.py", text="x = 1\n" * MAX_SYMBOLS)])
    assert form.cut
    assert len(form.symbols) == MAX_SYMBOLS


def test_filter_of_the_library_does_not_see_through_a_renamed_self() -> None:
    """Why this module exists. Should it fail, the library's own filter may have become good enough."""
    original = SOLUTIONS["elm"]
    copy = original.replace("self", "this")
    prints = [CodeFingerprint("solution.py", 25, 1, fp=io.StringIO(source)) for source in (original, copy)]
    _, shares, _ = compare_files(*prints)
    assert min(shares) < 0.75
    assert symbols(copy) == symbols(original)
