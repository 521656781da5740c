"""The GPU's memory is capped by a watch: here over real programs, with a made-up driver in the real one's place."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from grader.sandbox.base import Promise, Request, Sandbox
from grader.sandbox.gpu_driver import DriverView
from tests.conformance.conftest import opened
from tests.conformance.running import Runner, becomes_true, finish, read_line
from tests.conftest import need

GIB = 2**30
CAP_BYTES = 2 * GIB
pytestmark = [pytest.mark.promise(Promise.GPU_MEMORY_CAPPED), pytest.mark.own_starts]


@dataclass
class Driver:
    """Says that each process whose command line holds `marker` has so much of the GPU, and that others hold more."""

    marker: str
    bytes_each: int = 0
    failure: Exception | None = None
    asked: int = 0
    closed: int = 0

    def used_bytes(self, gpu: int) -> Mapping[int, int]:
        assert gpu == 1
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return {os.getpid(): 60 * GIB, **dict.fromkeys(self.holders(), self.bytes_each)}

    def holders(self) -> list[int]:
        """The machine's own answer, not the sandbox's."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                # The program itself: not the processes around it that name its whole command line.
                line = process.cmdline()
                if any(self.marker in part for part in line) and "python" in Path(process.exe()).name:
                    found.append(process.pid)
        return [pid for pid in found if pid != os.getpid()]

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def driver() -> Driver:
    return Driver(marker=f"gpu-{os.urandom(6).hex()}")


@pytest.fixture
def gpu_runner(backend: Sandbox, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """A backend that hands over a GPU without one being there."""
    monkeypatch.setattr("grader.sandbox.docker.device_requests", lambda gpu: [])
    monkeypatch.setattr("grader.sandbox.bubblewrap.driver_view", lambda gpu: DriverView((), (), {}))
    monkeypatch.setattr("grader.sandbox.none.require_gpu", lambda gpu: gpu)
    monkeypatch.setattr(backend, "_gpu_reader", lambda: driver)
    return Runner(backend)


@pytest.fixture
def request_of(gpu_runner: Runner, driver: Driver) -> Callable[[str], Request]:
    """A request for a program on GPU 1 that the driver knows."""

    def make(code: str) -> Request:
        request = gpu_runner.request(code, gpu_memory_bytes=CAP_BYTES)
        return replace(request, gpu=1, argv=(*request.argv, driver.marker))

    return make


WAITS = "import sys; print('up', flush=True); sys.stdin.read()"


def test_program_above_its_share_is_ended_and_told(
    gpu_runner: Runner, request_of: Callable[[str], Request], driver: Driver
) -> None:
    driver.bytes_each = 3 * GIB
    with gpu_runner.sandbox.start(request_of(WAITS)) as process:
        ended = finish(process).exit
    assert ended.out_of_gpu_memory
    assert (ended.signal, ended.out_of_memory, ended.out_of_processes) == (signal.SIGKILL, False, False)
    assert ended.usage.gpu_memory_peak_bytes == 3 * GIB


def test_share_holds_over_all_processes_together(
    gpu_runner: Runner, request_of: Callable[[str], Request], driver: Driver
) -> None:
    driver.bytes_each = CAP_BYTES * 3 // 4
    code = """
        import os, sys
        if sys.stdin.read(): pass
        if os.fork() == 0:
            import time; time.sleep(600)
        os.wait()
    """
    with gpu_runner.sandbox.start(request_of(code)) as process:
        assert becomes_true(lambda: process.usage().gpu_memory_peak_bytes == driver.bytes_each)
        assert process.wait(0) is None, "one process alone is below"
        process.send(b"")
        ended = finish(process).exit
    assert ended.out_of_gpu_memory
    assert ended.usage.gpu_memory_peak_bytes == 2 * driver.bytes_each


def test_program_within_its_share_is_left_alone_whatever_others_hold(
    gpu_runner: Runner, request_of: Callable[[str], Request], driver: Driver
) -> None:
    driver.bytes_each = CAP_BYTES
    with gpu_runner.sandbox.start(request_of(WAITS)) as process:
        read_line(process)
        asked = driver.asked
        assert becomes_true(lambda: driver.asked >= asked + 3)
        process.send(b"")
        ended = finish(process).exit
    assert (ended.code, ended.out_of_gpu_memory) == (0, False)
    assert ended.usage.gpu_memory_peak_bytes == CAP_BYTES


def test_driver_that_fails_costs_the_figure_and_not_the_run(
    gpu_runner: Runner, request_of: Callable[[str], Request], driver: Driver
) -> None:
    driver.failure = RuntimeError("GPU is lost")
    with gpu_runner.sandbox.start(request_of(WAITS)) as process:
        read_line(process)
        assert becomes_true(lambda: driver.asked >= 3)
        process.send(b"")
        ended = finish(process).exit
    assert (ended.code, ended.out_of_gpu_memory, ended.usage.gpu_memory_peak_bytes) == (0, False, None)


def test_machine_without_driver_costs_the_figure_and_not_the_run(
    gpu_runner: Runner, request_of: Callable[[str], Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_readers = []

    def broken() -> Driver:
        opened_readers.append(1)
        raise OSError("libnvidia-ml.so.1 not found")

    monkeypatch.setattr(gpu_runner.sandbox, "_gpu_reader", broken)
    with gpu_runner.sandbox.start(request_of(WAITS)) as process:
        assert becomes_true(lambda: bool(opened_readers))
        process.send(b"")
        ended = finish(process).exit
    assert (ended.code, ended.usage.gpu_memory_peak_bytes) == (0, None)


def test_driver_is_let_go_with_the_run(
    gpu_runner: Runner, request_of: Callable[[str], Request], driver: Driver
) -> None:
    with gpu_runner.sandbox.start(request_of(WAITS)) as process:
        read_line(process)
    assert driver.closed == 1
    assert not [thread for thread in threading.enumerate() if thread.name == "sandbox-gpu"]


def test_run_without_gpu_asks_no_driver(gpu_runner: Runner, driver: Driver) -> None:
    assert gpu_runner.run("print('hi')").exit.usage.gpu_memory_peak_bytes is None
    assert (driver.asked, driver.closed) == (0, 0)


def device_that_no_sandbox_shows() -> Path:
    """A device of this machine beside those that every sandbox has."""
    usual = {"console", "full", "null", "ptmx", "random", "tty", "urandom", "zero"}
    return next(path for path in sorted(Path("/dev").iterdir()) if path.is_char_device() and path.name not in usual)


@pytest.mark.bubblewrap
@pytest.mark.parametrize("name", ["bubblewrap", "bubblewrap-watched"])
def test_bubblewrap_shows_the_driver_and_its_libraries_read_only(
    name: str, shared_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox, reason = opened(name)
    need("bubblewrap", ok=reason is None, reason=reason or "")
    library = shared_folder / "driver" / "libcuda.so.1"
    library.parent.mkdir()
    library.write_text("library")
    (library.parent / "other").write_text("not shown")
    processors = Path("/sys/devices/system/cpu")
    view = DriverView(
        devices=(device_that_no_sandbox_shows(),),
        files=(library, processors, Path("/usr/lib/os-release")),
        environment={"LD_LIBRARY_PATH": str(library.parent)},
    )
    monkeypatch.setattr("grader.sandbox.bubblewrap.driver_view", lambda gpu: view)
    code = f"""
        import os, stat
        print(os.environ["LD_LIBRARY_PATH"], open("{library}").read(), os.listdir("{library.parent}"))
        print(os.listdir("/sys"), os.listdir("/sys/devices/system"), bool(os.listdir("{processors}")))
        print(stat.S_ISCHR(os.stat("{view.devices[0]}").st_mode))
        for path in ("{library}", "{processors}/online", "/sys/new"):
            try: open(path, "a").write("x"); print("written")
            except OSError: print("refused")
        os.close(os.memfd_create("cuda"))
    """
    runner = Runner(sandbox)
    with sandbox.start(replace(runner.request(code), gpu=0)) as process:
        process.send(b"")
        outcome = finish(process)
    assert outcome.exit.code == 0, outcome.stderr
    assert outcome.lines == [
        f"{library.parent} library ['libcuda.so.1']",
        "['devices'] ['cpu'] True",
        "True",
        *["refused"] * 3,
    ]
