"""The host's side of an evaluation: the order of hidden images, and what it believes of a worker."""

import io
import json
import math

import numpy as np
import pytest
import torch

from grader.errors import ArtifactRejected, InfrastructureError
from grader.evaluation.host import (
    HiddenImages,
    _Listener,
    _measure,
    _raise_unless_done,
    _take_from_main,
    shuffle_images,
)
from grader.evaluation.worker import _send_logits
from grader.runner.protocol import Message, ProtocolError
from grader.sandbox.base import Exit, Limits, Usage
from grader.sandbox.session import Output, PhaseBudget, SessionEnd, SessionResult
from tests.unit.specs import small_spec


def shuffled(salt: str, labels_from: int = 0) -> tuple[np.ndarray, HiddenImages]:
    labels = (np.arange(50) + labels_from) % 10
    images = np.arange(50, dtype=np.uint8).reshape(50, 1, 1, 1)
    hidden = shuffle_images(images, labels, name="numbers", salt=salt)
    kept = np.load(io.BytesIO(hidden.to_keep()), allow_pickle=False)
    return kept[hidden.order][:, 0, 0, 0], hidden


def test_labels_stay_with_their_images() -> None:
    order, hidden = shuffled("a")
    assert sorted(order) == list(range(50))
    assert (hidden.labels == order % 10).all()


def test_order_is_the_same_for_the_same_grading_and_another_for_any_other() -> None:
    first = shuffled("a")[0]
    assert (first == shuffled("a")[0]).all()
    assert (first != shuffled("b")[0]).any()
    assert (first != shuffled("a", labels_from=1)[0]).any(), "the order must depend on the secret labels"


def test_programs_keep_the_images_in_an_order_that_only_the_labels_tell() -> None:
    _, first = shuffled("a")
    _, second = shuffled("b")
    _, other = shuffled("a", labels_from=1)
    assert first.to_keep() == second.to_keep()
    assert list(first.kept_order) != sorted(first.kept_order)
    assert list(first.kept_order) != list(other.kept_order)


def test_public_images_are_found_where_programs_keep_them() -> None:
    _, hidden = shuffled("a")
    kept = np.load(io.BytesIO(hidden.to_keep()), allow_pickle=False)
    assert len(hidden.public) == 2
    assert kept[hidden.public_order][:, 0, 0, 0].tolist() == hidden.public.tolist()
    assert hidden.public_labels.tolist() == (hidden.public % 10).tolist()
    assert shuffled("b")[1].public.tolist() == hidden.public.tolist()


def logits_message(pass_name: str, logits: np.ndarray, **changes: object) -> Message:
    blob = logits.astype("<f4").tobytes()
    rows, columns = logits.shape
    event = {"event": "logits", "name": pass_name, "rows": rows, "columns": columns, "seconds": 0.1, **changes}
    return Message(json.dumps({**event, "blob_bytes": len(blob)}).encode(), blob)


@pytest.mark.parametrize(
    "changes", [{"rows": 5}, {"columns": 3}, {"name": "../x"}, {"rows": -4}, {"seconds": -1.0}, {"extra": 1}]
)
def test_logits_unlike_their_announcement_break_the_protocol(changes: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        _Listener().take(logits_message("main", np.zeros((4, 10)), **changes))


def test_second_pass_of_the_same_name_or_another_width_breaks_the_protocol() -> None:
    listener = _Listener()
    listener.take(logits_message("main", np.zeros((4, 10))))
    for message in (logits_message("main", np.zeros((4, 10))), logits_message("repeated", np.zeros((4, 9)))):
        with pytest.raises(ProtocolError):
            listener.take(message)


@pytest.mark.parametrize("raw", [b"{}", b'{"event": "label"}', b'{"event": "rejected", "code": "A B"}', b"\xff"])
def test_unknown_message_breaks_the_protocol(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        _Listener().take(Message(raw, None))


def test_job_that_ends_without_being_done_breaks_the_protocol() -> None:
    ended = Message(b'{"event": "ended"}', None)
    with pytest.raises(ProtocolError):
        _Listener().take(ended)
    listener = _Listener()
    assert not listener.take(Message(b'{"event": "done"}', None))
    assert listener.take(ended) is True


def listener_with(main: np.ndarray) -> _Listener:
    listener = _Listener()
    for name in ("main", "repeated", "reordered", "batch_1", "batch_7"):
        listener.take(logits_message(name, main))
    return listener


def test_measures_join_logits_with_labels() -> None:
    labels = np.arange(10).repeat(2)
    logits = np.eye(10, dtype=np.float32)[labels] * 5
    logits[0] = np.eye(10)[3]
    result = _measure(listener_with(logits), labels, small_spec())
    assert (result.correct, result.images, result.non_finite) == (19, 20, 0)
    assert result.confusion[0][3] == 1
    assert result.repeated.deviation == 0.0
    assert result.by_batch_size[1000] is None
    assert result.perturbed_accuracy is None
    assert result.calibration is not None
    assert sum(one.images for one in result.calibration.bins) == 20
    assert (result.probabilities, result.constant) == (False, False)


def test_passes_that_were_not_run_are_the_main_one() -> None:
    """Logits that name their image: the public ones must be those of the public images, whatever the order."""
    images = np.zeros((60, 1, 2, 2), dtype=np.uint8)
    hidden = shuffle_images(images, np.arange(60) % 10, name="images", salt="salt")
    number = hidden.kept_order[hidden.order]
    main = np.eye(10, dtype=np.float32)[hidden.labels] + number[:, None].astype(np.float32) / 100
    passes = {"main": main}
    _take_from_main(passes, hidden, small_spec())
    assert passes["public"].tolist() == [
        pytest.approx((np.eye(10)[label] + position / 100).tolist())
        for position, label in zip(hidden.public, hidden.public_labels, strict=True)
    ]
    listener = _Listener(passes=passes, seconds={"main": 0.1})
    result = _measure(listener, hidden.labels, small_spec())
    agreements = [result.repeated, result.reordered, *result.by_batch_size.values()]
    assert len(agreements) == 2 + len(small_spec().evaluation.batch_sizes)
    assert {(one.deviation, one.changed) for one in agreements if one is not None} == {(0.0, 0)}
    assert None not in agreements


@pytest.mark.parametrize(("wrong_when_perturbed", "expected"), [(0, 0.75), (5, 0.25), (10, 0.0)])
def test_perturbed_accuracy_is_the_accuracy_less_what_the_same_images_lose(
    wrong_when_perturbed: int, expected: float
) -> None:
    labels = np.zeros(20, dtype=np.int64)
    right, wrong = np.eye(10)[0], np.eye(10)[1]
    listener = listener_with(np.stack([right] * 15 + [wrong] * 5))
    perturbed = np.stack([wrong] * wrong_when_perturbed + [right] * (10 - wrong_when_perturbed))
    listener.take(logits_message("perturbed", perturbed))
    assert _measure(listener, labels, small_spec()).perturbed_accuracy == pytest.approx(expected)


def test_wrong_number_of_logits_is_rejected_with_both_numbers() -> None:
    with pytest.raises(ArtifactRejected, match="7 numbers per image, the mission has 10"):
        _measure(listener_with(np.zeros((20, 7))), np.zeros(20, dtype=np.int64), small_spec())


def out_of_time(phase: str) -> SessionResult:
    usage = Usage(cpu_s=1.0, memory_peak_bytes=1, processes=1)
    return SessionResult(
        end=SessionEnd.TIME,
        budget=PhaseBudget(phase, 1.0),
        limits=Limits(memory_bytes=1, processes=1, cpus=1, scratch_bytes=1),
        exit=Exit(code=None, signal=9, out_of_memory=False, out_of_processes=False, usage=usage),
        phases={},
        usage=usage,
        output=Output(b"", b"", 0),
    )


def test_time_is_the_models_doing_once_it_is_looked_at() -> None:
    listener = _Listener()
    with pytest.raises(InfrastructureError):
        _raise_unless_done(listener, out_of_time("setup"), small_spec())
    phase = listener.take(Message(b'{"event": "vetting"}', None))
    with pytest.raises(ArtifactRejected, match="so many parts"):
        _raise_unless_done(listener, out_of_time(str(phase)), small_spec())
    listener.take(facts_message())
    with pytest.raises(ArtifactRejected, match="test images"):
        _raise_unless_done(listener, out_of_time("run"), small_spec())


@pytest.mark.parametrize("rows", [1, 250])
def test_number_of_logits_that_depends_on_the_batch_is_refused_before_it_is_sent(rows: int) -> None:
    with pytest.raises(ArtifactRejected):
        _send_logits(lambda *_, **__: pytest.fail("sent"), "main", torch.zeros(rows, 40), 0.0, classes=10)


def test_non_finite_logits_are_counted_and_no_crash() -> None:
    logits = np.zeros((20, 10), dtype=np.float32)
    logits[3, 2] = math.nan
    result = _measure(listener_with(logits), np.zeros(20, dtype=np.int64), small_spec())
    assert (result.non_finite, result.correct) == (1, 19)


def recurrence_message(raw: bytes) -> Message:
    return Message(json.dumps({"event": "recurrence", "blob_bytes": len(raw)}).encode(), raw)


def facts_message() -> Message:
    facts = {
        "parameters": 1,
        "stored_numbers": 1,
        "groups": {},
        "layers": [],
        "batch_dynamic": True,
        "fixed_batch": None,
        "output_classes": 10,
        "activation_bytes_per_image": 1,
        "multiply_accumulates": 1,
        "torch_version": "2.15.0",
    }
    raw = json.dumps(facts).encode()
    return Message(json.dumps({"event": "facts", "blob_bytes": len(raw)}).encode(), raw)


def test_recurrence_joins_the_facts() -> None:
    listener = _Listener()
    listener.take(facts_message())
    listener.take(recurrence_message(b'{"name": "gru", "kind": "gru", "steps": 28}'))
    assert listener.facts is not None
    assert listener.facts.recurrence is not None
    assert listener.facts.recurrence.steps == 28


@pytest.mark.parametrize("raw", [b"{}", b"[]", b'{"name": "a", "kind": "b", "steps": "many"}'])
def test_recurrence_of_another_form_breaks_the_protocol(raw: bytes) -> None:
    listener = _Listener()
    listener.take(facts_message())
    with pytest.raises(ProtocolError):
        listener.take(recurrence_message(raw))


def sequence_listener(**passes: np.ndarray) -> _Listener:
    labels = np.arange(10).repeat(2)
    main = np.eye(10, dtype=np.float32)[labels]
    listener = listener_with(main)
    for name, logits in {"rows_shuffled": main[::-1], "rows_blanked": main, **passes}.items():
        listener.take(logits_message(name, logits))
    return listener


def test_sequence_use_counts_pairs_read_as_different_digits() -> None:
    labels = np.arange(10).repeat(2)
    main = np.eye(10, dtype=np.float32)[labels]
    partner = main.copy()
    partner[:10] = main[10:]
    halfway = main.copy()
    halfway[:5] = partner[:5]
    listener = sequence_listener(swap_partner=partner, swap_halfway=halfway, swap_final=partner)
    use = _measure(listener, labels, small_spec()).sequence
    assert use is not None
    assert (use.halfway_swap, use.late_input, use.final_swap) == (0.5, 0.5, 1.0)
    assert (use.shuffled_rows, use.blanked_rows) == (1.0, 0.0)


def test_sequence_without_a_swap_says_so() -> None:
    use = _measure(sequence_listener(), np.arange(10).repeat(2), small_spec()).sequence
    assert use is not None
    assert (use.halfway_swap, use.late_input, use.final_swap) == (None, None, None)


def test_swaps_of_unequal_lengths_are_not_believed() -> None:
    rows = np.eye(10, dtype=np.float32)
    listener = sequence_listener(swap_partner=rows, swap_halfway=rows[:4], swap_final=rows)
    use = _measure(listener, np.arange(10).repeat(2), small_spec()).sequence
    assert use is not None
    assert use.final_swap is None
