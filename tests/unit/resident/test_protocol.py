"""Questions and events are taken for a stranger's."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from grader.resident.protocol import parse_event, parse_question
from grader.runner.protocol import Message, ProtocolError
from tests.unit.resident.kit import question


def said(changes: dict[str, Any]) -> Message:
    fields = json.loads(question().model_dump_json())
    return Message(json.dumps({**fields, **changes}).encode(), None)


def test_question_arrives_as_it_was_asked() -> None:
    asked = question(path="/somewhere/일", artifact="/model.pt2", gpu="12", seed=7, page="ko")
    assert parse_question(Message(asked.model_dump_json().encode(), None)) == asked


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "work"},
        {"path": ""},
        {"path": "/a\x00b"},
        {"path": "/" + "a" * 5_000},
        {"path": ["/work"]},
        {"artifact": "../model.pt2"},
        {"artifact": 3},
        {"mission": "../mission_cnn"},
        {"mission": "a/b"},
        {"mission": "a\n"},
        {"mission": "m" * 200},
        {"gpu": "all"},
        {"gpu": "0; true"},
        {"seed": -1},
        {"seed": "1"},
        {"seed": 2**31},
        {"seed": 1.5},
        {"page": "fr"},
        {"keep_model": "/etc/passwd"},
        {"conditions": None},
        {"conditions": {}},
        {"blob_bytes": 10},
    ],
    ids=str,
)
def test_question_that_breaks_a_rule_is_none(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        parse_question(said(changes))


def test_path_that_is_no_unicode_can_not_be_sent() -> None:
    with pytest.raises(ValidationError):
        question(path="/work/\udcff")


@pytest.mark.parametrize(
    "raw_json",
    [
        b"{}",
        b'{"event": "report"}',
        b'{"event": "report", "blob_bytes": "1"}',
        b'{"event": "pickle", "blob_bytes": 1}',
        b'{"event": "stage", "stage": "../"}',
        b'{"event": "budget", "used_s": NaN, "budget_s": 1.0}',
        b'{"event": "log", "seconds": 1.0, "values": {"a": [1]}}',
        b'{"event": "refused", "reason": "' + b"x" * 2_000 + b'"}',
        b'{"event": "began", "more": 1}',
    ],
)
def test_event_that_breaks_a_rule_is_none(raw_json: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_event(Message(raw_json, None))
