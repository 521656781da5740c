"""Cells of a CSV file, on any text."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from grader.exports.cells import cell, neutralised, original_text, row_writer
from grader.reports.escape import inert

HOSTILE = st.text(st.sampled_from("=+-@＝−'\" ,;|\t\r\n\\x0an1가\u3000\u200b"), max_size=12)
ANY = st.one_of(st.text(max_size=30), HOSTILE)


@given(ANY)
def test_neutralised_text_comes_back(text: str) -> None:
    assert original_text(neutralised(text)) == text


@given(ANY)
def test_cell_comes_back_but_for_what_was_written_out(text: str) -> None:
    assert original_text(cell(text)) == inert(text)


@given(st.lists(ANY, min_size=2, max_size=4), st.sampled_from(",;\t|"))
def test_no_cell_of_any_dialect_begins_a_formula(texts: list[str], delimiter: str) -> None:
    stream = io.StringIO(newline="")
    row_writer(stream)([cell(text) for text in texts])
    for row in csv.reader(io.StringIO(stream.getvalue(), newline=""), delimiter=delimiter):
        assert not any(found.lstrip(' \t\r\n"\u3000').startswith(tuple("=+-@＝−")) for found in row)
