"""What a resident grader and whoever asks it must agree on: then it grades just as the asker would."""

import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

import grader
from grader.settings import Settings

PROTOCOL = 1
_VARIABLES = ("GRADER_", "DOCKER_", "CUDA_", "XDG_CACHE_HOME")
"""Beginnings of the names of variables that a grading depends on; the last says which data packs are at hand."""
_COMPILED = "__pycache__"

Word = Annotated[str, StringConstraints(max_length=4_096)]


class Conditions(BaseModel):
    """Everything but the submission that a report depends on."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    protocol: int = PROTOCOL
    """Of the conversation."""
    package: Word
    """Folder of the grader's code."""
    code: Word
    """Fingerprint of that code, the interpreter and the packages installed for it."""
    course: Word
    """Folder of the course."""
    sandbox: Word
    """As chosen, `auto` included."""
    image: Word
    docker_runtime: Word | None
    cache_dir: Word | None
    attempts: int
    environment: Word
    """Hash of the variables that a grading depends on, but for those that stand in the other fields."""

    def differing(self, other: "Conditions") -> tuple[str, ...]:
        """Names of the fields that differ."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) != getattr(other, name))


def conditions_of(course: Path, sandbox: str, settings: Settings, environment: Mapping[str, str]) -> Conditions:
    """The conditions of this process.

    Args:
        course: folder of the course.
        sandbox: as chosen.
        environment: variables of this process.
    """
    return Conditions(
        package=str(_package()),
        code=code_fingerprint(),
        course=str(course.resolve()),
        sandbox=sandbox,
        image=settings.image,
        docker_runtime=settings.docker_runtime,
        cache_dir=None if settings.cache_dir is None else str(settings.cache_dir.resolve()),
        attempts=settings.attempts,
        environment=_environment(environment),
    )


def code_fingerprint() -> str:
    """Hash that changes when the grader is edited or upgraded, or a package is installed; takes a few milliseconds.

    Of sizes and times, not of contents: whoever starts a process now gets the files as they are now.
    """
    digest = hashlib.sha256(f"{grader.__version__}\0{sys.executable}\0{sys.version}".encode())
    for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        installed = Path(folder)
        digest.update(f"\0{folder}\0{installed.stat().st_mtime_ns if installed.is_dir() else 0}".encode())
    for path, facts in sorted(_files(str(_package()))):
        digest.update(f"\0{path}\0{facts.st_size}\0{facts.st_mtime_ns}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _package() -> Path:
    return Path(grader.__file__).parent


def _files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name != _COMPILED:
                    yield from _files(entry.path)
            else:
                yield entry.path, entry.stat()


def _environment(environment: Mapping[str, str]) -> str:
    told = {f"GRADER_{name}".upper() for name in Settings.model_fields}
    counted = sorted(
        f"{name}={value}" for name, value in environment.items() if name.startswith(_VARIABLES) and name not in told
    )
    return hashlib.sha256("\0".join(counted).encode("utf-8", "surrogateescape")).hexdigest()
