"""The connection to the engine, and its failures in the grader's own words: the one place where they are translated."""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import docker
import docker.errors
import requests.exceptions
import urllib3.exceptions

from grader.errors import (
    DiskFull,
    GpuUnavailable,
    ImageMissing,
    InfrastructureError,
    RunInterrupted,
    SandboxUnavailable,
)
from grader.text import Text

_START_ENGINE = Text(
    en="Start Docker Desktop, or `sudo systemctl start docker`; check that `docker info` works for you. "
    "Without Docker: --sandbox bubblewrap",
    ko="Docker Desktop을 켜거나 `sudo systemctl start docker`를 실행하고 `docker info`가 되는지 확인하세요. "
    "Docker 없이 채점하려면: --sandbox bubblewrap",
)

_NO_SUCH_GPU = re.compile(
    r"device error: (\w[\w:-]*): unknown device|unresolvable CDI devices nvidia\.com/gpu=([\w:-]+)"
)
"""What NVIDIA's container tools say of a GPU that is not there."""
_OTHER_GPU = Text(
    en="`nvidia-smi -L` lists the GPUs of the engine's machine: choose one with --gpu INDEX, or train on the CPU: "
    "--gpu none",
    ko="Docker가 실행되는 컴퓨터에서 `nvidia-smi -L`로 GPU를 확인해 --gpu 번호로 고르거나, CPU로 학습하세요: "
    "--gpu none",
)


def connect(timeout_s: int) -> docker.DockerClient:
    """A connection to the engine that the environment names (DOCKER_HOST), which has answered."""
    with translated("", connected=False):
        _knock(timeout_s)
        client = docker.from_env(timeout=timeout_s)
        try:
            client.ping()
        except BaseException:
            client.close()
            raise
        return client


def _knock(timeout_s: int) -> None:
    """Fails where nobody listens on the engine's Unix socket: the client library forgets a socket it can't connect.

    Raises:
        OSError: nobody listens.
    """
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(timeout_s)
            door.connect(host.removeprefix("unix://"))


@contextmanager
def translated(image: str, *, connected: bool = True) -> Iterator[None]:
    """Turns what the client library raises into the grader's errors, with the cause kept.

    Args:
        image: what was asked for, to be named if it is missing.
        connected: the engine has answered before, so that silence means that it went away.

    Raises:
        ImageMissing, GpuUnavailable, DiskFull, SandboxUnavailable, RunInterrupted: see `translate`.
    """
    try:
        yield
    except (
        docker.errors.DockerException,
        requests.exceptions.RequestException,
        urllib3.exceptions.HTTPError,
        OSError,
    ) as error:
        raise translate(error, image, connected=connected) from error


def translate(error: Exception, image: str, *, connected: bool) -> InfrastructureError:
    """The grader's error for one of the client library's."""
    if isinstance(error, docker.errors.ImageNotFound):
        return ImageMissing(
            Text(en=f"Docker has no image {image}.", ko=f"Docker에 {image} 이미지가 없습니다."),
            Text(en="Build it once: grade image build", ko="먼저 이미지를 한 번 만드세요: grade image build"),
        )
    if isinstance(error, docker.errors.NotFound):
        return ended_from_outside()
    if isinstance(error, docker.errors.APIError):
        return _refused(str(error.explanation or error), image)
    if _mentions_permission(error):
        return SandboxUnavailable(
            Text(en="Docker's socket may not be used by this user.", ko="이 사용자에게 Docker 소켓 권한이 없습니다."),
            Text(
                en="`sudo usermod -aG docker $USER`, then log in again. Without Docker: --sandbox bubblewrap",
                ko="`sudo usermod -aG docker $USER` 실행 후 다시 로그인하세요. "
                "Docker 없이 채점하려면: --sandbox bubblewrap",
            ),
        )
    if connected:
        return engine_gone()
    return SandboxUnavailable(
        Text(en="No Docker engine answers.", ko="Docker 엔진이 응답하지 않습니다."), _START_ENGINE
    )


def ended_from_outside() -> RunInterrupted:
    """Somebody else stopped the container."""
    return RunInterrupted(
        Text(en="The container was stopped from outside.", ko="컨테이너가 외부에서 중지되었습니다."),
        Text(en="Grade the submission again.", ko="제출물을 다시 채점하세요."),
    )


def no_such_runtime(runtime: str) -> SandboxUnavailable:
    """The engine has no runtime of the name that the settings ask for."""
    return SandboxUnavailable(
        Text(
            en=f"Docker does not know the runtime of GRADER_DOCKER_RUNTIME: {runtime}",
            ko=f"GRADER_DOCKER_RUNTIME에 지정한 런타임을 Docker가 모릅니다: {runtime}",
        ),
        Text(
            en="Name it under `runtimes` in /etc/docker/daemon.json and restart Docker; `docker info` lists those "
            "that it knows.",
            ko="/etc/docker/daemon.json의 `runtimes`에 등록하고 Docker를 다시 시작하세요. Docker가 아는 런타임은 "
            "`docker info`로 확인합니다.",
        ),
    )


def engine_gone() -> RunInterrupted:
    """The engine has answered before, and no longer does."""
    return RunInterrupted(
        Text(en="The Docker engine stopped during the grading.", ko="채점 도중 Docker 엔진이 멈췄습니다."),
        _START_ENGINE,
    )


def _refused(explanation: str, image: str) -> InfrastructureError:
    said = explanation.lower()
    if "no such image" in said:
        return translate(docker.errors.ImageNotFound(explanation), image, connected=True)
    missing = _NO_SUCH_GPU.search(explanation)
    if missing is not None:
        return GpuUnavailable(
            Text(
                en=f"There is no GPU {missing[1] or missing[2]} that Docker could hand over.",
                ko=f"Docker가 연결할 수 있는 GPU {missing[1] or missing[2]}번이 없습니다.",
            ),
            _OTHER_GPU,
        )
    if "runtime name" in said:
        return no_such_runtime(explanation)
    if "could not select device driver" in said or "nvidia" in said or "cdi device" in said:
        return GpuUnavailable(
            Text(
                en=f"Docker can't hand over the GPU: {explanation}",
                ko=f"Docker가 GPU를 컨테이너에 연결하지 못합니다: {explanation}",
            ),
            Text(
                en="Install the NVIDIA Container Toolkit, run `sudo nvidia-ctk runtime configure --runtime=docker`, "
                "restart Docker; or train on the CPU: --gpu none",
                ko="NVIDIA Container Toolkit을 설치하고 `sudo nvidia-ctk runtime configure --runtime=docker` 실행 후 "
                "Docker를 다시 시작하거나, CPU로 학습하세요: --gpu none",
            ),
        )
    if "no space left on device" in said:
        return DiskFull(
            Text(en="Docker's disk is full.", ko="Docker가 쓰는 디스크에 남은 공간이 없습니다."),
            Text(en="Free some space: docker system prune", ko="공간을 확보하세요: docker system prune"),
        )
    return SandboxUnavailable(
        Text(en=f"Docker refused the run: {explanation}", ko=f"Docker가 실행을 거부했습니다: {explanation}")
    )


def _mentions_permission(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, PermissionError) or "Permission denied" in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
