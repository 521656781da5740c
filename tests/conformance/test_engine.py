"""An engine that is killed, restarted or out of disk: tried on one of this file's own, beside the machine's."""

import contextlib
import gc
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import docker.errors
import psutil
import pytest

from grader.errors import DiskFull, RunInterrupted, SandboxUnavailable
from grader.sandbox.base import LABEL
from grader.sandbox.docker import DockerSandbox
from tests.conformance.running import Runner, becomes_true, finish, read_line
from tests.conftest import ROOT, need, sandbox_state

IMAGE = "engine-test:latest"
WAITING = "import time; print('up', flush=True); time.sleep(600)"
LOCAL_BASE = "deep-grader-base:bookworm"


class Engine:
    """A Docker engine with a folder and a socket of its own, and no network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"unix://{folder}/engine.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it; returns when it answers."""
        for stale in ("engine.pid", "engine.sock"):
            (self.folder / stale).unlink(missing_ok=True)
        options = {
            "--data-root": self.folder / "data",
            "--exec-root": self.folder / "exec",
            "--pidfile": self.folder / "engine.pid",
            "--host": self.address,
            "--bridge": "none",
            "--iptables": "false",
            "--ip-forward": "false",
            "--storage-driver": "overlay2",
        }
        log = (self.folder / "engine.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                ["dockerd", *(f"{name}={value}" for name, value in options.items())], stdout=log, stderr=log
            )
        assert becomes_true(self._answers, within_s=60), (self.folder / "engine.log").read_text()[-2000:]

    def kill(self) -> None:
        """Ends it at once with its containerd, as a service manager does after a crash; its containers go on."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        pid_file = self.folder / "exec" / "containerd" / "containerd.pid"
        with contextlib.suppress(OSError):
            os.kill(int(pid_file.read_text()), signal.SIGKILL)
        pid_file.unlink(missing_ok=True)

    def stop(self) -> None:
        """Ends it in good order, with all containers."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(60)

    def clear(self) -> None:
        """Ends what a failed test left of its containers, and unmounts their file systems."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if any(str(self.folder) in word for word in process.cmdline()):
                    process.kill()
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in reversed([mount for mount in mounts if Path(mount).is_relative_to(self.folder)]):
            subprocess.run(["umount", "--lazy", mount], check=False)

    def client(self) -> docker.DockerClient:
        """A connection of the test's own."""
        return docker.DockerClient(base_url=self.address)

    def containers(self) -> list[str]:
        """All that a grader started."""
        with contextlib.closing(self.client()) as client:
            return [str(one.id) for one in client.containers.list(all=True, filters={"label": LABEL})]

    def _answers(self) -> bool:
        # The client library forgets a socket that it can't connect.
        with socket.socket(socket.AF_UNIX) as door:
            if door.connect_ex(str(self.folder / "engine.sock")) != 0:
                return False
        with contextlib.suppress(docker.errors.DockerException), contextlib.closing(self.client()) as client:
            return bool(client.ping())
        return False


def need_engine() -> None:
    ok, reason = sandbox_state("docker")
    need("docker", ok=ok, reason=reason)
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        need("docker", ok=False, reason="starting an engine needs root and dockerd")


@pytest.fixture(autouse=True)
def forgotten_sockets() -> Iterator[None]:
    """Those are closed here, where their warnings are expected, and not in the middle of a later test."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def root_file_system() -> Iterator[Path]:
    """The files of the base image, with the name `python` in them, as an archive."""
    need_engine()
    wanted = re.search(r"^ARG BASE_IMAGE=(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert wanted
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(docker.from_env()) as client:
        tags = {tag for image in client.images.list() for tag in image.tags}
        base = next(tag for tag in (wanted[1], LOCAL_BASE) if tag in tags)
        container = client.api.create_container(base, ["true"])["Id"]
        archive = Path(folder) / "root.tar"
        try:
            with archive.open("wb") as file:
                for piece in client.api.export(container):
                    file.write(piece)
        finally:
            client.api.remove_container(container)
        with tarfile.open(archive, "a") as tar:
            names = tar.getnames()
            if "usr/local/bin/python" not in names and "usr/bin/python" not in names:
                link = tarfile.TarInfo("usr/bin/python")
                link.type, link.linkname = tarfile.SYMTYPE, "python3"
                tar.addfile(link, io.BytesIO())
        yield archive


@contextlib.contextmanager
def running(folder: Path, archive: Path) -> Iterator[Engine]:
    engine = Engine(folder)
    engine.start()
    try:
        with contextlib.closing(engine.client()) as client:
            client.api.import_image_from_file(str(archive), repository=IMAGE.partition(":")[0], tag="latest")
        yield engine
    finally:
        with contextlib.suppress(docker.errors.DockerException), contextlib.closing(engine.client()) as client:
            for container in client.containers.list(all=True):
                container.remove(force=True)
        engine.stop()
        engine.clear()


@pytest.fixture
def engine(
    root_file_system: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """An engine that the grader takes for the machine's."""
    with tempfile.TemporaryDirectory(prefix="engine-") as folder, running(Path(folder), root_file_system) as engine:
        monkeypatch.setenv("DOCKER_HOST", engine.address)
        yield engine


pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(300),
    # The client library forgets a socket that it can't connect, and leaves it to Python to close it.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_engine_killed_in_the_middle_of_a_run_interrupts_it_and_is_used_again_once_it_is_back(engine: Engine) -> None:
    with DockerSandbox(IMAGE) as sandbox:
        runner = Runner(sandbox)
        with runner.start(WAITING) as process:
            read_line(process)
            engine.kill()
            with pytest.raises(RunInterrupted):
                finish(process)
        assert not sandbox.availability().ok
        with pytest.raises(RunInterrupted):
            runner.start("pass")
        engine.start()
        assert sandbox.availability().ok
        assert runner.run("print('again')").stdout == "again\n"
        assert engine.containers() == []


def test_engine_restarted_in_the_middle_of_a_run_interrupts_it(engine: Engine) -> None:
    with DockerSandbox(IMAGE) as sandbox:
        runner = Runner(sandbox)
        with runner.start(WAITING) as process:
            read_line(process)
            engine.stop()
            engine.start()
            with pytest.raises(RunInterrupted):
                finish(process)
        assert runner.run("print('again')").stdout == "again\n"
        assert engine.containers() == []


def test_engine_that_never_came_up_is_unavailable_and_not_waited_for(engine: Engine) -> None:
    engine.stop()
    with DockerSandbox(IMAGE) as sandbox, pytest.raises(SandboxUnavailable):
        Runner(sandbox).start("pass")


def test_engine_without_room_on_its_disk_is_a_full_disk(
    root_file_system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="engine-") as name:
        disk = Path(name) / "data"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500m", "none", str(disk)], check=True)
        with running(Path(name), root_file_system) as engine:
            monkeypatch.setenv("DOCKER_HOST", engine.address)
            with contextlib.suppress(OSError), (disk / "filled").open("wb") as filled:
                while True:
                    filled.write(bytes(2**20))
            with DockerSandbox(IMAGE) as sandbox, pytest.raises(DiskFull):
                Runner(sandbox).start("pass")
            (disk / "filled").unlink()
