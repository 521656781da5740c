"""What a program must see of the host to use an NVIDIA GPU: device files, the driver's libraries, a part of /sys.

An engine with NVIDIA's toolkit sees to all this; bubblewrap is told here. The driver's own libraries lie outside the
interpreter's packages: they belong to the kernel module's version. Without /sys CUDA fails to initialise with
error 304 (cudaErrorOperatingSystem).
"""

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.errors import GpuUnavailable
from grader.text import Text

_CONTROL = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia-caps")
_OTHER_DRIVERS = ("dxg", "nvhost-gpu", "nvmap")
"""WSL's and Jetson's."""
_LIBRARY = re.compile(r"^(libcuda|libcudadebugger|libnvidia-[a-z0-9-]+|libnvcuvid|libnvoptix)\.so(\.|$)")
_CACHED = re.compile(r"^\s*(?P<name>\S+) \([^)]*\) => (?P<path>/\S.*)$")
_CUDA = "libcuda.so.1"
ADVICE = Text(
    en="`nvidia-smi -L` lists the GPUs of this machine: choose one with --gpu INDEX, or train on the CPU: --gpu none",
    ko="`nvidia-smi -L`로 이 컴퓨터의 GPU를 확인해 --gpu 번호로 고르거나, CPU로 학습하세요: --gpu none",
)


@dataclass(frozen=True, slots=True)
class DriverView:
    """What to show.

    Attributes:
        devices: device files and folders of them, writable.
        files: files and folders, read-only; only such as exist.
        environment: variables that the dynamic loader needs.
    """

    devices: tuple[Path, ...]
    files: tuple[Path, ...]
    environment: dict[str, str]


def no_such_gpu(gpu: int | str, *, there: int | None) -> GpuUnavailable:
    """The error for a GPU that this machine does not have.

    Args:
        there: how many it has; None where that is unknown.
    """
    if not there:
        return GpuUnavailable(
            Text(
                en=f"There is no GPU {gpu}: no NVIDIA driver answers on this machine.",
                ko=f"GPU {gpu}번이 없습니다. 이 컴퓨터에서 NVIDIA 드라이버가 응답하지 않습니다.",
            ),
            Text(
                en="Install the driver until `nvidia-smi` shows the GPU, or train on the CPU: --gpu none",
                ko="`nvidia-smi`에 GPU가 나올 때까지 드라이버를 설치하거나, CPU로 학습하세요: --gpu none",
            ),
        )
    return GpuUnavailable(
        Text(
            en=f"There is no GPU {gpu}: this machine has {there}, counted from 0.",
            ko=f"GPU {gpu}번이 없습니다. 이 컴퓨터의 GPU는 {there}개이고 번호는 0부터 시작합니다.",
        ),
        ADVICE,
    )


def require_gpu(gpu: int, *, devices: Path = Path("/dev")) -> int:
    """The number of the device file of a GPU.

    Raises:
        GpuUnavailable: this machine has no such GPU.
    """
    from grader.sandbox.nvml import list_gpus  # loads the driver's library, for which only runs on a GPU have use

    known = list_gpus()
    if known is None:
        # Where only NVML is missing, torch may still find what it needs.
        if not any((devices / name).exists() for name in (f"nvidia{gpu}", *_OTHER_DRIVERS)):
            raise no_such_gpu(gpu, there=None)
        return gpu
    if gpu >= len(known):
        raise no_such_gpu(gpu, there=len(known))
    return known[gpu].minor


def driver_view(gpu: int) -> DriverView:
    """All that a program needs for this GPU, on this machine.

    Raises:
        GpuUnavailable: no such GPU, no device file, or no driver library.
    """
    minor = require_gpu(gpu)
    libraries, environment = find_libraries(_loader_cache(), os.environ)
    return DriverView(
        devices=device_files(Path("/dev"), minor),
        files=(*libraries, *system_files(Path("/sys"))),
        environment=environment,
    )


def device_files(folder: Path, minor: int) -> tuple[Path, ...]:
    """The device file of one GPU, and those of the driver itself; of other GPUs none.

    Raises:
        GpuUnavailable: the GPU has none.
    """
    card = folder / f"nvidia{minor}"
    if not card.exists():
        raise GpuUnavailable(
            Text(
                en=f"The GPU has no device file: {card} does not exist.",
                ko=f"GPU의 장치 파일 {card}이(가) 없습니다.",
            ),
            Text(
                en="`sudo nvidia-modprobe -u -c 0` makes the device files; or train on the CPU: --gpu none",
                ko="`sudo nvidia-modprobe -u -c 0`으로 장치 파일을 만들거나, CPU로 학습하세요: --gpu none",
            ),
        )
    return (card, *(folder / name for name in _CONTROL if (folder / name).exists()))


def find_libraries(cache: str, environment: Mapping[str, str]) -> tuple[tuple[Path, ...], dict[str, str]]:
    """The driver's libraries under every name by which the loader finds them, and what it must be told for that.

    Args:
        cache: what `ldconfig -p` prints.
        environment: the grader's own; its LD_LIBRARY_PATH counts where the cache knows no driver.

    Raises:
        GpuUnavailable: there is no libcuda.so.1.
    """
    cached = [found for line in cache.splitlines() if (found := _CACHED.match(line)) and _LIBRARY.match(found["name"])]
    named = [Path(found["path"]) for found in cached]
    if any(found["name"] == _CUDA for found in cached):
        return _with_targets(named), {}
    for folder in map(Path, filter(None, environment.get("LD_LIBRARY_PATH", "").split(":"))):
        if (folder / _CUDA).exists():
            found_here = sorted(path for path in folder.iterdir() if _LIBRARY.match(path.name))
            return _with_targets([*named, *found_here]), {"LD_LIBRARY_PATH": str(folder)}
    raise GpuUnavailable(
        Text(
            en=f"The driver's library {_CUDA} was not found.",
            ko=f"드라이버 라이브러리 {_CUDA}을(를) 찾을 수 없습니다.",
        ),
        Text(
            en="Install the NVIDIA driver, then run `sudo ldconfig`; or train on the CPU: --gpu none",
            ko="NVIDIA 드라이버를 설치한 뒤 `sudo ldconfig`를 실행하거나, CPU로 학습하세요: --gpu none",
        ),
    )


def system_files(folder: Path, *, resolve: Callable[[Path], Path] = Path.resolve) -> tuple[Path, ...]:
    """What CUDA reads of /sys when it starts: the driver's modules, the PCI bus, processors and memory nodes.

    Not all of it: /sys also names the host's network cards, disks and control groups.

    Args:
        resolve: follows the links of the PCI bus to the devices' own folders.
    """
    places = [*sorted((folder / "module").glob("nvidia*")), folder / "bus/pci", folder / "devices/system"]
    for card in sorted((folder / "bus/pci/drivers/nvidia").glob("*:*")):
        # devices/pci0000:00 holds the card below the bridges that lead to it.
        with contextlib.suppress(ValueError):
            places.append(folder / "devices" / resolve(card).relative_to(folder / "devices").parts[0])
    return tuple(dict.fromkeys(place for place in places if place.exists()))


def _with_targets(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Each path and the file that it leads to, which may lie elsewhere."""
    every = [one for path in paths if path.exists() for one in (path, path.resolve())]
    return tuple(dict.fromkeys(every))


def _loader_cache() -> str:
    """What the dynamic loader knows; nothing where the system has no such list."""
    for program in ("/sbin/ldconfig", "/usr/sbin/ldconfig"):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            told = subprocess.run([program, "-p"], capture_output=True, text=True, check=True, timeout=10)
            return told.stdout
    return ""
