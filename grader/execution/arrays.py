"""Arrays and values that a sandbox sent, from unvetted bytes."""

import io
import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.runner.protocol import ProtocolError

MAX_HEADER_BYTES = 1_000
MAX_DIMENSIONS = 8
MAX_VALUES_BYTES = 60 * 1024
PLAIN_KINDS = "biuf"
"""numpy's kinds of plain numbers: bool, signed, unsigned, float."""


def parse_array(raw: bytes) -> npt.NDArray[Any]:
    """The array of one `.npy` file, format 1.0, C order, plain numbers. No more memory than `raw` holds is used.

    Args:
        raw: untrusted.

    Raises:
        ProtocolError: it is none, or its header claims another size than its body has.
    """
    stream = io.BytesIO(raw)
    try:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ProtocolError("not an array of format 1.0")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream, max_header_size=MAX_HEADER_BYTES)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, OverflowError) as error:
        raise ProtocolError("not an array") from error
    whole = all(type(size) is int and size >= 0 for size in shape)
    if fortran or dtype.kind not in PLAIN_KINDS or dtype.subdtype is not None or len(shape) > MAX_DIMENSIONS:
        raise ProtocolError("an array of another kind than plain numbers in C order")
    if not whole or math.prod(shape) * dtype.itemsize != len(raw) - stream.tell():
        raise ProtocolError("an array's header does not fit its size")
    array: npt.NDArray[Any] = np.frombuffer(raw, dtype=dtype, offset=stream.tell()).reshape(shape)
    return array


def parse_values(raw: bytes) -> dict[str, Any]:
    """A JSON object: finite numbers, text that UTF-8 can hold.

    Args:
        raw: untrusted.

    Raises:
        ProtocolError: it is none, or longer than `MAX_VALUES_BYTES`.
    """
    if len(raw) > MAX_VALUES_BYTES:
        raise ProtocolError("too many values")
    try:
        values = json.loads(raw, parse_constant=_refuse_constant)
        json.dumps(values, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ProtocolError("values are not plain JSON") from error
    if not isinstance(values, dict):
        raise ProtocolError("values are no JSON object")
    return values


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
