"""Which of the host's folders a program needs to see to run under the grader's own interpreter, and no others."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.errors import SandboxUnavailable
from grader.text import Text

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives")
"""How the dynamic loader finds libraries, and where Debian's BLAS links lead."""


@dataclass(frozen=True, slots=True)
class HostView:
    """What to show read-only at its own path.

    Attributes:
        folders: files and folders.
        links: symbolic links to make, each with its target.
    """

    folders: tuple[Path, ...]
    links: tuple[tuple[str, Path], ...]

    def with_files(self, files: Iterable[Path]) -> "HostView":
        """This view and those of `files` that it does not show yet."""
        # By their own names in real folders: Debian's /lib is a link into /usr.
        named = (file.parent.resolve() / file.name for file in files)
        missing = tuple(file for file in named if not _is_shown(file, list(self.folders)))
        return HostView((*self.folders, *missing), self.links)


def interpreter_view() -> HostView:
    """The system's libraries, this interpreter and the packages installed for it.

    A virtual environment is often inside a checkout, and the interpreter behind it inside a home: each is shown alone,
    below folders that are otherwise empty.

    Raises:
        SandboxUnavailable: the interpreter's folder is a home or the root of the file system, so that showing it
            would show everything.
    """
    links = [(str(place.readlink()), place) for place in map(Path, _SYSTEM) if place.is_symlink()]
    folders = [place for place in map(Path, _SYSTEM) if place.is_dir() and not place.is_symlink()]
    folders += [place for place in map(Path, _SYSTEM_FILES) if place.exists()]
    for prefix in _prefixes():
        if prefix in (Path.home(), *Path.home().parents):
            raise _shows_too_much(prefix)
        if not _is_shown(prefix, folders):
            folders.append(prefix)
    links += [
        (str(link.readlink()), link)
        for link in _executable_links()
        if link.is_symlink() and not _is_shown(link, folders)
    ]
    return HostView(tuple(folders), tuple(links))


def _prefixes() -> list[Path]:
    """Where interpreter and packages are, under every name by which a link leads there; outer folders first."""
    named = {Path(one) for one in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)}
    real = {prefix.resolve() for prefix in named}
    # .venv/bin/python may lead to the interpreter through a folder that is a link itself, as uv makes them.
    aliases = {link.parent.parent for link in _executable_links() if link.parent.parent.resolve() in real}
    return sorted(named | real | aliases, key=lambda path: len(path.parts))


def _executable_links() -> list[Path]:
    """The chain from this interpreter's name to its file, both included."""
    chain = [Path(sys.executable)]
    while chain[-1].is_symlink():
        chain.append(chain[-1].parent / chain[-1].readlink())
    return chain


def _is_shown(path: Path, folders: list[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _shows_too_much(prefix: Path) -> SandboxUnavailable:
    return SandboxUnavailable(
        Text(
            en=f"Python is installed straight into {prefix}, so a student's program would see all of that folder.",
            ko=f"파이썬이 {prefix}에 바로 설치되어 있어 학생 프로그램에 그 폴더 전체가 보이게 됩니다.",
        ),
        Text(
            en="Install the grader in a virtual environment (`python -m venv .venv`).",
            ko="가상 환경(`python -m venv .venv`)을 만들어 채점기를 설치하세요.",
        ),
    )
