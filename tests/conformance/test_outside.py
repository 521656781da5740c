"""A machine fault is never a student's failure."""

import contextlib
import signal
from pathlib import Path

import docker
import psutil
import pytest

from grader.errors import ImageMissing, InfrastructureError, SandboxUnavailable
from grader.sandbox import open_sandbox
from grader.sandbox.base import LABEL, Mount, Promise, Sandbox
from grader.sandbox.bubblewrap import BubblewrapSandbox
from grader.sandbox.docker import DockerSandbox
from tests.conformance.conftest import opened
from tests.conformance.running import Runner, finish, read_line
from tests.conftest import need

WAITING = "import time; print('up', flush=True); time.sleep(600)"


@pytest.fixture
def docker_runner() -> Runner:
    sandbox, reason = opened("docker")
    need("docker", ok=reason is None, reason=reason or "")
    return Runner(sandbox)


@pytest.fixture
def bubblewrap_runner() -> Runner:
    sandbox, reason = opened("bubblewrap")
    need("bubblewrap", ok=reason is None, reason=reason or "")
    return Runner(sandbox)


@pytest.mark.docker
@pytest.mark.parametrize("verb", ["kill", "stop", "remove"])
def test_container_ended_by_others_is_infrastructure(docker_runner: Runner, verb: str) -> None:
    request = docker_runner.request(WAITING)
    with docker_runner.sandbox.start(request) as process:
        read_line(process)
        with contextlib.closing(docker.from_env()) as client:
            found = client.containers.list(filters={"label": f"{LABEL}={request.run_id}"})[0]
            if verb == "kill":
                found.kill()
            elif verb == "stop":
                found.stop(timeout=0)
            else:
                found.remove(force=True)
        with pytest.raises(InfrastructureError):
            finish(process)


@pytest.mark.bubblewrap
def test_bubblewrap_killed_by_others_is_infrastructure(bubblewrap_runner: Runner) -> None:
    before = {child.pid for child in psutil.Process().children()}
    with bubblewrap_runner.start(WAITING) as process:
        read_line(process)
        (monitor,) = [child for child in psutil.Process().children() if child.pid not in before]
        monitor.send_signal(signal.SIGKILL)
        with pytest.raises(InfrastructureError):
            finish(process)


@pytest.mark.bubblewrap
def test_tracing_is_refused_by_bubblewraps_filter(bubblewrap_runner: Runner) -> None:
    code = "import ctypes, os; print(ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0))"
    assert bubblewrap_runner.run(code).stdout == "-1\n"


@pytest.mark.bubblewrap
@pytest.mark.parametrize("family", [16, 17, 38, 40])
def test_foreign_socket_family_is_refused_by_bubblewraps_filter(bubblewrap_runner: Runner, family: int) -> None:
    code = f"import socket\ntry: socket.socket({family}, 3); print('made')\nexcept OSError as e: print(e.errno)"
    assert bubblewrap_runner.run(code).stdout == "97\n"


@pytest.mark.docker
def test_image_that_is_not_there_says_what_to_type(docker_runner: Runner) -> None:
    sandbox = DockerSandbox("deep-grader-no-such-image:none")
    found = sandbox.availability()
    assert not found.ok
    assert found.advice is not None
    assert "grade image build" in found.advice.en
    with pytest.raises(ImageMissing):
        sandbox.start(docker_runner.request("pass"))


def test_engine_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    sandbox = DockerSandbox("any")
    assert not sandbox.availability().ok
    with pytest.raises(SandboxUnavailable):
        sandbox.sweep()


@pytest.mark.bubblewrap
def test_auto_without_engine_is_bubblewrap(
    bubblewrap_runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    assert open_sandbox("auto", image="any").name == bubblewrap_runner.sandbox.name


@pytest.mark.parametrize("name", ["docker", "bubblewrap"])
def test_gpu_that_is_not_there_is_named(name: str) -> None:
    sandbox, reason = opened(name)
    need(name, ok=reason is None, reason=reason or "")
    if Path("/dev/nvidia0").exists():
        pytest.skip("this machine has a GPU")
    found = sandbox.availability(gpu=0)
    assert not found.ok
    assert "GPU" in found.detail.en
    assert found.advice is not None
    assert "--gpu none" in found.advice.en


@pytest.mark.promise(Promise.READ_ONLY_MOUNTS)
def test_mount_that_is_not_there_is_named(backend: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="missing"):
        Runner(backend).start("pass", mounts=(Mount("data", tmp_path / "missing"),))


def test_bubblewrap_that_fails_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    found = BubblewrapSandbox(binary=broken).availability()
    assert not found.ok
    assert "No permissions" in found.detail.en
    assert found.advice is not None
