"""What a format writes for some marks of the small cohort, for tests."""

import csv
import io
from typing import Any

from grader.exports import FORMATS, Request
from grader.text import Text
from tests.unit.exports import cohort


def written(name: str, **changes: Any) -> str:
    """The text of a format; `changes` make the request another one than for all marks in English."""
    return exported(name, **changes)[0]


def exported(name: str, **changes: Any) -> tuple[str, tuple[Text, ...]]:
    """The text of a format, and its warnings."""
    values: dict[str, Any] = {"book": cohort.BOOK, "marks": cohort.MARKS, "report_of": cohort.report_of, **changes}
    stream = io.StringIO(newline="")
    warnings = FORMATS[name].write(stream, Request(**values))
    return stream.getvalue(), warnings


def table(text: str, *, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a CSV text by column name, as another program reads them; a ragged row is an error."""
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
