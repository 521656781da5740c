"""Building the image in which the docker sandbox runs student code."""

import hashlib
import io
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import docker
import docker.errors

from grader.errors import SandboxUnavailable, UsageError
from grader.sandbox.docker_engine import connect, translated
from grader.text import Text, same

DEFAULT_TAG = "deep-grader-sandbox:latest"
CONTENT_LABEL = "deep-grader.content"
"""Key under which an image carries the hash of what it was built from; `scripts/start_docker.sh` writes it too."""

_CONTEXT_FILES = ("Dockerfile", "requirements-sandbox.txt")
_BUILD_S = 3600
_ASK_S = 20


def build_image(
    tag: str, *, base_image: str | None, ca_bundle: Path | None, on_line: Callable[[str], None], force: bool = False
) -> bool:
    """Builds the image, unless one of that tag was built from the same files and base.

    Takes about two minutes and 6.4 GB (torch 2.15.0 with CUDA), nearly all of it packages.

    Args:
        tag: name to give it.
        base_image: image to build on, with Python 3.11 or an apt-get that has it; None for the Dockerfile's own.
        ca_bundle: certificates to trust while packages are fetched, where the network has its own; None for none.
        on_line: is told each line that the engine prints.
        force: build even if nothing has changed.

    Returns:
        Whether there was anything to build.

    Raises:
        UsageError: the bundle can't be read, or the grader was installed without its Dockerfile.
        SandboxUnavailable: no engine answers, or the build failed; with the engine's last line.
    """
    files = {name: _context_file(name) for name in _CONTEXT_FILES}
    base = base_image or default_base(files["Dockerfile"])
    content = content_hash(files, base)
    if ca_bundle is not None:
        files["ca-bundle.crt"] = _read_bundle(ca_bundle)
    with closing(connect(_BUILD_S)) as client, translated(tag):
        if not force and _content_of(client, tag) == content:
            on_line(f"{tag} is up to date")
            return False
        _build(client, files, tag=tag, base=base, content=content, on_line=on_line)
    return True


def built_from(tag: str) -> str | None:
    """Hash of what the image of that tag was built from; None where there is no such image or it says nothing.

    Raises:
        SandboxUnavailable: no engine answers.
    """
    with closing(connect(_ASK_S)) as client, translated(tag):
        return _content_of(client, tag)


def image_id(tag: str) -> str:
    """The engine's id of the image of that tag: another one once it has been built anew.

    Raises:
        ImageMissing: there is no such image.
        SandboxUnavailable: no engine answers.
    """
    with closing(connect(_ASK_S)) as client, translated(tag):
        return str(client.images.get(tag).id)


def default_base(dockerfile: bytes) -> str:
    """The base image that the Dockerfile names itself."""
    found = [line for line in dockerfile.decode().splitlines() if line.startswith("ARG BASE_IMAGE=")]
    return found[0].partition("=")[2]


def content_hash(files: dict[str, bytes], base_image: str) -> str:
    """What an image is made of, as a hash: same files and same base, same image."""
    told = b"".join(files[name] for name in _CONTEXT_FILES) + base_image.encode()
    return hashlib.sha256(told).hexdigest()


def _build(
    client: docker.DockerClient,
    files: dict[str, bytes],
    *,
    tag: str,
    base: str,
    content: str,
    on_line: Callable[[str], None],
) -> None:
    answers = client.api.build(
        fileobj=_archive(files),
        custom_context=True,
        tag=tag,
        buildargs={"BASE_IMAGE": base},
        labels={CONTENT_LABEL: content},
        rm=True,
        forcerm=True,
        decode=True,
    )
    for answer in answers:
        for line in str(answer.get("stream", "")).splitlines():
            if line.strip():
                on_line(line)
        if "error" in answer:
            raise SandboxUnavailable(
                Text(
                    en=f"The image could not be built: {answer['error']}",
                    ko=f"이미지를 만들지 못했습니다: {answer['error']}",
                ),
                Text(
                    en="If packages could not be fetched, check the network; behind a proxy with its own certificates "
                    "use --ca-bundle FILE. Without Docker: --sandbox bubblewrap",
                    ko="패키지를 받지 못했다면 네트워크를 확인하세요. 자체 인증서를 쓰는 프록시 환경에서는 "
                    "--ca-bundle FILE을 쓰세요. Docker 없이 채점하려면: --sandbox bubblewrap",
                ),
            )


def _content_of(client: docker.DockerClient, tag: str) -> str | None:
    """The hash that an existing image carries; None where there is no image or no hash."""
    try:
        labels: dict[str, str] = client.images.get(tag).labels
    except docker.errors.ImageNotFound:
        return None
    return labels.get(CONTENT_LABEL)


def _archive(files: dict[str, bytes]) -> io.BytesIO:
    """A build context: these files and no others, with the same bytes for the same content."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content))
    packed.seek(0)
    return packed


def _context_file(name: str) -> bytes:
    """A file beside the package in a checkout, or in the package where it was installed."""
    package = Path(__file__).parent
    for place in (package / "image_context" / name, package.parent / name):
        if place.is_file():
            return place.read_bytes()
    raise UsageError(
        Text(
            en=f"The grader was installed without its {name}.", ko=f"설치된 채점기에 {name} 파일이 들어 있지 않습니다."
        ),
        same("pip install --force-reinstall deep-grader"),
    )


def _read_bundle(bundle: Path) -> bytes:
    try:
        return bundle.read_bytes()
    except OSError as error:
        raise UsageError(
            Text(
                en=f"The certificates in {bundle} can't be read: {error.strerror}.",
                ko=f"인증서 파일 {bundle}을(를) 읽을 수 없습니다: {error.strerror}.",
            )
        ) from error
