"""Batch files: written as Python 2 wrote them, read back without unpickling, and nothing else is admitted."""

import os
import pickle
import struct
import warnings
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from grader.data.batches import read_batch
from grader.data.decode import DecodeError
from grader.data.packs import Array
from grader.runner.batches import encode_batch, encode_meta

DATA = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
DTYPE = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"


def batch(count: int, seed: int = 0) -> tuple[Array, list[int], bytes]:
    random = np.random.default_rng(seed)
    rows = random.integers(0, 256, (count, 3072), dtype=np.uint8)
    labels = random.integers(0, 10, count).tolist()
    names = [f"name_{number}.png" for number in range(count)]
    return rows, labels, encode_batch(rows.tobytes(), labels, batch_label="training batch 1 of 5", filenames=names)


@pytest.mark.parametrize("count", [1, 7, 300, 2001])
@pytest.mark.parametrize(("encoding", "text"), [("bytes", str.encode), ("latin1", str)])
def test_written_batch_is_read_by_python_with_both_encodings(count: int, encoding: str, text: Any) -> None:
    rows, labels, content = batch(count)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pickle.loads(content, encoding=encoding)
    assert list(found) == [text(key) for key in ("batch_label", "labels", "data", "filenames")]
    assert found[text("data")].dtype == np.uint8
    np.testing.assert_array_equal(found[text("data")], rows)
    assert found[text("labels")] == labels
    assert found[text("filenames")][-1] == text(f"name_{count - 1}.png")
    assert found[text("batch_label")] == text("training batch 1 of 5")


def test_written_meta_is_read_by_python() -> None:
    found = pickle.loads(encode_meta(["disk", "ring"], cases_per_batch=4000), encoding="latin1")
    assert found == {"num_cases_per_batch": 4000, "label_names": ["disk", "ring"], "num_vis": 3072}


@pytest.mark.parametrize("lengths", [(2, 1, 1), (1, 2, 1), (1, 1, 2)])
def test_batch_of_unequal_parts_is_not_written(lengths: tuple[int, int, int]) -> None:
    rows, labels, names = lengths
    with pytest.raises(ValueError, match="as many"):
        encode_batch(bytes(3072 * rows), [0] * labels, batch_label="", filenames=["x"] * names)


@pytest.mark.parametrize("count", [1, 300, 2001])
def test_read_batch_gives_pictures_and_labels(count: int) -> None:
    rows, labels, content = batch(count)
    images, found = read_batch(content, "data_batch_1")
    assert (images.dtype, images.shape, found.dtype) == (np.uint8, (count, 3, 32, 32), np.int64)
    np.testing.assert_array_equal(images.reshape(count, -1), rows)
    assert found.tolist() == labels


class Python2(pickle._Pickler):  # type: ignore[name-defined, misc]
    """Pickles text as Python 2 pickled its str, with cPickle's memo after every object."""

    dispatch: ClassVar[dict[Any, Any]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_text(self, text: Any) -> None:
        raw = text if isinstance(text, bytes) else text.encode("latin1")
        head = b"U" + bytes([len(raw)]) if len(raw) < 256 else b"T" + struct.pack("<i", len(raw))
        self.write(head + raw)
        self.memoize(text)

    dispatch[str] = dispatch[bytes] = save_text


@pytest.mark.parametrize("order", ["C", "F"])
def test_read_batch_takes_what_a_pickler_writes(order: Any, tmp_path: Path) -> None:
    """Memo entries, long shapes, columns first: forms that our own writer does not use."""
    rows, labels, _ = batch(1200)
    with (tmp_path / "f").open("wb") as file:
        Python2(file, protocol=2).dump(
            {"batch_label": "x", "labels": labels, "data": np.asarray(rows, order=order), "filenames": ["a", "a"]}
        )
    content = (tmp_path / "f").read_bytes().replace(b"numpy._core.", b"numpy.core.")
    images, found = read_batch(content, "f")
    np.testing.assert_array_equal(images.reshape(1200, -1), rows)
    assert found.tolist() == labels


class Harmful:
    """Unpickling it would run a command."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_harmful_pickle_is_refused_and_not_run(protocol: int, tmp_path: Path) -> None:
    content = pickle.dumps({"data": Harmful(tmp_path / "marker"), "labels": []}, protocol)
    with pytest.raises(DecodeError):
        read_batch(content, "data_batch_1")
    assert not (tmp_path / "marker").exists()


def file(**entries: bytes) -> bytes:
    body = b"".join(b"U" + bytes([len(key)]) + key.encode() + value for key, value in entries.items())
    return b"\x80\x02}(" + body + b"u."


def state(shape: bytes, pixels: bytes, dtype: bytes = DTYPE) -> bytes:
    return DATA + b"(K\x01" + shape + dtype + b"\x89T" + struct.pack("<i", len(pixels)) + pixels + b"tb"


ONE = state(b"K\x01M\x00\x0c\x86", bytes(3072))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x02",
        b"\x80\x04}.",
        b"\x80\x02].",
        b"\x80\x02}.",
        file(data=ONE),
        file(labels=b"](K\x00e"),
        file(data=ONE, labels=b"](K\x0ae"),
        file(data=ONE, labels=b"](U\x010e"),
        file(data=ONE, labels=b"](\x88e"),
        file(data=ONE, labels=b"](K\x00K\x00e"),
        file(data=DATA, labels=b"](K\x00e"),
        file(data=state(b"K\x02M\x00\x0c\x86", bytes(3072)), labels=b"](K\x00e"),
        file(data=state(b"M\x00\x0cK\x01\x86", bytes(3072)), labels=b"](K\x00e"),
        file(data=state(b"J\xff\xff\xff\xffM\x00\x0c\x86", bytes(3072)), labels=b"](K\x00e"),
        file(data=state(b"K\x01M\x00\x0c\x86", bytes(3072), b"N"), labels=b"](K\x00e"),
        file(data=ONE.replace(b"u1", b"O1"), labels=b"](K\x00e"),
        file(data=b"cos\nsystem\n", labels=b"](K\x00e"),
        file(data=b"cnumpy\nload\n", labels=b"](K\x00e"),
        file(data=b"T\xff\xff\xff\xff", labels=b"](K\x00e"),
        file(data=b"h\x07", labels=b"](K\x00e"),
        file(data=ONE, labels=b"](K\x00e") + b"x",
        b"\x80\x02(((((((.",
        b"\x80\x02tttt",
        b"\x80\x02" + b"]" * 2_000_000,
        b"\x80\x02}(]]u.",
        b"\x80\x02]q\x00h\x00a.",
    ],
    ids=range(27),
)
def test_read_batch_of_anything_else_is_a_decode_error(content: bytes) -> None:
    with pytest.raises(DecodeError):
        read_batch(content, "data_batch_1")


def test_read_batch_of_random_damage_is_an_error_or_a_batch() -> None:
    _, _, content = batch(3)
    random = np.random.default_rng(5)
    interesting = np.flatnonzero(np.frombuffer(content, dtype=np.uint8)[:300] >= 0)
    for _ in range(2000):
        damaged = bytearray(content)
        for position in random.choice(interesting, 2):
            damaged[position] = random.integers(0, 256)
        try:
            images, labels = read_batch(bytes(damaged), "data_batch_1")
        except DecodeError:
            continue
        assert images.shape == (3, 3, 32, 32)
        assert set(labels.tolist()) <= set(range(10))
