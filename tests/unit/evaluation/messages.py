"""What an evaluation program says, as messages."""

import json

import numpy as np

from grader.evaluation.answers import Answers, Asked
from grader.runner.protocol import Message
from tests.unit.specs import small_spec


def logits_message(pass_name: str, logits: np.ndarray, **changes: object) -> Message:
    blob = logits.astype("<f4").tobytes()
    rows, columns = logits.shape
    event = {"event": "logits", "name": pass_name, "rows": rows, "columns": columns, "seconds": 0.1, **changes}
    return Message(json.dumps({**event, "blob_bytes": len(blob)}).encode(), blob)


def recurrence_message(raw: bytes) -> Message:
    return Message(json.dumps({"event": "recurrence", "blob_bytes": len(raw)}).encode(), raw)


def facts_message(**changes: object) -> Message:
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
        **changes,
    }
    raw = json.dumps(facts).encode()
    return Message(json.dumps({"event": "facts", "blob_bytes": len(raw)}).encode(), raw)


def answers(images: int, *, public: int = 1, recurrence: bool = False, **facts: object) -> Answers:
    """Those of a program that was asked about so many images, of a graph that it has described."""
    graph = {"recurrence": {"steps": 28}} if recurrence else {}
    found = Answers(Asked(small_spec(graph=graph), images=images, public=public))
    found.take(facts_message(**facts))
    return found
