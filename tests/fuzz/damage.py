"""Ways to break bytes and JSON, at random, that keep most of what was there."""

import json
import random
from typing import Any

_TEXTS = (
    *('"x"', '""', '"weight_0"', '"p_conv_weight"', '"os.system"', '"../x"', '"Infinity"', '"NaN"', '"내"', '"é"'),
    *(r'"\u0000"', r'"\ud800"', r'"\u202e"', r'"e\u0301"', '"' + "a" * 300 + '"', '"' + "a" * 5000 + '"', '"code"'),
    *('"torch.ops.aten.relu.default"', '"torch.ops.aten.t.default"', '"torch.ops.aten.sum.default"', '"_operator.mul"'),
)
_NUMBERS = (
    *("0", "1", "-1", "2", "3", "7", "12", "255", "4096", str(2**31), str(2**31 + 1), str(-(2**31)), str(2**63 - 1)),
    *(str(2**64), "9" * 30, "9" * 4000, "0.0", "-1.5", "1e308", "1e-400", "7.0"),
)
_STRUCTURES = (
    *("null", "true", "false", "[]", "{}", "[[]]", "[1, 2]", '{"as_int": 3}', '{"as_none": true}', '{"as_ints": []}'),
    *('{"as_tensor": {"name": "x"}}', '{"as_name": "x"}', '{"as_sym_int": {"as_name": "sym_size_int_1"}}'),
    *('{"as_ints": [1, 1]}', '{"as_float": 1e-9}', '{"as_expr": {"expr_str": "s0"}}', "[0, 1, 2, 3, 4, 5, 6, 7, 8]"),
    *("[" * 200 + "]" * 200, '{"a":' * 300 + "1" + "}" * 300, "[" * 800 + "]" * 800),
)
VALUES = _TEXTS + _NUMBERS + _STRUCTURES
"""JSON that a document may hold in a place where it does not belong."""
INTERESTING = (0, 1, 2, 7, 8, 0x7F, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 2**31 - 1, 2**31, 2**32 - 1)
"""Figures at which counters and lengths go wrong."""
_MARKS = (b"\xff" * 4, b"\0" * 4, b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"\x80", b"{", b"[", b'"')


def broken_bytes(data: bytes, chance: random.Random) -> bytes:
    """Flips, cuts, doubles or inserts bytes; half of the time near the end, where a zip has its directory."""
    broken = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        if not broken:
            break
        at = chance.randrange(len(broken)) if chance.random() < 0.5 else max(0, len(broken) - chance.randrange(1, 3000))
        match chance.randrange(6):
            case 0:
                broken[at] ^= 1 << chance.randrange(8)
            case 1:
                mark = chance.choice(_MARKS)
                broken[at : at + len(mark)] = mark
            case 2:
                del broken[at : at + chance.randrange(1, 64)]
            case 3:
                broken[at : at + 4] = chance.choice(INTERESTING).to_bytes(4, chance.choice(("little", "big")))
            case 4 if chance.random() < 0.3:
                del broken[at:]
            case _:
                start = chance.randrange(len(broken))
                broken[at:at] = broken[start : start + chance.randrange(64)]
    return bytes(broken)


def break_document(document: Any, chance: random.Random) -> None:
    """Breaks one place of a JSON value: another value, gone, doubled, swapped with another place, or slightly off."""
    found = _place(document, chance)
    if found is None:
        return
    holder, key = found
    value = holder[key]
    match chance.randrange(6):
        case 0:
            holder[key] = json.loads(chance.choice(VALUES))
        case 1:
            del holder[key]
        case 2 if isinstance(holder, list):
            holder.insert(chance.randrange(len(holder) + 1), _copy(value))
        case 3 if type(value) is int:
            holder[key] = value + chance.choice((-1, 1, 2**32, -value, -2 * value))
        case 4 if isinstance(value, str):
            holder[key] = value[: chance.randrange(len(value) + 1)] + chance.choice(("", "0", "_", "\n", "."))
        case _:
            other, place = _place(document, chance) or (holder, key)
            holder[key], other[place] = _copy(other[place]), _copy(value)


def _place(document: Any, chance: random.Random) -> tuple[Any, Any] | None:
    """A container and a key of it, found by going down at random: the document is not walked as a whole."""
    holder, key = None, None
    inner = document
    while isinstance(inner, dict | list) and inner and (holder is None or chance.random() < 0.85):
        holder = inner
        key = chance.choice(list(holder)) if isinstance(holder, dict) else chance.randrange(len(holder))
        inner = holder[key]
    return None if holder is None else (holder, key)


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value))


def broken_json(text: bytes, chance: random.Random) -> bytes:
    """Breaks JSON as text, in ways that no value can be broken."""
    at = chance.randrange(len(text) + 1)
    match chance.randrange(7):
        case 0:
            return broken_bytes(text, chance)
        case 1:
            return text[:at] + chance.choice((b"[", b'{"a":')) * chance.choice((10, 1000, 20_000)) + text[at:]
        case 2:
            return text.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-32", "utf-8-sig", "utf-7")))
        case 3:
            return text.replace(b":", b":" + chance.choice((b"NaN", b"1e999", b"-", b"1" * 5000, b"-0", b"\xff")), 1)
        case 4:  # a key twice
            return text.replace(b"{", b"{" + text[1 : text.find(b",") + 1], 1) if b"," in text else text * 2
        case 5:
            return text.replace(b'"', chance.choice((b'"\\ud800', b'"\\u0000', b'"\0', b"'", b'"\\x')), 1)
        case _:
            return text[:at]
