"""Checks on what is to be mounted, made before a backend would fail in its own words."""

import os
import stat
from itertools import islice
from pathlib import Path, PurePosixPath

from grader.errors import InfrastructureError
from grader.sandbox.base import Mount
from grader.text import Text, same

_MOST_CHECKED = 2000


def check_mounts(mounts: tuple[Mount, ...], *, as_stranger: bool) -> None:
    """Refuses mounts that are not there, that would land outside their place, or that the program could not read.

    Args:
        mounts: what is to be mounted.
        as_stranger: the program runs under an id that owns none of the files, and so needs them to be readable by all.

    Raises:
        InfrastructureError: naming the mount.
    """
    for mount in mounts:
        name = PurePosixPath(mount.name)
        if name.is_absolute() or not name.parts or ".." in name.parts:
            raise ValueError(f"a mount's name is one or more plain path segments, not {mount.name!r}")
        if not mount.source.exists():
            raise InfrastructureError(
                Text(
                    en=f"{mount.source}, to be seen as /{mount.name} in the sandbox, does not exist.",
                    ko=f"샌드박스에서 /{mount.name}(으)로 보여야 할 {mount.source} 경로가 없습니다.",
                )
            )
        unreadable = _first_unreadable(mount.source) if as_stranger else None
        if unreadable is not None:
            raise InfrastructureError(
                Text(
                    en=f"{unreadable} is not readable by all, and a grader run by root runs programs as nobody.",
                    ko=f"{unreadable}을(를) 모든 사용자가 읽을 수 있어야 합니다. 채점기를 root로 실행하면 "
                    "프로그램은 nobody 계정으로 실행됩니다.",
                ),
                same(f"chmod -R a+rX {mount.source}"),
            )


def _first_unreadable(source: Path) -> Path | None:
    """The first thing that strangers can't read, among the first 2,000: data packs hold few files, but large ones."""
    return next((path for path in islice(_tree(source), _MOST_CHECKED) if not _open_to_all(path)), None)


def _tree(source: Path):  # type: ignore[no-untyped-def]
    yield source
    for folder, folders, files in os.walk(source):
        for name in (*folders, *files):
            yield Path(folder, name)


def _open_to_all(path: Path) -> bool:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return True
    wanted = stat.S_IROTH | stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH
    return mode & wanted == wanted
