"""Tricks with the zip itself: one reading of the bytes or none."""

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from grader.artifact import Caps, read_artifact
from tests.adversarial.artifacts.building import Archive, honest, honest_bytes, pickled
from tests.adversarial.artifacts.test_malicious_documents import refused

END = b"PK\x05\x06"


def patched(data: bytes, at: int, change: bytes) -> bytes:
    return data[:at] + change + data[at + len(change) :]


def directory_at(data: bytes) -> int:
    return int(struct.unpack_from("<L", data, data.rindex(END) + 16)[0])


def in_directory(data: bytes, offset: int, change: bytes) -> bytes:
    """The first directory entry with a field changed."""
    return patched(data, directory_at(data) + offset, change)


def again(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO(honest().to_bytes())
    with zipfile.ZipFile(buffer, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr(name, content)
    return buffer.getvalue()


def overlapping(data: bytes) -> bytes:
    """Two directory entries that point to one member."""
    start, end = directory_at(data), data.rindex(END)
    first = data[start : start + 46 + struct.unpack_from("<H", data, start + 28)[0]]
    count = struct.unpack_from("<H", data, end + 8)[0] + 1
    renamed = first[:46] + first[46:].replace(b"weight_0", b"weight_9")
    size = end - start + len(renamed)
    return data[:end] + renamed + data[end:][:8] + struct.pack("<HHLLH", count, count, size, start, 0)


CONTAINER_CASES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "prefix": (lambda data: b"#!/bin/sh\n" + data, "not_an_archive"),
    "prefix_of_a_member": (lambda data: b"PK\x03\x04" + data, "archive_malformed"),
    "suffix": (lambda data: data + b"junk", "archive_malformed"),
    "comment": (lambda data: data[:-2] + struct.pack("<H", 4) + b"junk", "archive_malformed"),
    "second_archive": (lambda data: data + data, "archive_malformed"),
    "cut_off": (lambda data: data[: len(data) // 2], "archive_malformed"),
    "empty": (lambda data: b"", "not_an_archive"),
    "only_an_end": (lambda data: data[data.rindex(END) :], "not_an_archive"),
    "encrypted": (lambda data: in_directory(patched(data, 6, b"\x01\x00"), 8, b"\x01\x00"), "encrypted_member"),
    "other_name_in_directory": (lambda data: in_directory(data, 46, b"m0del"), "archive_malformed"),
    "other_size_in_directory": (lambda data: in_directory(data, 20, b"\x01\0\0\0\x01\0\0\0"), "archive_malformed"),
    "two_sizes": (lambda data: in_directory(data, 24, b"\x00\x00\x00\x7f"), "archive_malformed"),
    "zip64_sizes": (lambda data: in_directory(data, 20, b"\xff" * 8), "archive_malformed"),
    "other_method_in_directory": (lambda data: in_directory(data, 10, b"\x08\x00"), "compressed_member"),
    "other_offset": (lambda data: in_directory(data, 42, b"\x05\x00\x00\x00"), "archive_malformed"),
    "other_disk": (lambda data: in_directory(data, 34, b"\x01\x00"), "archive_malformed"),
    "flipped_bit_in_a_weight": (lambda data: patched(data, 100, bytes([data[100] ^ 1])), "checksum_mismatch"),
    "overlapping_members": (overlapping, "archive_malformed"),
    "pickle": (lambda data: pickle.dumps({"a": 1}), "not_an_export"),
}


@pytest.mark.parametrize("case", CONTAINER_CASES)
def test_trick_with_the_container_is_refused(case: str, tmp_path: Path) -> None:
    make, code = CONTAINER_CASES[case]
    assert refused(tmp_path, make(honest().to_bytes())).code == code


@pytest.mark.parametrize("field", range(12, 76))
def test_end_records_of_torch_admit_no_other_byte(field: int, tmp_path: Path) -> None:
    data = honest_bytes()
    start = data.rindex(b"PK\x06\x06")
    changed = patched(data, start + field, bytes([data[start + field] ^ 0xFF]))
    path = tmp_path / "model.pt2"
    if field < 16:  # which version of zip made it and which can read it: means nothing to us
        path.write_bytes(changed)
        read_artifact(path, Caps())
    else:
        assert refused(tmp_path, changed).code == "archive_malformed"


def test_deflated_archive_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, honest().to_bytes(zipfile.ZIP_DEFLATED)).code == "compressed_member"


def test_member_under_a_second_name_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, again("model/models/model.json", b"{}")).code == "duplicate_member"


MEMBERS: dict[str, str] = {
    "data/aotinductor/model/model.so": "code_in_archive",
    "data/aotinductor/x": "code_in_archive",
    "data/constants/custom_obj_0": "code_in_archive",
    "data/constants/opaque_obj_0": "code_in_archive",
    "models/other.json": "several_models",
    "data.pkl": "not_an_export",
    "code/__torch__.py": "not_an_export",
    "serialized_state_dict.pt": "legacy_archive",
    "extra/notes.txt": "unexpected_member",
    "../../../etc/passwd": "unexpected_member",
    "data/weights/weight_77": "unexpected_member",
    "data/weights/weight_0.pt": "unexpected_member",
    "data/weights/": "unexpected_member",
    "data/weights/weight_٠": "unexpected_member",
    "data/weights/weight_0\n": "unexpected_member",
}


@pytest.mark.parametrize("name", MEMBERS)
def test_member_that_an_export_lacks_is_refused_by_name(name: str, tmp_path: Path) -> None:
    error = refused(tmp_path, honest().with_member(name, pickled(tmp_path / "marker")))
    assert error.code == MEMBERS[name]


@pytest.mark.parametrize("name", sorted(set(honest().members) - {"data/sample_inputs/model.pt"}))
def test_missing_member_is_refused_where_it_is_needed(name: str, tmp_path: Path) -> None:
    archive = honest().without(name)
    path = tmp_path / "model.pt2"
    if name.startswith(".data/"):
        path.write_bytes(archive.to_bytes())
        read_artifact(path, Caps())
    else:
        assert refused(tmp_path, archive).code == "missing_member"


def test_second_folder_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO(honest().to_bytes())
    with zipfile.ZipFile(buffer, "a") as file:
        file.writestr("other/models/model.json", b"{}")
    assert refused(tmp_path, buffer.getvalue()).code == "several_models"


def test_folder_of_any_name_is_accepted(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in honest().members.items():
            file.writestr(f"내 모델 (2)/{name}", content)
    path = tmp_path / "model.pt2"
    path.write_bytes(buffer.getvalue())
    assert read_artifact(path, Caps()).input == "x"


def test_big_endian_archive_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, honest().with_member("byteorder", b"big")).code == "unsupported_format"


def test_many_members_are_refused(tmp_path: Path) -> None:
    many = Archive({f"data/weights/weight_{number}": b"" for number in range(20_000)})
    assert refused(tmp_path, many).code == "archive_malformed"


def test_state_dict_is_refused_with_advice(tmp_path: Path) -> None:
    torch.save(nn.Linear(1, 1).state_dict(), tmp_path / "saved.pt")
    error = refused(tmp_path, (tmp_path / "saved.pt").read_bytes())
    assert error.code == "not_an_export"
    assert "torch.export.save" in error.advice.ko
