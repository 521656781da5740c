"""Strict JSON: one meaning per document, plain types, bounded numbers."""

import json
import math
from typing import Any, NoReturn, TypeVar

from grader.artifact.refusal import quote, refuse

Object = dict[str, Any]
T = TypeVar("T")


def parse_object(raw: memoryview, name: str, *, max_bytes: int) -> Object:
    """The JSON object in `raw`.

    Args:
        raw: unvetted bytes.
        name: what to call the document in a message.
        max_bytes: refused above.

    Returns:
        Plain dicts, lists, strings, finite numbers, booleans and None. Keys are unique; nothing else is checked.

    Raises:
        ArtifactRejected: it is not UTF-8, not JSON, repeats a key, holds NaN or an infinity, or nests too deeply.
    """
    if len(raw) > max_bytes:
        raise refuse("graph_too_large", name=name, limit_mib=max_bytes // 1024**2)
    try:
        value = json.loads(
            bytes(raw).decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise refuse("json_invalid", name=name) from error
    if type(value) is not dict:
        raise refuse("json_invalid", name=name)
    return value


def field(holder: Any, key: str, kind: type[T]) -> T:
    """`holder[key]`, which must be of exactly that type (a bool is no int).

    Raises:
        ArtifactRejected: `holder` is no object, or has no such field.
    """
    value = holder.get(key) if type(holder) is dict else None
    if type(value) is not kind:
        raise refuse("malformed_model", field=quote(key))
    return value


def variant(union: Any) -> tuple[str, Any]:
    """Tag and payload of a tagged union such as `{"as_int": 3}`.

    Raises:
        ArtifactRejected: it does not have exactly one tag.
    """
    if type(union) is not dict or len(union) != 1:
        raise refuse("malformed_model", field="argument")
    return next(iter(union.items()))


def literal_int(union: Any) -> int:
    """The number in `{"as_int": number}`.

    Raises:
        ArtifactRejected: it is a symbolic expression, which is never evaluated, or no integer.
    """
    tag, value = variant(union)
    if tag in ("as_expr", "as_name"):
        raise refuse("symbolic_size")
    if tag != "as_int" or type(value) is not int:
        raise refuse("malformed_model", field=quote(tag))
    return value


def _unique(pairs: list[tuple[str, Any]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is out of range")
    return value
