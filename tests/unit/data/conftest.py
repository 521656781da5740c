"""A pack of a few images, and the published files it comes from."""

import gzip
import struct
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from grader.data.packs import Array, ArraySpec, PackSpec, npy_sha256
from grader.text import same
from tests.unit.data.server import IdxServer


def idx_bytes(array: Array) -> bytes:
    """The array as an IDX file, without the channel axis."""
    shape = array.shape if array.ndim == 1 else (array.shape[0], *array.shape[2:])
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + array.astype(np.uint8).tobytes()


@pytest.fixture(scope="session")
def arrays() -> dict[str, Array]:
    """`ArraySpec.file` → array; noise, so that gzip can't shrink a file to less than one chunk."""
    random = np.random.default_rng(7)
    made: dict[str, Array] = {}
    for part, count in (("train", 300), ("test", 50)):
        made[f"{part}/images.npy"] = random.integers(0, 256, (count, 1, 28, 28), dtype=np.uint8)
        made[f"{part}/labels.npy"] = random.integers(0, 10, count, dtype=np.int64)
    return made


@pytest.fixture(scope="session")
def spec(arrays: dict[str, Array]) -> PackSpec:
    idx_names = {
        "train/images.npy": "train-images-idx3-ubyte",
        "train/labels.npy": "train-labels-idx1-ubyte",
        "test/images.npy": "t10k-images-idx3-ubyte",
        "test/labels.npy": "t10k-labels-idx1-ubyte",
    }
    specs = tuple(
        ArraySpec(
            part="train" if file.startswith("train") else "test",
            kind="images" if "images" in file else "labels",
            shape=array.shape,
            dtype="uint8" if "images" in file else "int64",
            sha256=npy_sha256(array),
            idx_name=idx_names[file],
        )
        for file, array in arrays.items()
    )
    return PackSpec(id="tiny", version=1, title=same("tiny"), folder_name="Tiny", arrays=specs, mirrors=())


@pytest.fixture(scope="session")
def idx_files(spec: PackSpec, arrays: dict[str, Array]) -> dict[str, bytes]:
    """Name → gzipped IDX file, as a mirror has them."""
    return {f"{item.idx_name}.gz": gzip.compress(idx_bytes(arrays[item.file]), mtime=0) for item in spec.arrays}


@pytest.fixture
def server(idx_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[IdxServer]:
    """A mirror on this machine; a proxy of the machine's must not come between."""
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with IdxServer(idx_files) as running:
        assert httpx.URL(running.url).host == "127.0.0.1"
        yield running


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    return tmp_path / "cache"
