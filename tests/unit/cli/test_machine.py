"""`grade data`, `image` and `doctor`."""

from pathlib import Path
from typing import Any

import pytest
import torch
from rich.cells import cell_len

import grader.data
import grader.image
import grader.sandbox
import grader.sandbox.nvml
from grader.errors import DataUnavailable
from grader.sandbox.base import Availability
from grader.sandbox.nvml import Gpu
from grader.text import Text, same
from tests.unit.cli.conftest import Grade

GIB = 2**30


class Box:
    """A sandbox that only answers questions."""

    def __init__(self, *, ok: bool, gpu: bool) -> None:
        self.ok = ok
        self.gpu = gpu

    def availability(self, *, gpu: int | None = None) -> Availability:
        if gpu is not None and not self.gpu:
            return Availability(False, Text("can't hand over", "연결하지 못합니다"), same("install-toolkit"))
        if self.ok:
            return Availability(True, same("version 1"))
        return Availability(False, Text("no engine answers", "엔진이 응답하지 않습니다"), same("start-engine"))

    def sweep(self) -> list[str]:
        return ["left-over-1"] if self.ok else []


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, bool]:
    """Which sandboxes and packs there are; change it before the command."""
    there = {
        "docker": True,
        "bubblewrap": True,
        "none": False,
        "mnist": True,
        "docker gpu": True,
        "bubblewrap gpu": True,
    }

    def open_sandbox(name: str, **more: Any) -> Box:
        return Box(ok=there[name], gpu=there.get(f"{name} gpu", False))

    def load(pack_id: str, **more: Any) -> grader.data.DataPack:
        if not there.get(pack_id, True):
            raise DataUnavailable(Text("not here", "없습니다"), same("grade data fetch mnist"))
        return grader.data.DataPack(id=pack_id, version=1, root=tmp_path, files=())

    monkeypatch.setattr(grader.sandbox, "open_sandbox", open_sandbox)
    monkeypatch.setattr(grader.data, "load", load)
    return there


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> list[Gpu]:
    """The machine's GPUs, which torch can use; change them before the command."""
    there: list[Gpu] = []
    monkeypatch.setattr(grader.sandbox.nvml, "list_gpus", lambda: tuple(there))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(there))
    return there


@pytest.mark.parametrize(("language", "free"), [("en", "15.5 GiB free"), ("ko", "15.5 GiB 사용 가능")])
def test_doctor_lists_gpus_with_memory_and_who_hands_them_over(
    grade: Grade, machine: dict[str, bool], gpus: list[Gpu], language: str, free: str
) -> None:
    gpus += [Gpu(0, 0, "Card A", 16 * GIB, 31 * GIB // 2), Gpu(1, 1, "Card B", 24 * GIB, 24 * GIB)]
    machine["docker gpu"] = False
    answer = grade("doctor", "--lang", language)
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert any("GPU 0" in line and "Card A" in line and "16.0 GiB" in line and free in line for line in lines)
    assert any("GPU 1" in line and "Card B" in line for line in lines)
    assert "→ install-toolkit" in answer.out
    (in_bubblewrap,) = [line for line in lines if "bubblewrap" in line and "GPU" in line]
    assert "✓" in in_bubblewrap
    (in_docker,) = [line for line in lines if "docker" in line and "GPU" in line]
    assert "–" in in_docker
    assert all(cell_len(line) <= 80 for line in lines)


def test_doctor_without_gpu_speaks_of_the_cpu_and_asks_no_sandbox_for_one(
    grade: Grade, machine: dict[str, bool], gpus: list[Gpu]
) -> None:
    machine["docker gpu"] = machine["bubblewrap gpu"] = False
    answer = grade("doctor")
    assert answer.code == 0
    assert "runs on the CPU" in answer.out
    assert "install-toolkit" not in answer.out


def test_doctor_says_what_a_gpu_that_torch_cannot_use_lacks(
    grade: Grade, machine: dict[str, bool], gpus: list[Gpu], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus.append(Gpu(0, 0, "Card A", 16 * GIB, 16 * GIB))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "update the driver" in grade("doctor").out


@pytest.mark.parametrize("language", ["en", "ko"])
def test_doctor_of_a_complete_machine_is_content(grade: Grade, machine: dict[str, bool], language: str) -> None:
    answer = grade("doctor", "--lang", language)
    assert answer.code == 0
    assert "✗" not in answer.out
    assert "mnist" in answer.out
    assert all(cell_len(line) <= 80 for line in answer.out.splitlines())


def test_doctor_needs_one_sandbox_only(grade: Grade, machine: dict[str, bool]) -> None:
    machine["docker"] = False
    answer = grade("doctor")
    assert answer.code == 0
    assert "→ start-engine" in answer.out


def test_doctor_without_any_sandbox_exits_3(grade: Grade, machine: dict[str, bool]) -> None:
    machine["docker"] = machine["bubblewrap"] = False
    answer = grade("doctor")
    assert answer.code == 3
    assert answer.out.count("✗") == 2


def test_doctor_says_what_to_type_for_a_missing_pack(grade: Grade, machine: dict[str, bool]) -> None:
    machine["mnist"] = False
    answer = grade("doctor", "--lang", "ko")
    assert answer.code == 3
    assert "→ grade data fetch mnist" in answer.out


def test_doctor_clean_names_what_it_removed(grade: Grade, machine: dict[str, bool]) -> None:
    answer = grade("doctor", "--clean")
    assert answer.out.split() == ["left-over-1", "left-over-1"]
    assert "Removed 2" in answer.err


def test_doctor_clean_of_a_clean_machine(grade: Grade, machine: dict[str, bool]) -> None:
    machine["docker"] = machine["bubblewrap"] = False
    assert "정리할 항목이 없습니다" in grade("doctor", "--clean", "--lang", "ko").err


def test_data_list_tells_what_is_here(grade: Grade, machine: dict[str, bool]) -> None:
    assert "ready" in grade("data", "list").out
    machine["mnist"] = False
    assert "grade data fetch mnist" in grade("data", "list").out


def test_data_fetch_without_a_name_fetches_every_pack(
    grade: Grade, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[str, str | None]] = []

    def fetch(pack_id: str, *, cache_dir: Path | None, progress: Any, source: str | None) -> grader.data.DataPack:
        progress("train/images.npy", 10, 100)
        asked.append((pack_id, source))
        return grader.data.DataPack(id=pack_id, version=1, root=tmp_path, files=())

    monkeypatch.setattr(grader.data, "fetch", fetch)
    answer = grade("data", "fetch", "--source", "mirror")
    assert answer.code == 0
    assert asked == [(spec.id, "mirror") for spec in grader.data.list_packs()]
    assert "✓ mnist: ready in" in answer.out


def test_data_fetch_passes_over_a_pack_that_has_a_stand_in(
    grade: Grade, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fetch(pack_id: str, **more: Any) -> grader.data.DataPack:
        if pack_id == "cifar10":
            raise DataUnavailable(Text("no network", "네트워크 없음"), same("try again"))
        return grader.data.DataPack(id=pack_id, version=1, root=tmp_path, files=())

    monkeypatch.setattr(grader.data, "fetch", fetch)
    answer = grade("data", "fetch")
    assert answer.code == 0
    assert "– no network" in answer.out
    assert "✓ cifar10-standin" in answer.out
    assert grade("data", "fetch", "cifar10").code == 3


@pytest.mark.parametrize(
    ("missing", "code"), [(("cifar10",), 0), (("cifar10-standin",), 0), (("cifar10", "cifar10-standin"), 3)]
)
def test_doctor_needs_a_pack_or_its_stand_in(
    grade: Grade, machine: dict[str, bool], missing: tuple[str, ...], code: int
) -> None:
    machine.update(dict.fromkeys(missing, False))
    answer = grade("doctor")
    assert answer.code == code
    assert ("✗" in answer.out) == (code == 3)


def test_data_fetch_of_an_unknown_pack_exits_2(grade: Grade) -> None:
    assert grade("data", "fetch", "nothing").code == 2


@pytest.mark.parametrize(("built", "words"), [(True, "Built mine:1"), (False, "mine:1 is up to date")])
def test_image_build_passes_its_options_on(
    grade: Grade, monkeypatch: pytest.MonkeyPatch, built: bool, words: str
) -> None:
    asked: list[Any] = []

    def build_image(tag: str, *, base_image: Any, ca_bundle: Any, on_line: Any, force: bool) -> bool:
        on_line("Step 1 \x1b[31m")
        asked.append((tag, base_image, ca_bundle, force))
        return built

    monkeypatch.setattr(grader.image, "build_image", build_image)
    answer = grade("image", "build", "--tag", "mine:1", "--base-image", "debian:12", "--ca-bundle", "ca.crt")
    assert answer.code == 0
    assert words in answer.out
    assert "Step 1 \\x1b[31m" in answer.err
    assert asked == [("mine:1", "debian:12", Path("ca.crt"), False)]
