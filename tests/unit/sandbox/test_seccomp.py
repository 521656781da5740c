import errno
import struct

import pytest

from grader.sandbox.seccomp import computing_program, seccomp_program

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW = 0x7FFF0000


def verdict(program: bytes, *, number: int, architecture: int, arguments: tuple[int, ...] = ()) -> int:
    """What the kernel would answer, by running the filter as it does."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *(*arguments, *[0] * (6 - len(arguments))))
    steps = list(struct.iter_unpack("<HBBI", program))
    value, place = 0, 0
    while True:
        code, on_true, on_false, operand = steps[place]
        place += 1
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
        elif code == 0x06:
            return int(operand)
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            place += on_true if holds else on_false


def refused(error: int) -> int:
    return 0x00050000 | error


@pytest.mark.parametrize(
    ("machine", "number", "arguments", "expected"),
    [
        ("x86_64", 0, (), ALLOW),  # read
        ("x86_64", 165, (), refused(errno.EPERM)),  # mount
        ("x86_64", 101, (), refused(errno.EPERM)),  # ptrace
        ("x86_64", 56, (17,), ALLOW),  # clone for a fork
        ("x86_64", 56, (0x10000000,), refused(errno.EPERM)),  # clone with a user namespace
        ("x86_64", 435, (), refused(errno.ENOSYS)),  # clone3
        ("x86_64", 41, (1,), ALLOW),  # a local socket
        ("x86_64", 41, (40,), refused(errno.EAFNOSUPPORT)),  # a socket to the hypervisor
        ("x86_64", 16, (0, 0x5412), refused(errno.EPERM)),  # ioctl TIOCSTI
        ("x86_64", 16, (0, 0x5401), ALLOW),  # ioctl TCGETS
        ("x86_64", 0x40000000, (), refused(errno.ENOSYS)),  # the x32 table
        ("x86_64", 319, (), ALLOW),  # memfd_create
        ("aarch64", 40, (), refused(errno.EPERM)),  # mount
        ("aarch64", 220, (0x10000000,), refused(errno.EPERM)),
        ("aarch64", 198, (40,), refused(errno.EAFNOSUPPORT)),
        ("aarch64", 63, (), ALLOW),  # read
        ("aarch64", 425, (), refused(errno.EPERM)),  # io_uring_setup
    ],
)
def test_call_gets_its_verdict(machine: str, number: int, arguments: tuple[int, ...], expected: int) -> None:
    program = seccomp_program(machine)
    assert program is not None
    assert verdict(program, number=number, architecture=AUDIT[machine], arguments=arguments) == expected


def test_foreign_architecture_is_refused() -> None:
    program = seccomp_program("x86_64")
    assert program is not None
    assert verdict(program, number=0, architecture=0x40000003) == refused(errno.EPERM)


def test_hidden_memory_is_refused_where_no_cgroup_counts_it() -> None:
    program = seccomp_program("x86_64", deny_hidden_memory=True)
    assert program is not None
    assert verdict(program, number=319, architecture=AUDIT["x86_64"]) == refused(errno.EPERM)


def test_unknown_machine_has_no_filter() -> None:
    assert seccomp_program("riscv64") is None


@pytest.mark.parametrize(
    ("machine", "number", "arguments", "expected"),
    [
        ("x86_64", 1, (), ALLOW),  # write
        ("x86_64", 257, (0, 0, 0o2000000), ALLOW),  # openat to read
        ("x86_64", 257, (0, 0, 0o2000001), refused(errno.EPERM)),  # to write
        ("x86_64", 257, (0, 0, 0o2), refused(errno.EPERM)),
        ("x86_64", 257, (0, 0, 0o100), refused(errno.EPERM)),  # to make it
        ("x86_64", 257, (0, 0, 0o1000), refused(errno.EPERM)),  # to empty it
        ("x86_64", 2, (0, 0o1), refused(errno.EPERM)),  # open
        ("x86_64", 2, (0, 0), ALLOW),
        ("x86_64", 302, (0,), ALLOW),  # prlimit64 of its own
        ("x86_64", 302, (1,), refused(errno.EPERM)),
        ("x86_64", 56, (17,), refused(errno.EPERM)),  # clone
        ("x86_64", 435, (), refused(errno.EPERM)),  # clone3
        ("x86_64", 101, (), refused(errno.EPERM)),  # ptrace
        ("x86_64", 234, (), ALLOW),  # tgkill, which abort calls
        ("x86_64", 0x40000000, (), refused(errno.ENOSYS)),  # the x32 table
        ("aarch64", 56, (0, 0, 0o1), refused(errno.EPERM)),  # openat
        ("aarch64", 56, (0, 0, 0), ALLOW),
        ("aarch64", 64, (), ALLOW),  # write
        ("aarch64", 261, (7,), refused(errno.EPERM)),  # prlimit64
        ("aarch64", 220, (17,), refused(errno.EPERM)),  # clone
    ],
)
def test_call_of_a_computation_gets_its_verdict(
    machine: str, number: int, arguments: tuple[int, ...], expected: int
) -> None:
    program = computing_program(machine)
    assert program is not None
    assert verdict(program, number=number, architecture=AUDIT[machine], arguments=arguments) == expected


def test_call_of_another_architecture_is_refused_to_a_computation() -> None:
    program = computing_program("x86_64")
    assert program is not None
    assert verdict(program, number=1, architecture=0x40000003) == refused(errno.EPERM)
    assert computing_program("riscv64") is None
