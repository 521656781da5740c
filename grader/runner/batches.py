"""Writes a batch file as CIFAR-10 publishes it: what Python 2's cPickle made of a dict of str, list and uint8 array.

Written by hand, opcode by opcode, because Python 3 has no `str` of Python 2 to pickle. Both `encoding="bytes"` and
`encoding="latin1"` read it. Shared by both sides of the sandbox; standard library only, and no pickle module.
"""

import struct
from collections.abc import Iterable, Sequence

BATCHES_FOLDER = "cifar-10-batches-py"
"""Folder of the batch files, below what torchvision calls `root`."""
TRAIN_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_BATCH = "test_batch"
META_FILE = "batches.meta"
ROW_BYTES = 3 * 32 * 32
"""One picture: 1,024 red bytes, then green, then blue, each row by row."""

_APPEND_AT_ONCE = 1000


def encode_batch(
    rows: bytes | memoryview, labels: Sequence[int], *, batch_label: str, filenames: Sequence[str]
) -> bytes:
    """The bytes of one batch file.

    Args:
        rows: N x 3,072 bytes.
        labels: N whole numbers.
        batch_label: such as "training batch 1 of 5".
        filenames: N names.

    Raises:
        ValueError: the numbers of rows, labels and names differ.
    """
    count = len(labels)
    if len(rows) != count * ROW_BYTES or len(filenames) != count:
        raise ValueError("a batch needs as many rows and names as labels")
    return _file(
        {
            "batch_label": _string(batch_label.encode("latin1")),
            "labels": _list(_integer(int(label)) for label in labels),
            "data": _array(rows, count),
            "filenames": _list(_string(name.encode("latin1")) for name in filenames),
        }
    )


def encode_meta(label_names: Sequence[str], *, cases_per_batch: int) -> bytes:
    """The bytes of `batches.meta`."""
    return _file(
        {
            "num_cases_per_batch": _integer(cases_per_batch),
            "label_names": _list(_string(name.encode("latin1")) for name in label_names),
            "num_vis": _integer(ROW_BYTES),
        }
    )


def _file(entries: dict[str, bytes]) -> bytes:
    """PROTO 2, EMPTY_DICT, MARK, key, value, …, SETITEMS, STOP."""
    body = b"".join(_string(key.encode("ascii")) + value for key, value in entries.items())
    return b"\x80\x02}(" + body + b"u."


def _string(raw: bytes) -> bytes:
    """SHORT_BINSTRING or BINSTRING: Python 2's str."""
    if len(raw) < 256:
        return b"U" + bytes([len(raw)]) + raw
    return b"T" + struct.pack("<i", len(raw)) + raw


def _integer(value: int) -> bytes:
    """BININT1, BININT2 or BININT."""
    if 0 <= value < 256:
        return b"K" + bytes([value])
    if 0 <= value < 65536:
        return b"M" + struct.pack("<H", value)
    return b"J" + struct.pack("<i", value)


def _list(items: Iterable[bytes]) -> bytes:
    """EMPTY_LIST, then MARK … APPENDS for each thousand, as cPickle does."""
    encoded = list(items)
    runs = (encoded[start : start + _APPEND_AT_ONCE] for start in range(0, len(encoded), _APPEND_AT_ONCE))
    return b"]" + b"".join(b"(" + b"".join(run) + b"e" for run in runs)


def _array(rows: bytes | memoryview, count: int) -> bytes:
    """A uint8 array (N, 3072) in C order, in the two steps that numpy unpickles: make it, then set its state."""
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    dtype = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    shape = _integer(count) + _integer(ROW_BYTES) + b"\x86"
    return empty + b"(K\x01" + shape + dtype + b"\x89" + _string(bytes(rows)) + b"tb"
