"""The host's side of an evaluation: the order of hidden images, and what it believes of a worker."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from grader.errors import ArtifactRejected
from grader.evaluation.host import HiddenImages, _Listener, _measure, shuffle_images
from grader.runner.protocol import Message, ProtocolError
from tests.unit.specs import small_spec


def shuffled(tmp_path: Path, salt: str, labels_from: int = 0) -> tuple[np.ndarray, HiddenImages]:
    labels = (np.arange(50) + labels_from) % 10
    images = np.arange(50, dtype=np.uint8).reshape(50, 1, 1, 1)
    hidden = shuffle_images(images, labels, tmp_path / f"{salt}-{labels_from}.npy", salt=salt)
    return np.load(hidden.file, allow_pickle=False)[:, 0, 0, 0], hidden


def test_labels_stay_with_their_images(tmp_path: Path) -> None:
    order, hidden = shuffled(tmp_path, "a")
    assert sorted(order) == list(range(50))
    assert (hidden.labels == order % 10).all()


def test_order_is_the_same_for_the_same_grading_and_another_for_any_other(tmp_path: Path) -> None:
    first = shuffled(tmp_path, "a")[0]
    assert (first == shuffled(tmp_path, "a")[0]).all()
    assert (first != shuffled(tmp_path, "b")[0]).any()
    assert (first != shuffled(tmp_path, "a", labels_from=1)[0]).any(), "the order must depend on the secret labels"


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


def test_wrong_number_of_logits_is_rejected_with_both_numbers() -> None:
    with pytest.raises(ArtifactRejected, match="7 numbers per image, the mission has 10"):
        _measure(listener_with(np.zeros((20, 7))), np.zeros(20, dtype=np.int64), small_spec())


def test_non_finite_logits_are_counted_and_no_crash() -> None:
    logits = np.zeros((20, 10), dtype=np.float32)
    logits[3, 2] = math.nan
    result = _measure(listener_with(logits), np.zeros(20, dtype=np.int64), small_spec())
    assert (result.non_finite, result.correct) == (1, 19)
