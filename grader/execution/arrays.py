"""Arrays and values that a sandbox sent, from unvetted bytes."""

import json
import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.runner.protocol import ProtocolError

MAX_HEADER_BYTES = 1_000
MAX_DIMENSIONS = 8
MAX_VALUES_BYTES = 60 * 1024
MAX_NESTING = 32
MAX_INTEGER = 2**63 - 1
"""Beyond it an integer does not fit a float's or an array's arithmetic, and who judges it would fail."""
PLAIN_KINDS = "biuf"
"""numpy's kinds of plain numbers: bool, signed, unsigned, float."""

_MAGIC = b"\x93NUMPY\x01\x00"
_PREFIX_BYTES = len(_MAGIC) + 2
# To the letter what `np.save` writes. numpy itself would parse the header as Python and, if that fails, mend it as
# Python 2: with exceptions and warnings of many kinds.
_HEADER = re.compile(
    rb"\{'descr': '(?P<dtype>[<>|][%s]\d{1,2})', 'fortran_order': False, "
    rb"'shape': \((?P<shape>|\d{1,19},|\d{1,19}(?:, \d{1,19}){1,%d})\), \} *\n"
    % (PLAIN_KINDS.encode(), MAX_DIMENSIONS - 1)
)


def parse_array(raw: bytes) -> npt.NDArray[Any]:
    """The array of one `.npy` file, format 1.0, C order, plain numbers. No more memory than `raw` holds is used.

    Args:
        raw: untrusted.

    Raises:
        ProtocolError: it is none, or its header claims another size than its body has.
    """
    if raw[:8] != _MAGIC or len(raw) < _PREFIX_BYTES:
        raise ProtocolError("not an array of format 1.0")
    start = _PREFIX_BYTES + int.from_bytes(raw[8:_PREFIX_BYTES], "little")
    header = _HEADER.fullmatch(raw, _PREFIX_BYTES, start) if start <= _PREFIX_BYTES + MAX_HEADER_BYTES else None
    if header is None:
        raise ProtocolError("an array of another kind than plain numbers in C order")
    dtype = _dtype(header["dtype"].decode())
    shape = tuple(int(size) for size in header["shape"].split(b",") if size)
    if math.prod(shape) * dtype.itemsize != len(raw) - start:
        raise ProtocolError("an array's header does not fit its size")
    array: npt.NDArray[Any] = np.frombuffer(raw, dtype=dtype, offset=start)
    try:
        return array.reshape(shape)
    except (ValueError, OverflowError) as error:  # beside a zero, sizes of any number of bits
        raise ProtocolError("an array's header does not fit its size") from error


def _dtype(name: str) -> np.dtype[Any]:
    try:
        return np.dtype(name)
    except TypeError as error:
        raise ProtocolError("an array of numbers of a width that there is not") from error


def parse_values(raw: bytes) -> dict[str, Any]:
    """A JSON object: finite numbers, integers of 64 bits, text that UTF-8 can hold.

    Args:
        raw: untrusted.

    Raises:
        ProtocolError: it is none, longer than `MAX_VALUES_BYTES`, or nested deeper than `MAX_NESTING`.
    """
    if len(raw) > MAX_VALUES_BYTES:
        raise ProtocolError("too many values")
    try:
        values = json.loads(raw, parse_constant=_refuse_constant, parse_int=_bounded_int)
        json.dumps(values, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ProtocolError("values are not plain JSON") from error
    if not isinstance(values, dict):
        raise ProtocolError("values are no JSON object")
    _check_nesting(values, MAX_NESTING)
    return values


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _bounded_int(digits: str) -> int:
    number = int(digits)
    if abs(number) > MAX_INTEGER:
        raise ValueError("an integer of more than 64 bits")
    return number


def _check_nesting(value: object, levels: int) -> None:
    """Raises where there are more levels: to show such a value could pass the interpreter's own bound."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        return
    if levels == 0:
        raise ProtocolError("values are nested too deep")
    for item in inner:
        _check_nesting(item, levels - 1)
