"""One cell of a CSV file."""

import pytest

from grader.exports.cells import cell, neutralised, number, original_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+821012345678", "'+821012345678"),
        ("-최", "'-최"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("  =1", "  '=1"),
        ("\u3000＋1", "\u3000'＋1"),
        ('"=1', "\"'=1"),
        ("a;=1", "a;'=1"),
        ("a, -1", "a, '-1"),
        ("a|@x", "a|'@x"),
        ("a\n=1", "a\\n'=1"),
        ("a\r=1", "a\\x0d'=1"),
        ("\t=1", "\\x09'=1"),
        ("'=1", "''=1"),
    ],
)
def test_beginning_of_a_formula_gets_an_apostrophe(text: str, shown: str) -> None:
    assert cell(text) == shown


@pytest.mark.parametrize("text", ["", "김민준", "O'Neil, Ann", "a=b", "kim-min", "a@b.ac.kr", "3 - 2", "C++"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


def test_kept_line_breaks_begin_no_formula() -> None:
    assert cell("a\n=1\r\n-2", lines=True) == "a\n'=1\n'-2"


@pytest.mark.parametrize("text", ["=1", "'=1", "''=1", "a;'=1", "a;=1,-2", "plain", "'plain'"])
def test_second_reader_gets_the_text_back(text: str) -> None:
    assert original_text(neutralised(text)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0.0, "0"), (-0.0, "0"), (-2.5, "-2.5"), (100.0, "100"), (1 / 3, "0.3333"), (1e6, "1000000")],
)
def test_number_is_written_plainly(value: float | None, text: str) -> None:
    assert number(value) == text
