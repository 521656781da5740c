"""Cells of a CSV file: untrusted text that no spreadsheet takes for a formula, numbers that stay numbers.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`, and one that reads the file with another
separator than the comma finds beginnings in the middle of a cell. Proved by
`tests/adversarial/test_export_escaping.py`.
"""

import csv
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TextIO

from grader.reports.escape import LINE_BYTES, inert

BYTE_ORDER_MARK = "\ufeff"

_STARTS = "=+@＝＋－＠﹢﹣﹦﹫⁺⁻⁼₊₋₌−﬩\\-"
"""What begins a formula, and each character that a compatibility normalisation turns into one of them."""
_BREAK = r"(?:^|[,;|\t\r\n]|\\n|\\x0[9a-d])"
"""Where a reader of another dialect could begin a cell: separators, line breaks, also written out ones."""
_BEGINNING = re.compile(rf"{_BREAK}[\s\"']*(?=[{_STARTS}])")
_NEUTRALISED = re.compile(rf"({_BREAK}[\s\"']*)'(?=[{_STARTS}])")


def cell(raw_text: str, *, lines: bool = False, max_bytes: int = LINE_BYTES) -> str:
    """The text as a cell that shows all of it and does nothing.

    Args:
        raw_text: anything, from anyone.
        lines: keep line breaks; otherwise they are written out.
        max_bytes: UTF-8 length after which the text is cut.

    Returns:
        The inert text, with an apostrophe before every character that could begin a formula there;
        `original_text` takes the apostrophes off again.
    """
    return neutralised(inert(raw_text, lines=lines, max_bytes=max_bytes))


def neutralised(text: str) -> str:
    """The text with an apostrophe before each sign that a spreadsheet could take for the beginning of a formula."""
    return _BEGINNING.sub(r"\g<0>'", text)


def original_text(text: str) -> str:
    """What `neutralised` was given: for every text, `original_text(neutralised(text)) == text`."""
    return _NEUTRALISED.sub(r"\1", text)


def number(value: float | None) -> str:
    """A number of ours with at most four decimals and a point; empty for None."""
    if value is None:
        return ""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def moment(value: datetime | None) -> str:
    """A point in time as ISO 8601 with its zone, to the second; empty for None."""
    return "" if value is None else value.isoformat(timespec="seconds")


def row_writer(stream: TextIO, *, bom: bool = False) -> Callable[[Iterable[str]], Any]:
    """A function that writes one row, as RFC 4180 says.

    Args:
        stream: text, opened with `newline=""`.
        bom: begin with a byte order mark, without which Excel reads Korean names in the system's encoding.
    """
    if bom:
        stream.write(BYTE_ORDER_MARK)
    return csv.writer(stream, lineterminator="\r\n").writerow
