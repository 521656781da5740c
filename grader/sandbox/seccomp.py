"""Filters of system calls: what a training never needs and an attack begins with, and what a computation never needs.

The first is for bubblewrap, which brings none. It follows the engine's default profile: everything is allowed but what
could reach the kernel's wider surface (mounting, tracing, keys, BPF, io_uring, new namespaces), other families of
sockets than local and internet ones (a network namespace does not hold back AF_VSOCK), and pushing characters into a
terminal. Proved by `tests/conformance/test_isolation.py`. The second is for the child that works on a model, on top of
whatever holds its sandbox; proved by `tests/adversarial/test_evaluation_channel.py`.
"""

import errno
import struct
from collections.abc import Iterable
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
# Offsets in struct seccomp_data; arguments are 64 bits wide, and both machines are little endian.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32_BIT = 0x40000000

_NEW_NAMESPACE = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
_FAMILIES = (1, 2, 10)
"""AF_UNIX, AF_INET, AF_INET6."""
_TERMINAL_REQUESTS = (0x5412, 0x541C)
"""TIOCSTI, TIOCLINUX."""

# Numbers from Linux's unistd.h; from 424 on they are the same on every architecture.
_COMMON = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "mount_setattr": 442,
    "quotactl_fd": 443, "memfd_secret": 447,
}  # fmt: skip
_X86_64 = {
    "ptrace": 101, "syslog": 103, "vhangup": 153, "pivot_root": 155, "adjtimex": 159, "chroot": 161, "acct": 163,
    "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169, "iopl": 172,
    "ioperm": 173, "init_module": 175, "delete_module": 176, "quotactl": 179, "sched_setaffinity": 203,
    "lookup_dcookie": 212, "clock_settime": 227, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
    "unshare": 272, "move_pages": 279, "perf_event_open": 298, "fanotify_init": 300, "name_to_handle_at": 303,
    "open_by_handle_at": 304, "clock_adjtime": 305, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311,
    "kcmp": 312, "finit_module": 313, "sched_setattr": 314, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
}  # fmt: skip
_AARCH64 = {
    "lookup_dcookie": 18, "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "vhangup": 58, "quotactl": 60,
    "acct": 89, "unshare": 97, "kexec_load": 104, "init_module": 105, "delete_module": 106, "clock_settime": 112,
    "syslog": 116, "ptrace": 117, "sched_setaffinity": 122, "reboot": 142, "settimeofday": 170, "adjtimex": 171,
    "add_key": 217, "request_key": 218, "keyctl": 219, "swapon": 224, "swapoff": 225, "move_pages": 239,
    "perf_event_open": 241, "fanotify_init": 262, "name_to_handle_at": 264, "open_by_handle_at": 265,
    "clock_adjtime": 266, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272,
    "finit_module": 273, "sched_setattr": 274, "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294,
}  # fmt: skip

# What a process could leave behind it: files, memory that outlives it, and other processes as it has set them.
_LASTING_COMMON = {
    "clone3": 435, "openat2": 437, "process_madvise": 440, "fchmodat2": 452, "setxattrat": 463, "removexattrat": 466,
    "file_setattr": 469,
}  # fmt: skip
_LASTING_X86_64 = {
    "shmget": 29, "socket": 41, "bind": 49, "socketpair": 53, "clone": 56, "fork": 57, "vfork": 58, "execve": 59,
    "semget": 64, "msgget": 68, "truncate": 76, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86,
    "unlink": 87, "symlink": 88, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94, "utime": 132,
    "mknod": 133, "setpriority": 141, "sched_setparam": 142, "sched_setscheduler": 144, "setxattr": 188,
    "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199, "utimes": 235,
    "mq_open": 240, "ioprio_set": 251, "inotify_init": 253, "migrate_pages": 256, "mkdirat": 258, "mknodat": 259,
    "fchownat": 260, "futimesat": 261, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266,
    "fchmodat": 268, "utimensat": 280, "inotify_init1": 294, "renameat2": 316, "execveat": 322,
}  # fmt: skip
_LASTING_AARCH64 = {
    "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
    "inotify_init1": 26, "ioprio_set": 30, "mknodat": 33, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36,
    "linkat": 37, "renameat": 38, "truncate": 45, "fchmod": 52, "fchmodat": 53, "fchownat": 54, "fchown": 55,
    "utimensat": 88, "sched_setparam": 118, "sched_setscheduler": 119, "setpriority": 140, "mq_open": 180,
    "msgget": 186, "semget": 190, "shmget": 194, "socket": 198, "socketpair": 199, "bind": 200, "clone": 220,
    "execve": 221, "migrate_pages": 238, "renameat2": 276, "execveat": 281,
}  # fmt: skip
_TO_WRITE = 0o1103
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """What differs between architectures."""

    audit: int
    denied: dict[str, int]
    clone: int
    socket: int
    ioctl: int
    hidden_memory: tuple[int, ...]
    """memfd_create and shmget: memory that belongs to no process and no file system."""
    lasting: dict[str, int]
    opens: dict[int, int]
    """Calls that open a file, and which of their arguments are the flags."""
    prlimit64: int


_CLONE3 = 435
_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        denied=_X86_64,
        clone=56,
        socket=41,
        ioctl=16,
        hidden_memory=(319, 29),
        lasting=_LASTING_X86_64,
        opens={2: 1, 257: 2},
        prlimit64=302,
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        denied=_AARCH64,
        clone=220,
        socket=198,
        ioctl=29,
        hidden_memory=(279, 194),
        lasting=_LASTING_AARCH64,
        opens={56: 2},
        prlimit64=261,
    ),
}


def seccomp_program(machine: str, *, deny_hidden_memory: bool = False) -> bytes | None:
    """The filter as bytes for `bwrap --seccomp`; None for an architecture whose numbers are not listed here.

    Args:
        machine: as `platform.machine()` says it.
        deny_hidden_memory: also refuse memory that only a cgroup could count.
    """
    known = _MACHINES.get(machine)
    if known is None:
        return None
    denied = [*_COMMON.values(), *known.denied.values(), *(known.hidden_memory if deny_hidden_memory else ())]
    blocks = _beginning(known, denied)
    # A filter can't look behind clone3's pointer; told that it does not exist, libc falls back to clone.
    blocks += [_step(_EQUAL, _CLONE3, on_false=1), _refuse(errno.ENOSYS)]
    blocks += _when_called(known.clone, 0, [_step(_ANY_BIT, _NEW_NAMESPACE, on_false=1), _refuse(errno.EPERM)])
    pushes = [part for one in _TERMINAL_REQUESTS for part in (_step(_EQUAL, one, on_false=1), _refuse(errno.EPERM))]
    blocks += _when_called(known.ioctl, 1, pushes)
    families = [part for one in _FAMILIES for part in (_step(_EQUAL, one, on_false=1), _step(_RETURN, _ALLOW))]
    blocks += _when_called(known.socket, 0, [*families, _refuse(errno.EAFNOSUPPORT)])
    return b"".join([*blocks, _step(_RETURN, _ALLOW)])


def computing_program(machine: str) -> bytes | None:
    """The filter for a process that reads, computes and ends, and leaves nothing behind for who comes after it.

    It opens no file to write (so no other process's pipes either), changes none, makes no process, thread or socket, no
    memory that outlives it, and sets no other process's limits, priority or cores. It may send signals.

    Args:
        machine: as for `seccomp_program`.
    """
    known = _MACHINES.get(machine)
    if known is None:
        return None
    denied = {*_COMMON.values(), *known.denied.values(), *_LASTING_COMMON.values(), *known.lasting.values()}
    blocks = _beginning(known, sorted(denied))
    for number, flags in known.opens.items():
        blocks += _when_called(number, flags, [_step(_ANY_BIT, _TO_WRITE, on_false=1), _refuse(errno.EPERM)])
    # Its own limits, which C's library asks for, have the number 0.
    blocks += _when_called(known.prlimit64, 0, [_step(_EQUAL, 0, on_true=1), _refuse(errno.EPERM)])
    return b"".join([*blocks, _step(_RETURN, _ALLOW)])


def _beginning(known: _Machine, denied: Iterable[int]) -> list[bytes]:
    """Refuses calls by their numbers alone; leaves the number loaded."""
    blocks = [
        # A call made through another architecture's entry would have other numbers.
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, known.audit, on_true=1),
        _refuse(errno.EPERM),
        _step(_LOAD, _NUMBER),
    ]
    # x86-64's second table has other numbers for the same calls; elsewhere the kernel has none, and says the same.
    blocks += [_step(_AT_LEAST, _X32_BIT, on_false=1), _refuse(errno.ENOSYS)]
    for number in denied:
        blocks += [_step(_EQUAL, number, on_false=1), _refuse(errno.EPERM)]
    return blocks


def _when_called(number: int, argument: int, checks: list[bytes]) -> list[bytes]:
    """Checks on one argument's lower half, then leave to go on; the caller has loaded the call's number."""
    body = [_step(_LOAD, _ARGUMENTS + 8 * argument), *checks, _step(_RETURN, _ALLOW)]
    return [_step(_EQUAL, number, on_false=len(body)), *body]


def _step(code: int, value: int, *, on_true: int = 0, on_false: int = 0) -> bytes:
    """One struct sock_filter; jumps count the steps to skip."""
    return struct.pack("<HBBI", code, on_true, on_false, value)


def _refuse(error: int) -> bytes:
    return _step(_RETURN, _ERRNO | error)
