"""The sandboxes, and the choice between them. Importing this loads no engine's client."""

from typing import Literal

from grader.errors import SandboxUnavailable
from grader.sandbox.base import Sandbox
from grader.text import Text

SandboxName = Literal["auto", "docker", "bubblewrap", "none"]

__all__ = ["SandboxName", "open_sandbox"]


def open_sandbox(name: SandboxName, *, image: str, docker_runtime: str | None = None) -> Sandbox:
    """The sandbox of that name, or for `auto` the first that can start runs here: docker, else bubblewrap.

    Never chooses `none` by itself: it holds nothing back.

    Args:
        name: which backend.
        image: tag of the image that the docker backend runs.
        docker_runtime: name of another runtime the engine knows, such as `runsc`; None for its default.

    Raises:
        SandboxUnavailable: `auto` found none, with the reasons of each.
    """
    if name == "docker":
        return _docker(image, docker_runtime)
    if name == "bubblewrap":
        return _bubblewrap()
    if name == "none":
        return _none()
    reasons = []
    for sandbox in (_docker(image, docker_runtime), _bubblewrap()):
        found = sandbox.availability()
        if found.ok:
            return sandbox
        reasons.append(found)
    raise SandboxUnavailable(
        Text(
            en="No sandbox can be started here. " + " ".join(f"{one.detail.en}" for one in reasons),
            ko="여기서 시작할 수 있는 샌드박스가 없습니다. " + " ".join(f"{one.detail.ko}" for one in reasons),
        ),
        Text(
            en=" Or: ".join(one.advice.en for one in reasons if one.advice),
            ko=" 또는: ".join(one.advice.ko for one in reasons if one.advice),
        ),
    )


# Imports inside functions: each backend needs packages that `grade --help` must not load.
def _docker(image: str, runtime: str | None) -> Sandbox:
    from grader.sandbox.docker import DockerSandbox

    return DockerSandbox(image, runtime=runtime)


def _bubblewrap() -> Sandbox:
    from grader.sandbox.bubblewrap import BubblewrapSandbox

    return BubblewrapSandbox()


def _none() -> Sandbox:
    from grader.sandbox.none import NoSandbox

    return NoSandbox()
