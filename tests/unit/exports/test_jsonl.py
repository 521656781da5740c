"""Marks as JSON lines."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema

from grader.exports.jsonl import MarkLine, line_schema, line_schema_document
from tests.unit.exports import cohort
from tests.unit.exports.rendering import written

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "export.schema.json"


def test_published_schema_is_current() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == line_schema_document(), (
        'run: python -c "from grader.exports.jsonl import line_schema_document as schema; print(schema(), end=str())"'
        " > docs/export.schema.json"
    )


def test_every_line_fits_the_schema() -> None:
    checker = jsonschema.Draft202012Validator(line_schema())
    lines = written("jsonl").splitlines()
    assert len(lines) == len(cohort.MARKS)
    for text in lines:
        assert list(checker.iter_errors(json.loads(text))) == []


def test_schema_refuses_an_unknown_field() -> None:
    document = json.loads(written("jsonl").splitlines()[0])
    assert list(jsonschema.Draft202012Validator(line_schema()).iter_errors({**document, "grade": "A"}))


def test_line_comes_back_as_the_mark_it_was() -> None:
    late = MarkLine.model_validate_json(written("jsonl").splitlines()[1])
    assert (late.points, late.score, late.penalty, late.days_late) == (82.0, 92.0, 10.0, 2)
    assert late.submission is not None
    assert late.submission.submitted == cohort.LATE.attempt.submitted  # type: ignore[union-attr]
    assert late.submission.grading is not None
    assert [each.id for each in late.submission.grading.criteria] == ["training", "accuracy"]


def test_mark_of_nothing_handed_in_has_no_submission() -> None:
    missing = json.loads(written("jsonl").splitlines()[2])
    assert missing["submission"] is None
    assert missing["points"] is None
    assert missing["flags"] == ["missing"]


def test_name_comes_back_whole_and_prints_harmlessly() -> None:
    name = "a\x1b[2J\u202eb\u2028\ufeff"
    text = written("jsonl", marks=[cohort.mark(replace(cohort.BOB, name=name))])
    assert not set("\x1b\u202e\u2028\ufeff") & set(text)
    assert json.loads(text)["student"]["name"] == name
