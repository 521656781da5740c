"""What bubblewrap is told: decided here, without touching anything, from the request and the host's layout."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from grader.sandbox.base import ENVIRONMENT, Request
from grader.sandbox.interpreter import HostView

SCRATCH = "/scratch"
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a path inside, through which DataLoader workers hand over batches
TEMPORARY = "/tmp"  # noqa: S108 - a path inside
NAMES = {"/etc/passwd": b"nobody:x:65534:65534:nobody:/scratch:/bin/sh\n", "/etc/group": b"nogroup:x:65534:\n"}
"""Files of a system that some packages can't do without; the host's own name its users."""

_BECOME_NOBODY = (
    "import os,sys;os.setgroups([]);os.setresgid(*[65534]*3);os.setresuid(*[65534]*3);"
    "os.execv(sys.executable,[sys.executable,*sys.argv[1:]])"
)


def isolation(*, as_root: bool) -> list[str]:
    """Namespaces, and which user the program is.

    Args:
        as_root: the grader runs as root: no user namespace (see `grader.sandbox.bubblewrap`), and the two capabilities
            that it takes to become nobody, which are gone with that step.
    """
    common = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    common += ["--hostname", "sandbox", "--new-session", "--die-with-parent", "--cap-drop", "ALL"]
    if as_root:
        return [*common, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return [*common, "--unshare-user", "--uid", "65534", "--gid", "65534"]


def environment(request: Request, of_driver: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """All variables; none of the host's but what a GPU's driver needs to be found."""
    own = {"PATH": "/usr/bin:/bin", "HOME": SCRATCH, "TMPDIR": SCRATCH}
    settings = {**ENVIRONMENT, **own, **of_driver, **request.environment}
    return ["--clearenv", *(part for name, value in settings.items() for part in ("--setenv", name, value))]


def file_system(
    request: Request, view: HostView, *, names: Mapping[str, int], devices: Iterable[Path], as_root: bool
) -> list[str]:
    """Everything the program can see, and the two places it can write to.

    Args:
        view: interpreter, packages and system libraries.
        names: for each of `NAMES` a descriptor with its content.
        devices: device files to show, and folders of them.
        as_root: see `isolation`.
    """
    limits = request.limits
    told: list[str] = []
    below_tmp = any(folder.is_relative_to(TEMPORARY) for folder in view.folders)
    if below_tmp:
        # An environment that was made below /tmp must be seen there; the rest of /tmp is then a second scratch folder.
        told += ["--perms", "1777", "--size", str(max(4096, limits.scratch_bytes)), "--tmpfs", TEMPORARY]
    for parent in _parents(view):
        # bubblewrap would make them for its own user alone, who is root.
        told += ["--dir", str(parent)]
    for folder in view.folders:
        told += ["--ro-bind", str(folder), str(folder)]
    for target, link in view.links:
        told += ["--symlink", target, str(link)]
    for path, descriptor in names.items():
        told += ["--ro-bind-data", str(descriptor), path]
    told += ["--proc", "/proc"]
    if as_root:
        told += ["--ro-bind", "/proc/sys", "/proc/sys"]
    told += ["--dev", "/dev"]
    for device in devices:
        told += ["--dev-bind", str(device), str(device)]
    # Half the memory, as Linux gives by default; either folder counts as memory, so neither gives any away.
    told += ["--perms", "1777", "--size", str(max(4096, limits.memory_bytes // 2)), "--tmpfs", SHARED_MEMORY]
    told += ["--perms", "1777", "--size", str(max(4096, limits.scratch_bytes)), "--tmpfs", SCRATCH]
    if not below_tmp:
        # Programs that write to /tmp by name find the scratch folder there.
        told += ["--symlink", SCRATCH[1:], TEMPORARY]
    for mount in request.mounts:
        for folder_inside in reversed(PurePosixPath(f"/{mount.name}").parents[:-1]):
            told += ["--dir", str(folder_inside)]
        told += ["--ro-bind", os.fspath(mount.source.resolve()), f"/{mount.name}"]
    # The two tmpfs that bubblewrap itself made; what is mounted on them stays as it is.
    return [*told, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", SCRATCH]


def program(request: Request, interpreter: str, *, as_root: bool) -> list[str]:
    """The interpreter with its arguments, through the step that gives up root where the grader has it (12 ms)."""
    drop = ["-I", "-S", "-c", _BECOME_NOBODY] if as_root else []
    return ["--", interpreter, *drop, *request.argv]


def _parents(view: HostView) -> list[Path]:
    """Folders that have to be made so that what is shown has a place; outer ones first."""
    shown = [*view.folders, *(link for _, link in view.links)]
    wanted = {parent for path in shown for parent in path.parents if parent != Path("/")}
    outside = [one for one in wanted if not any(one.is_relative_to(folder) for folder in view.folders)]
    return sorted(outside, key=lambda path: len(path.parts))
