"""One argument of one node: its tag must fit the operation's schema, its value our bounds."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import torch

from grader.artifact.document import field, variant
from grader.artifact.program import Argument, Ref
from grader.artifact.refusal import quote, refuse

MAX_LIST = 4096
MAX_INT = 2**31
TO_THE_END = 2**63 - 1
"""How torch writes an open slice end; no other integer may be as large."""

DTYPES: Final[Mapping[int, torch.dtype]] = {
    1: torch.uint8,
    4: torch.int32,
    5: torch.int64,
    7: torch.float32,
    8: torch.float64,
    12: torch.bool,
}
"""Codes of torch's serialisation schema (`ScalarType` in `torch/_export/serde/schema.py`, version 8)."""
CONVERSIONS: Final = frozenset({torch.float32, torch.int64, torch.bool})
_MEMORY_FORMATS: Final[Mapping[int, torch.memory_format]] = {
    1: torch.contiguous_format,
    2: torch.channels_last,
    4: torch.preserve_format,
}
_STRIDED = 7
_WORDS: Final = frozenset(
    {"same", "valid", "none", "tanh", "constant", "reflect", "replicate", "circular", "floor", "trunc"}
)
_EQUATION: Final = re.compile(r"[a-zA-Z,. ]{1,64}->[a-zA-Z. ]{0,32}|[a-zA-Z,. ]{1,64}", re.ASCII)

_INTS = frozenset({"as_int", "as_sym_int"})
_NUMBERS = _INTS | {"as_float", "as_bool"}
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "Tensor": frozenset({"as_tensor"}),
    "List[Tensor]": frozenset({"as_tensors"}),
    "int": _INTS,
    "List[int]": frozenset({"as_ints", "as_sym_ints", "as_int"}),
    "float": frozenset({"as_float", "as_int"}),
    "number": _NUMBERS,
    "bool": frozenset({"as_bool"}),
    "str": frozenset({"as_string"}),
    "ScalarType": frozenset({"as_scalar_type"}),
    "MemoryFormat": frozenset({"as_memory_format"}),
    "Layout": frozenset({"as_layout"}),
    "Device": frozenset({"as_device"}),
}
"""Tags that may stand for each type of torch's operator schemas."""
_NUMBER_FOR_TENSOR: Final = "other"
"""The one argument where a Python number may stand for a tensor: how torch writes `x / 255`."""

DROPPED: Final = frozenset({"device", "layout", "pin_memory", "non_blocking"})
"""Where and how memory is taken is the executor's affair."""

Resolve = Callable[[Any, str], str]
"""From an unvetted name and the kind of value wanted, `tensor` or `int`, to the name of the value it stands for now."""


def vetted(op: str, name: str, kind: str, unvetted: Any, resolve: Resolve) -> Argument:
    """The argument as plain data.

    Args:
        op: for messages.
        name: of the argument in the operation's schema.
        kind: the schema's type.
        unvetted: the archive's tagged union.
        resolve: looks up names of values.

    Returns:
        References to values that exist, bounded numbers, words of a closed list, dtypes, or a tuple of the first two.

    Raises:
        ArtifactRejected: tag or value do not fit.
    """
    bad = refuse("bad_argument", op=quote(op), argument=quote(name))
    tag, value = variant(unvetted)
    if tag == "as_optional_tensor":
        tag, value = variant(value)
    optional = kind.startswith("Optional[")
    kind = kind.removeprefix("Optional[").removesuffix("]") if optional else kind
    if tag == "as_none":
        if not optional:
            raise bad
        return None
    if tag in ("as_custom_obj", "as_graph", "as_operator"):
        raise bad
    number_for_tensor = kind == "Tensor" and name == _NUMBER_FOR_TENSOR and tag in ("as_int", "as_float")
    if tag not in _KINDS.get(kind, frozenset()) and not number_for_tensor:
        raise bad
    if tag == "as_tensor":
        return Ref(resolve(field(value, "name", str), "tensor"))
    if tag == "as_sym_int":
        return _symbolic(value, resolve, bad)
    if tag in ("as_tensors", "as_ints", "as_sym_ints"):
        return tuple(_element(tag, item, resolve, bad) for item in _short_list(value, bad))
    return _scalar(tag, value, bad)


def _element(tag: str, item: Any, resolve: Resolve, bad: Exception) -> Ref | int:
    if tag == "as_tensors":
        return Ref(resolve(field(item, "name", str), "tensor"))
    return _symbolic(item, resolve, bad) if tag == "as_sym_ints" else _int(item, bad)


def _symbolic(union: Any, resolve: Resolve, bad: Exception) -> Ref | int:
    tag, value = variant(union)
    if tag == "as_name" and type(value) is str:
        return Ref(resolve(value, "int"))
    if tag == "as_int":
        return _int(value, bad)
    raise bad


def _short_list(value: Any, bad: Exception) -> list[Any]:
    if type(value) is not list or len(value) > MAX_LIST:
        raise bad
    return value


def _int(value: Any, bad: Exception) -> int:
    if type(value) is not int or (abs(value) > MAX_INT and value != TO_THE_END):
        raise bad
    return value


def _scalar(tag: str, value: Any, bad: Exception) -> Argument:
    if tag == "as_int":
        return _int(value, bad)
    if tag == "as_float":
        return _float(value, bad)
    if tag == "as_bool" and type(value) is bool:
        return value
    if tag == "as_string" and type(value) is str and (value in _WORDS or _EQUATION.fullmatch(value)):
        return value
    if tag == "as_scalar_type" and type(value) is int:
        if DTYPES.get(value) not in CONVERSIONS:
            raise refuse("unsupported_conversion")
        return DTYPES[value]
    if tag == "as_memory_format" and type(value) is int and value in _MEMORY_FORMATS:
        return _MEMORY_FORMATS[value]
    if tag == "as_layout" and value == _STRIDED:
        return None
    if tag == "as_device" and type(value) is dict:
        return None
    raise bad


def _float(value: Any, bad: Exception) -> float:
    """A finite number, or an infinity in the words that the export uses for it; padding for a maximum has one."""
    if value in ("Infinity", "-Infinity"):
        return math.inf if value == "Infinity" else -math.inf
    if type(value) is int:
        return float(_int(value, bad))
    if type(value) is not float:
        raise bad
    return value
