"""The registry says of each format what is so."""

from typing import Any

import pytest

from grader.entries import Mark
from grader.errors import InfrastructureError, UsageError
from grader.exports import FORMATS, Scope
from grader.results import Report
from tests.unit.exports import cohort
from tests.unit.exports.rendering import written

FITTING: dict[Scope, Any] = {
    Scope.BOOK: cohort.MARKS,
    Scope.MISSION: cohort.CNN_MARKS,
    Scope.SUBMISSION: cohort.CNN_MARKS[:1],
}


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_format_reads_reports_only_where_it_says_so(name: str) -> None:
    asked: list[Mark] = []

    def report_of(mark: Mark) -> Report | None:
        asked.append(mark)
        return cohort.report_of(mark)

    written(name, marks=FITTING[FORMATS[name].scope], report_of=report_of)
    assert bool(asked) == FORMATS[name].needs_reports


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_format_is_listed_under_its_own_name_with_a_suffix_and_words(name: str) -> None:
    export = FORMATS[name]
    assert export.name == name
    assert export.suffix.startswith(".")
    assert export.about.en
    assert export.about.ko


@pytest.mark.parametrize("name", [name for name in FORMATS if FORMATS[name].scope is Scope.SUBMISSION])
@pytest.mark.parametrize("marks", [(), cohort.CNN_MARKS[:2], cohort.CNN_MARKS[2:3]], ids=["none", "two", "no report"])
def test_format_of_one_submission_refuses_anything_else(name: str, marks: tuple[Mark, ...]) -> None:
    with pytest.raises(UsageError):
        written(name, marks=marks)


@pytest.mark.parametrize("name", [name for name in FORMATS if FORMATS[name].scope is not Scope.SUBMISSION])
def test_format_of_many_takes_none(name: str) -> None:
    assert written(name, marks=()) or name == "jsonl"


def test_machine_failure_gives_gradescope_no_result() -> None:
    with pytest.raises(InfrastructureError):
        written("gradescope", marks=cohort.CNN_MARKS[3:4])
