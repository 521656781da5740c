"""Comments find their statements, and changed code is told from reformatted code."""

import pytest

from grader.annotation import NotAligned, read_annotation
from grader.annotation.lines import MAX_COMMENT_CHARS, MAX_SOURCE_CHARS

ORIGINAL = "import copy\n\n\ndef f(x):\n    y = g(x, 1)\n    if y:\n        return y\n    else:\n        return 0\n"


def comments(submission: str, original: str = ORIGINAL) -> list[str]:
    return [line.comment for line in read_annotation(original, submission)]


def test_statements_are_listed_with_their_function_and_without_blocks() -> None:
    assert [(line.function, line.code) for line in read_annotation(ORIGINAL, ORIGINAL)] == [
        ("", "import copy"),
        ("", "def f(x):"),
        ("f", "y = g(x, 1)"),
        ("f", "if y:"),
        ("f", "return y"),
        ("f", "return 0"),
    ]


def test_comments_beside_above_and_inside_a_statement_belong_to_it() -> None:
    submission = (
        "import copy  # one\n\n\n# two\n#  and three\ndef f(x):\n"
        "    y = g(\n        x,  # four\n        1,\n    )  # five\n"
        "    # six\n\n    if y:  # seven\n        return y\n    else:  # eight\n        return 0\n"
    )
    assert comments(submission) == ["one", "two and three", "four five", "six seven", "", "eight"]


def test_comment_two_blank_lines_above_belongs_to_nothing() -> None:
    assert comments("# heading\n\n\n" + ORIGINAL)[0] == ""


def test_comment_below_the_last_statement_belongs_to_nothing() -> None:
    assert comments(ORIGINAL + "# done\n") == [""] * 6


def test_only_the_first_statement_of_a_line_gets_its_comment() -> None:
    assert comments("a = 1; b = 2  # both", "a = 1\nb = 2\n") == ["both", ""]


@pytest.mark.parametrize(
    "text", ["# noqa: E501", "# type: ignore", "#!/bin/sh", "# %% cell", "#", "# -----", "# cell 3"]
)
def test_marks_for_tools_and_rules_are_no_comments(text: str) -> None:
    assert comments(f"{text}\n{ORIGINAL}")[0] == ""


def test_strings_are_no_comments() -> None:
    assert comments('"# what this is for"\n' + ORIGINAL)[0] == ""


def test_reformatted_code_and_added_docstrings_are_unchanged_code() -> None:
    submission = (
        'import copy\ndef f(x):\n  """Says more."""\n  y = g(x,\n     1)\n  if (y): return y\n  else:\n     return 0\n'
    )
    assert len(comments(submission)) == 6


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("g(x, 1)", "g(x, 2)", 5),
        ("g(x, 1)", "g(x, True)", 5),
        ("import copy", "import time", 1),
        ("    else:\n        return 0\n", "", 7),
        ("    else:\n        return 0\n", "    return 0\n", 8),
        ("return 0\n", "return 0\nprint(1)\n", 10),
    ],
)
def test_changed_code_is_named_by_its_line(old: str, new: str, line: int) -> None:
    with pytest.raises(NotAligned) as caught:
        read_annotation(ORIGINAL, ORIGINAL.replace(old, new))
    assert caught.value.line == line


@pytest.mark.parametrize(
    "hostile",
    [
        "def f(:",
        "\0",
        "(" * 5000,
        "-" * 100_000 + "1",
        "x" + ".y" * 50_000,
        "#" * (MAX_SOURCE_CHARS + 1),
        "'\n",
        "if x:\n  y\n z",
        "a = " + "9" * 5000,
        "",
    ],
    ids=range(10),
)
def test_hostile_source_is_refused_and_never_crashes(hostile: str) -> None:
    with pytest.raises(NotAligned):
        read_annotation(ORIGINAL, hostile)


def test_long_comments_are_cut() -> None:
    assert len(comments(ORIGINAL.replace("import copy", "import copy  # " + "word " * 20_000))[0]) <= MAX_COMMENT_CHARS


def test_windows_line_ends_change_nothing() -> None:
    assert comments(ORIGINAL.replace("copy\n", "copy  # one\n").replace("\n", "\r\n"))[0] == "one"
