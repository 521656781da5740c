"""CIFAR-10 from a folder or its archive, the stand-in from our own pencil, and which of the two is used."""

import dataclasses
import hashlib
import io
import pickle
import re
import tarfile
from pathlib import Path

import numpy as np
import pytest

from grader import data
from grader.data.batch_sources import ArchiveSource, BatchFolderSource, DrawnSource
from grader.data.cache import installed, obtain
from grader.data.packs import Archive, ArraySpec, DataPack, Drawing, PackSpec, Part, RawSpec
from grader.data.registry import CIFAR10, CIFAR10_STANDIN
from grader.data.shapes import CLASSES, draw
from grader.data.sources import choose_sources
from grader.data.supply import SourceError
from grader.errors import DataUnavailable
from grader.runner.batches import BATCHES_FOLDER, META_FILE, TEST_BATCH, TRAIN_BATCHES, encode_batch, encode_meta
from grader.runner.datasets import raw_folder
from tests.unit.data.server import IdxServer


def silent(what: str, done_bytes: int, total_bytes: int | None) -> None:
    pass


@pytest.fixture(scope="module")
def published() -> dict[str, bytes]:
    """Name → batch file of four pictures."""
    random = np.random.default_rng(3)
    files = {META_FILE: encode_meta([f"class {label}" for label in range(10)], cases_per_batch=4)}
    for name in (*TRAIN_BATCHES, TEST_BATCH):
        rows, labels = random.integers(0, 256, (4, 3072), dtype=np.uint8), random.integers(0, 10, 4).tolist()
        files[name] = encode_batch(rows.tobytes(), labels, batch_label=name, filenames=[f"{name}.png"] * 4)
    return files


@pytest.fixture(scope="module")
def archive(published: dict[str, bytes]) -> bytes:
    return tar_of({f"{BATCHES_FOLDER}/{name}": content for name, content in published.items()})


def tar_of(members: dict[str, bytes]) -> bytes:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as opened:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    return body.getvalue()


@pytest.fixture(scope="module")
def tiny(published: dict[str, bytes], archive: bytes) -> PackSpec:
    """CIFAR-10 in small: sums of the files are known, sums of the arrays are not."""
    return dataclasses.replace(
        CIFAR10,
        id="tiny",
        arrays=tuple(
            dataclasses.replace(item, shape=(20 if item.part == "train" else 4, *item.shape[1:]))
            for item in CIFAR10.arrays
        ),
        raw_files=tuple(
            dataclasses.replace(item, md5=hashlib.md5(published[item.name], usedforsecurity=False).hexdigest())
            for item in CIFAR10.raw_files
        ),
        archive=Archive("tiny.tar.gz", len(archive), hashlib.sha256(archive).hexdigest()),
    )


def written(folder: Path, published: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name, content in published.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def pack(tiny: PackSpec, published: dict[str, bytes], tmp_path: Path) -> DataPack:
    folder = written(tmp_path / "own" / BATCHES_FOLDER, published)
    return obtain(tiny, [BatchFolderSource(folder)], tmp_path / "cache", silent)


def test_pack_has_its_layout_and_no_test_batch_beside_the_training_data(pack: DataPack) -> None:
    files = {path.relative_to(pack.root).as_posix() for path in pack.root.rglob("*") if path.is_file()}
    assert files == {
        "manifest.json",
        *(f"{part}/{kind}.npy" for part in ("train", "test") for kind in ("images", "labels")),
        *(f"train/{BATCHES_FOLDER}/{name}" for name in (*TRAIN_BATCHES, META_FILE)),
    }
    assert all(path.stat().st_mode & 0o777 == 0o755 for path in pack.root.rglob("*") if path.is_dir())


def test_pack_arrays_are_the_batches_in_order(pack: DataPack, published: dict[str, bytes]) -> None:
    parts: tuple[tuple[Part, tuple[str, ...]], ...] = (("train", TRAIN_BATCHES), ("test", (TEST_BATCH,)))
    for part, names in parts:
        batches = [pickle.loads(published[name], encoding="latin1") for name in names]
        rows = np.concatenate([batch["data"] for batch in batches])
        images = pack.array(part, "images")
        np.testing.assert_array_equal(images.reshape(len(rows), -1), rows)
        assert pack.array(part, "labels").tolist() == [label for batch in batches for label in batch["labels"]]


@pytest.mark.parametrize("inner", ["", BATCHES_FOLDER, f"tiny/{BATCHES_FOLDER}"])
def test_folder_in_any_known_layout_is_read(
    inner: str, tiny: PackSpec, published: dict[str, bytes], tmp_path: Path
) -> None:
    written(tmp_path / "root" / inner, published)
    assert BatchFolderSource(tmp_path / "root").contents(tiny, tmp_path, silent).keys() == {
        item.file for item in tiny.files
    }


def test_folder_with_the_archive_is_read(tiny: PackSpec, archive: bytes, tmp_path: Path) -> None:
    (tmp_path / "tiny.tar.gz").write_bytes(archive)
    assert BatchFolderSource(tmp_path).contents(tiny, tmp_path, silent)


@pytest.mark.parametrize("name", [TRAIN_BATCHES[2], TEST_BATCH, META_FILE])
def test_file_of_other_content_is_refused_and_named(
    name: str, tiny: PackSpec, published: dict[str, bytes], tmp_path: Path
) -> None:
    written(tmp_path / "root", published | {name: published[name][:-1] + b"?"})
    with pytest.raises(SourceError, match=f"{name} does not have its checksum"):
        BatchFolderSource(tmp_path / "root").contents(tiny, tmp_path, silent)


def test_folder_without_batches_says_so(tiny: PackSpec, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="data_batch_1"):
        BatchFolderSource(tmp_path).contents(tiny, tmp_path, silent)


@pytest.mark.parametrize("break_after", [[], [20_000, 5_000]])
def test_mirror_gives_the_same_pack_and_is_resumed(
    break_after: list[int], server: IdxServer, tiny: PackSpec, archive: bytes, pack: DataPack, tmp_path: Path
) -> None:
    server.files["tiny.tar.gz"] = archive
    server.break_after = break_after
    again = obtain(tiny, [ArchiveSource((server.url,))], tmp_path / "other", silent)
    assert again.files == pack.files


def test_mirror_with_another_archive_is_refused_before_it_is_opened(
    server: IdxServer, tiny: PackSpec, archive: bytes, tmp_path: Path
) -> None:
    server.files["tiny.tar.gz"] = archive[:-1] + b"?"
    with pytest.raises(SourceError, match=r"tiny\.tar\.gz\.part does not have its checksum"):
        ArchiveSource((server.url,)).contents(tiny, tmp_path, silent)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["member missing", "member is a link", "no tar"])
def test_archive_that_is_not_one_is_refused(
    damage: str, tiny: PackSpec, published: dict[str, bytes], tmp_path: Path
) -> None:
    members = {f"{BATCHES_FOLDER}/{name}": content for name, content in published.items()}
    if damage == "member missing":
        del members[f"{BATCHES_FOLDER}/data_batch_3"]
        content = tar_of(members)
    elif damage == "member is a link":
        body = io.BytesIO()
        with tarfile.open(fileobj=body, mode="w:gz") as opened:
            member = tarfile.TarInfo(f"{BATCHES_FOLDER}/data_batch_1")
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            opened.addfile(member)
        content = body.getvalue()
    else:
        content = b"\x1f\x8bno archive"
    (tmp_path / "tiny.tar.gz").write_bytes(content)
    told = Archive("tiny.tar.gz", len(content), hashlib.sha256(content).hexdigest())
    with pytest.raises(SourceError):
        BatchFolderSource(tmp_path).contents(dataclasses.replace(tiny, archive=told), tmp_path, silent)


def test_array_without_published_sum_is_held_to_the_one_of_its_installation(
    pack: DataPack, tiny: PackSpec, tmp_path: Path
) -> None:
    assert installed(tiny, tmp_path / "cache", verify=True) == pack
    path = pack.root / "test/images.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataUnavailable, match="damaged"):
        installed(tiny, tmp_path / "cache")


def test_pack_whose_sums_are_lost_is_not_believed(pack: DataPack, tiny: PackSpec, tmp_path: Path) -> None:
    (pack.root / "manifest.json").unlink()
    with pytest.raises(DataUnavailable, match="damaged"):
        installed(tiny, tmp_path / "cache")


def test_registry_pins_what_is_published() -> None:
    assert CIFAR10.archive is not None
    assert CIFAR10.archive.sha256.startswith("6d958be0")
    assert all(item.md5 for item in CIFAR10.raw_files)
    assert all(item.sha256 for item in CIFAR10_STANDIN.files)
    assert not any(item.kept for item in (*CIFAR10.raw_files, *CIFAR10_STANDIN.raw_files) if item.name == TEST_BATCH)


def test_registry_agrees_with_torchvision() -> None:
    cifar = pytest.importorskip("torchvision.datasets").CIFAR10
    listed = dict((*cifar.train_list, *cifar.test_list, (cifar.meta["filename"], cifar.meta["md5"])))
    assert {item.name: item.md5 for item in CIFAR10.raw_files} == listed
    assert CIFAR10.mirrors[0] + (CIFAR10.archive.name if CIFAR10.archive else "") == cifar.url


@pytest.mark.slow
def test_stand_in_is_drawn_as_pinned(tmp_path: Path) -> None:
    """Every byte of it: the registry's sums hold on this machine too."""
    pack = data.fetch("cifar10-standin", cache_dir=tmp_path)
    assert dict(pack.files) == {item.file: item.sha256 for item in CIFAR10_STANDIN.files}
    with (pack.train_root / BATCHES_FOLDER / "data_batch_2").open("rb") as file:
        batch = pickle.load(file, encoding="bytes")
    np.testing.assert_array_equal(batch[b"data"].reshape(-1, 3, 32, 32), pack.array("train", "images")[4000:8000])
    assert batch[b"labels"] == pack.array("train", "labels")[4000:8000].tolist()


def tiny_drawing() -> PackSpec:
    return dataclasses.replace(
        CIFAR10_STANDIN,
        arrays=tuple(
            ArraySpec(item.part, item.kind, (100 if item.part == "train" else 20, *item.shape[1:]), item.dtype, None)
            for item in CIFAR10_STANDIN.arrays
        ),
        raw_files=tuple(RawSpec(item.part, item.name, kept=item.kept) for item in CIFAR10_STANDIN.raw_files),
        drawing=Drawing(train_images=100, train_seed=1, test_images=20, test_seed=2),
    )


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> DataPack:
    """A stand-in of a hundred pictures."""
    spec = tiny_drawing()
    assert spec.drawing is not None
    return obtain(spec, [DrawnSource(spec.drawing)], tmp_path_factory.mktemp("cache"), silent)


def test_drawn_pack_has_the_names_of_its_classes(drawn: DataPack) -> None:
    meta = pickle.loads((drawn.train_root / BATCHES_FOLDER / META_FILE).read_bytes(), encoding="latin1")
    assert meta == {"num_cases_per_batch": 20, "label_names": list(CLASSES), "num_vis": 3072}


@pytest.mark.parametrize("source", [None, "mirror", "wheel", "folder", "https://example.org"])
def test_drawn_pack_needs_no_other_source(source: str | None) -> None:
    assert [found.name for found in choose_sources(CIFAR10_STANDIN, source)] == ["drawn"]


def test_choose_sources_of_an_archive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADER_DATA_DIR", str(tmp_path))
    kinds = [type(found) for found in choose_sources(CIFAR10, None)]
    assert (kinds[0], kinds[-1]) == (BatchFolderSource, ArchiveSource)


def test_draw_gives_balanced_classes_and_the_same_bytes_for_a_seed() -> None:
    images, labels = draw(200, 4)
    assert (images.shape, images.dtype, labels.dtype) == ((200, 3, 32, 32), np.uint8, np.int64)
    assert np.bincount(labels).tolist() == [20] * 10
    again, _ = draw(200, 4)
    other, _ = draw(200, 5)
    np.testing.assert_array_equal(images, again)
    assert not np.array_equal(images, other)


def test_draw_is_the_same_on_every_machine() -> None:
    """A change here needs a new version of the pack."""
    images, labels = draw(50, 11)
    found = hashlib.sha256(images.tobytes() + labels.astype("<i8").tobytes()).hexdigest()
    assert found == "b746228017e21806e0ed9166af13809f77d3334962d1e9f6346f779f40e93cb3"


def test_no_picture_of_the_training_part_is_in_the_test_part(drawn: DataPack) -> None:
    train = {image.tobytes() for image in drawn.array("train", "images")}
    assert not train & {image.tobytes() for image in drawn.array("test", "images")}


@pytest.fixture
def packs(monkeypatch: pytest.MonkeyPatch, pack: DataPack, drawn: DataPack) -> dict[str, DataPack | None]:
    """Which packs are here; change it before the call."""
    here: dict[str, DataPack | None] = {"cifar10": pack, "cifar10-standin": drawn}
    monkeypatch.setattr(data, "installed", lambda spec, cache_dir: here[spec.id])
    return here


def test_resolve_prefers_the_pack_itself(packs: dict[str, DataPack | None]) -> None:
    assert data.resolve("cifar10", "cifar10-standin") is packs["cifar10"]


def test_resolve_falls_back_to_the_stand_in(packs: dict[str, DataPack | None]) -> None:
    packs["cifar10"] = None
    assert data.resolve("cifar10", "cifar10-standin") is packs["cifar10-standin"]


def test_resolve_without_either_names_both_commands(packs: dict[str, DataPack | None]) -> None:
    packs.update({"cifar10": None, "cifar10-standin": None})
    with pytest.raises(DataUnavailable) as caught:
        data.resolve("cifar10", "cifar10-standin")
    assert "grade data fetch cifar10 " in caught.value.advice.en
    assert "grade data fetch cifar10-standin" in caught.value.advice.ko
    with pytest.raises(DataUnavailable, match="cifar10"):
        data.resolve("cifar10")


def test_raw_folder_without_limit_is_the_pack_itself(drawn: DataPack, tmp_path: Path) -> None:
    assert raw_folder(drawn.train_root, tmp_path, None) == drawn.train_root
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("limit", "each"), [(40, 8), (3, 1), (10_000, 20)])
def test_raw_folder_with_limit_holds_shorter_batches(limit: int, each: int, drawn: DataPack, tmp_path: Path) -> None:
    folder = raw_folder(drawn.train_root, tmp_path, limit) / BATCHES_FOLDER
    assert sorted(path.name for path in folder.iterdir()) == sorted((*TRAIN_BATCHES, META_FILE))
    for encoding, key in (("bytes", b"data"), ("latin1", "data")):
        batch = pickle.loads((folder / "data_batch_4").read_bytes(), encoding=encoding)
        assert batch[key].shape == (each, 3072)
    first = np.asarray(drawn.array("train", "images"))[60 : 60 + each].reshape(each, -1)
    np.testing.assert_array_equal(batch["data"], first)
    assert batch["labels"] == drawn.array("train", "labels")[60 : 60 + each].tolist()


def test_raw_folder_of_a_pack_without_batch_files_is_its_folder(tmp_path: Path) -> None:
    assert raw_folder(tmp_path, tmp_path / "work", 10) == tmp_path


def test_stand_in_is_registered_for_its_pack() -> None:
    assert CIFAR10_STANDIN.stands_in_for == CIFAR10.id


def test_every_class_has_a_name_in_both_languages() -> None:
    assert tuple(name.en.replace(" ", "_") for name in CIFAR10_STANDIN.class_names) == CLASSES
    assert [name.en for name in CIFAR10.class_names] == (
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    )
    for pack in (CIFAR10, CIFAR10_STANDIN):
        assert len({name.ko for name in pack.class_names}) == 10
        assert all(re.fullmatch("[가-힣 ]+", name.ko) for name in pack.class_names)
