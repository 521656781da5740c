"""What is believed of an evaluation program, and what breaks the protocol."""

import json

import numpy as np
import pytest

from grader.evaluation.answers import LARGEST_COUNT, LARGEST_PARAMETERS, Answers, Asked
from grader.runner.protocol import Message, ProtocolError
from tests.unit.evaluation.messages import answers, facts_message, logits_message, recurrence_message
from tests.unit.specs import small_spec

MAIN = np.zeros((4, 10))
LAYER = {"name": "a", "op": "b", "group": "c", "output_shape": [1], "parameters": 0, "multiply_accumulates": 0}


def unasked() -> Answers:
    return Answers(Asked(small_spec(), images=4, public=1))


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": 5},
        {"columns": 3},
        {"name": "../x"},
        {"name": "of_my_own"},
        {"rows": -4},
        {"seconds": -1.0},
        {"extra": 1},
    ],
)
def test_logits_unlike_their_announcement_break_the_protocol(changes: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        answers(4).take(logits_message("main", MAIN, **changes))


@pytest.mark.parametrize("shape", [(3, 10), (5, 10), (0, 10), (4, 9), (4, 4096)])
def test_main_pass_has_a_row_of_the_missions_classes_for_each_image(shape: tuple[int, int]) -> None:
    with pytest.raises(ProtocolError):
        answers(4).take(logits_message("main", np.zeros(shape)))


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("main", 4),
        ("repeated", 0),
        ("repeated", 5),
        ("public", 2),
        ("without_conv", 3),
        ("without_dense", 4),
        ("swap_inputs", 4),
    ],
)
def test_pass_that_comes_twice_or_was_not_asked_for_breaks_the_protocol(name: str, rows: int) -> None:
    found = Answers(Asked(small_spec(graph={"required": ["conv"]}), images=4, public=1))
    found.take(facts_message(groups={"conv": 1, "dense": 1}))
    found.take(logits_message("main", MAIN))
    with pytest.raises(ProtocolError):
        found.take(logits_message(name, np.zeros((rows, 10))))


def test_nothing_comes_before_the_main_pass_and_that_not_before_the_facts() -> None:
    with pytest.raises(ProtocolError):
        answers(4).take(logits_message("repeated", MAIN))
    with pytest.raises(ProtocolError):
        unasked().take(logits_message("main", MAIN))


def test_passes_that_the_graph_calls_for_must_all_come() -> None:
    graph, rules = {"required": ["conv"]}, {"bar": 0.9, "batch_sizes": [2], "perturbation": {"shift_pixels": 1}}
    asked = Asked(small_spec(graph=graph, evaluation=rules), images=4, public=1)
    wanted = ["main", "public", "repeated", "batch_2", "reordered", "perturbed", "without_conv"]
    for missing in [*wanted, None]:
        found = Answers(asked)
        found.take(facts_message(groups={"conv": 1}))
        for name in wanted:
            if missing not in (name, "main"):
                found.take(logits_message(name, np.zeros((1, 10)) if name == "public" else MAIN))
        assert found.complete is (missing is None), missing


@pytest.mark.parametrize("raw", [b"{}", b'{"event": "label"}', b'{"event": "rejected", "code": "A B"}', b"\xff"])
def test_unknown_message_breaks_the_protocol(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        unasked().take(Message(raw, None))


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": LARGEST_PARAMETERS + 1},
        {"parameters": -1},
        {"parameters": 10**400},
        {"parameters": "12"},
        {"parameters": 1e300},
        {"multiply_accumulates": LARGEST_COUNT + 1},
        {"groups": {"conv": -1}},
        {
            "layers": [
                {
                    "name": "a",
                    "op": "b",
                    "group": "c",
                    "output_shape": [2**70],
                    "parameters": 0,
                    "multiply_accumulates": 0,
                }
            ]
        },
        {"marks": 100},
        {"torch_version": None},
    ],
)
def test_facts_that_can_not_be_break_the_protocol(changes: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        unasked().take(facts_message(**changes))


def test_layers_join_the_facts() -> None:
    empty = {**LAYER, "output_shape": [0, 2**62]}  # torch's sizes may be as large, where there is nothing to compute
    found = answers(4, layers=[LAYER, empty])
    assert found.facts is not None
    assert [layer.output_shape for layer in found.facts.layers] == [(1,), (0, 2**62)]


def test_job_that_ends_without_being_done_breaks_the_protocol() -> None:
    ended = Message(b'{"event": "ended"}', None)
    with pytest.raises(ProtocolError):
        unasked().take(ended)
    found = unasked()
    assert not found.take(Message(b'{"event": "done"}', None))
    assert found.take(ended) is True


def test_recurrence_joins_the_facts() -> None:
    found = answers(4)
    found.take(recurrence_message(b'{"name": "gru", "kind": "gru", "steps": 28}'))
    assert found.facts is not None
    assert found.facts.recurrence is not None
    assert found.facts.recurrence.steps == 28


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b"[]",
        b'{"name": "a", "kind": "b", "steps": "many"}',
        b'{"name": "a", "kind": "b", "steps": -1}',
        b'{"name": "a", "kind": "b", "steps": %d}' % 10**400,
    ],
)
def test_recurrence_of_another_form_breaks_the_protocol(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        answers(4).take(recurrence_message(raw))


def test_recurrence_of_an_unknown_graph_breaks_the_protocol_and_never_ends_the_job() -> None:
    """Taken for the end, it would leave a child alive that answers the next model's job."""
    found = unasked()
    found.take(Message(b'{"event": "done"}', None))
    with pytest.raises(ProtocolError):
        found.take(recurrence_message(b"null"))


def test_nothing_but_the_programs_own_word_ends_the_job() -> None:
    words = {"en": "", "ko": ""}
    rejected = {"event": "rejected", "code": "a", "message": words, "advice": words}
    said = [
        Message(b'{"event": "vetting"}', None),
        facts_message(),
        logits_message("main", MAIN),
        recurrence_message(b"null"),
        Message(json.dumps(rejected).encode(), None),
        Message(b'{"event": "done"}', None),
    ]
    found = unasked()
    found.done = True
    assert [found.take(message) is True for message in said] == [False] * len(said)
