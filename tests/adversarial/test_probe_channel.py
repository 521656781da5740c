"""Student code that speaks for a probe gains nothing it could not have computed, and crashes nothing."""

import contextlib
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Course
from grader.evidence import ProbeResult
from grader.execution.arrays import parse_array, parse_values
from grader.results import Ending
from grader.runner.protocol import ProtocolError
from tests.adversarial.test_runner_channel import FORGE
from tests.integration.test_probes import probe, probing


def npy(array: Any) -> bytes:
    body = io.BytesIO()
    np.save(body, array, allow_pickle=True)
    return body.getvalue()


def header(text: str, payload: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    body = text.encode("latin1") + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(body)) + body + payload


class Marker:
    """Unpickling it would leave a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


BAD_ARRAYS = {
    "claims_a_terabyte": header("{'descr': '<f8', 'fortran_order': False, 'shape': (137438953472,)}"),
    "negative_size": header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", b"x" * 8),
    "true_as_size": header("{'descr': '|u1', 'fortran_order': False, 'shape': (True,)}", b"x"),
    "huge_number": header("{'descr': '|u1', 'fortran_order': False, 'shape': (" + "9" * 300 + ",)}", b"x"),
    "too_short": npy(np.zeros(4))[:-1],
    "too_long": npy(np.zeros(4)) + b"x",
    "fortran_order": npy(np.asfortranarray(np.zeros((2, 3)))),
    "text": npy(np.array(["words"])),
    "dates": npy(np.array(["2026-01-01"], dtype="datetime64[D]")),
    "complex": npy(np.zeros(2, dtype=complex)),
    "record": npy(np.zeros(2, dtype=[("a", "u1")])),
    "subarray": header("{'descr': ('|u1', (2,)), 'fortran_order': False, 'shape': (1,)}", b"xx"),
    "deep_header": header("{'descr': " + "(" * 400 + ")" * 400 + "}"),
    "long_header": header("{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}" + " " * 2000, b"x"),
    "call_in_header": header("__import__('os').system('true')"),
    "version_2": npy(np.zeros(1)).replace(b"\x01\x00", b"\x02\x00", 1),
    "no_magic": b"hello",
    "empty": b"",
    "many_dimensions": npy(np.zeros((1,) * 20)),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_bad_array_is_refused(name: str) -> None:
    with pytest.raises(ProtocolError):
        parse_array(BAD_ARRAYS[name])


def test_pickled_array_is_refused_and_not_loaded(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    with pytest.raises(ProtocolError):
        parse_array(npy(np.array([Marker(marker)], dtype=object)))
    assert not marker.exists()


@given(st.binary(max_size=200))
def test_any_bytes_are_an_array_or_refused(raw: bytes) -> None:
    for body in (raw, b"\x93NUMPY\x01\x00" + raw):
        with contextlib.suppress(ProtocolError):
            parse_array(body)


@pytest.mark.parametrize(
    "raw",
    [
        b"[1]",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": -Infinity}',
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"[" * 20_000,
        b'{"a": ' + b"1" * 10_000 + b"}",
        b"\xff",
        b"",
        b'{"a": "' + b"x" * 70_000 + b'"}',
        b'{"a": 1' + b"0" * 400 + b"}",
        b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}",
    ],
    ids=[
        "list",
        "nan",
        "overflow",
        "infinity",
        "surrogate",
        "deep",
        "digits",
        "no_utf8",
        "empty",
        "long",
        "no_float",
        "deep_to_show",
    ],
)
def test_bad_values_are_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_values(raw)


SPEECHES = {
    "result_of_another_probe": "say({'event': 'values', 'probe': 'endless', 'blob_bytes': 2}); say(b'{}', b'B')",
    "unknown_probe": "say({'event': 'probe', 'probe': 'x'})",
    "probe_again": "say({'event': 'probe', 'probe': 'double'})",
    "two_results": "[(say({'event': 'values', 'probe': 'double', 'blob_bytes': 2}), say(b'{}', b'B')) for _ in '12']",
    "array_twice": (
        "[(say({'event': 'array', 'probe': 'double', 'name': 'a', 'blob_bytes': len(ONE)}), say(ONE, b'B'))"
        " for _ in '12']"
    ),
    "arrays_without_end": (
        "[(say({'event': 'array', 'probe': 'double', 'name': str(i), 'blob_bytes': len(ONE)}), say(ONE, b'B'))"
        " for i in range(100)]"
    ),
    "blob_over_the_limit": "say({'event': 'array', 'probe': 'double', 'name': 'a', 'blob_bytes': 10**9})",
    "an_artifact": "say({'event': 'artifact', 'blob_bytes': 1}); say(b'x', b'B')",
    "done_without_a_result": "say({'event': 'done'})",
    "training_begins": "say({'event': 'phase', 'phase': 'train'})",
}


@pytest.mark.mnist
@pytest.mark.parametrize("speech", SPEECHES)
def test_forged_message_fails_the_probe_it_was_sent_in(
    course: Course, tmp_path: Path, bubblewrap: str, speech: str
) -> None:
    source = (
        f"{FORGE}\nimport io, numpy as np\nbody = io.BytesIO(); np.save(body, np.zeros(1)); ONE = body.getvalue()\n"
        f"def double(x):\n    {SPEECHES[speech]}\n    os._exit(0)\n"
    )
    results = probe(probing(course, tmp_path / "mission", "double", "endless"), tmp_path, source, bubblewrap)
    ending = results["double"]
    if speech == "two_results":  # the first is as good as any other answer; what comes after it is not
        assert isinstance(ending, ProbeResult | Ending)
    else:
        assert isinstance(ending, Ending), ending
    other = results["endless"]
    assert isinstance(other, Ending)
    assert "no function endless" in other.message.en
