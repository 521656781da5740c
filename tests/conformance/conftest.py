"""One suite for every sandbox. A test asks for `backend` and, where it proves a promise, says which."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from grader.sandbox.base import Promise, Sandbox
from grader.sandbox.bubblewrap import BubblewrapSandbox
from grader.sandbox.docker import DockerSandbox
from grader.sandbox.none import NoSandbox
from grader.settings import Settings
from tests.conformance.ahead import AheadSandbox
from tests.conformance.running import Runner
from tests.conftest import availability_of, need

BACKENDS: dict[str, Callable[[], Sandbox]] = {
    "docker": lambda: DockerSandbox(Settings().image),
    # gVisor: a kernel in user space between the program and the host's.
    "docker-runsc": lambda: DockerSandbox(Settings().image, runtime="runsc"),
    "docker-ahead": lambda: AheadSandbox(DockerSandbox(Settings().image)),
    "bubblewrap": BubblewrapSandbox,
    "bubblewrap-ahead": lambda: AheadSandbox(BubblewrapSandbox()),
    # As an ordinary user has it, whom no cgroup is delegated to.
    "bubblewrap-watched": lambda: BubblewrapSandbox(use_cgroups=False),
    "none": NoSandbox,
}
MARKS = {
    "docker": pytest.mark.docker,
    "docker-runsc": (pytest.mark.docker, pytest.mark.runsc),
    "docker-ahead": pytest.mark.docker,
    "bubblewrap": pytest.mark.bubblewrap,
    "bubblewrap-ahead": pytest.mark.bubblewrap,
    "bubblewrap-watched": pytest.mark.bubblewrap,
}

NEEDS = {
    "docker-runsc": "runsc",
    "docker-ahead": "docker",
    "bubblewrap-ahead": "bubblewrap",
    "bubblewrap-watched": "bubblewrap",
}
"""What GRADER_REQUIRE calls it, where that is not the backend's own name."""

UNKEPT: dict[tuple[str, Promise], str] = {
    # root's nobody shares one count of processes with every other nobody, so the kernel can't be asked to refuse.
    ("bubblewrap-watched", Promise.PROCESSES_CAPPED): "as root without cgroups: counted and killed, not refused",
    # gVisor counts inside, the limit counts outside: sleeping threads take nothing there, and what the host refuses is
    # refused to gVisor's kernel, which ends with all that ran in it (see test_gvisor).
    ("docker-runsc", Promise.PROCESSES_CAPPED): "tasks of gVisor's kernel are capped, not those of its programs",
    # nvproxy came a year later.
    ("docker-runsc", Promise.GPU_MEMORY_CAPPED): "Debian's runsc of December 2022 hands over no GPU",
    **{("none", promise): "a plain subprocess" for promise in NoSandbox.unkept},
}
"""Known differences: the promises that a backend does not keep, and why."""

_OWN_NAMESPACE = "the namespace is made in gVisor's kernel, for its own programs; the host sees nothing of it"
DIFFERENT: dict[tuple[str, str], str] = {
    ("docker-runsc", "test_privileged_call_is_refused[{}-libc.unshare(0x10000000)]"): _OWN_NAMESPACE,
    ("docker-runsc", "test_privileged_call_is_refused[{}-libc.unshare(0x00020000)]"): _OWN_NAMESPACE,
    (
        "docker-runsc",
        "test_privileged_call_is_refused[{}-libc.syscall(SYS['clone'], 0x10000000 | 17, 0, 0, 0, 0)]",
    ): _OWN_NAMESPACE,
    (
        "docker-runsc",
        "test_program_is_nobody_without_capabilities[{}]",
    ): "gVisor's /proc tells neither ambient capabilities nor NoNewPrivs",
    (
        "docker-runsc",
        "test_temporary_folder_by_name_can_be_written_and_is_capped[{}]",
    ): "gVisor puts a folder in memory of its own on /tmp; it counts as memory",
    (
        "docker-runsc",
        "test_children_die_at_close[{}]",
    ): "the host sees gVisor's processes, not those of its programs, by which this test looks for them",
}
"""Single cases that come out otherwise on a backend, and why; `{}` stands for the backend. `test_gvisor` proves what
holds there instead."""


_OPENED: list[Sandbox] = []


@cache
def opened(name: str) -> tuple[Sandbox, str | None]:
    """A backend and why it can't be tested here."""
    sandbox = BACKENDS[name]()
    _OPENED.append(sandbox)
    found = availability_of(sandbox, NEEDS.get(name, name))
    return sandbox, None if found.ok else found.detail.en


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test on every backend that keeps the promise it is marked with."""
    if "backend" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("promise")
    promise = marker.args[0] if marker else None
    names = [name for name in BACKENDS if (name, promise) not in UNKEPT]
    if metafunc.definition.get_closest_marker("own_starts"):
        names = [name for name in names if not name.endswith("-ahead")]
    metafunc.parametrize("backend", [pytest.param(name, marks=MARKS.get(name, ())) for name in names], indirect=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Expects the cases of `DIFFERENT` to fail; one that no longer does is an error, so that the list stays true."""
    for (backend, name), reason in DIFFERENT.items():
        if item.name == name.format(backend):
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "own_starts: about how programs are started; left out where they start ahead")
    config.addinivalue_line("markers", "promise(name): proves that promise; left out for backends that don't keep it")


@pytest.fixture(scope="session", autouse=True)
def close_backends() -> Iterator[None]:
    """Closes those that were opened for a test."""
    yield
    for sandbox in _OPENED:
        sandbox.close()


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Sandbox:
    """A backend that works here."""
    sandbox, reason = opened(request.param)
    need(NEEDS.get(request.param, request.param), ok=reason is None, reason=reason or "")
    return sandbox


@pytest.fixture
def runner(backend: Sandbox) -> Runner:
    """Runs short programs in the backend."""
    return Runner(backend)


@pytest.fixture
def shared_folder(tmp_path: Path) -> Path:
    """A folder that any user may read: pytest's own are closed to nobody, whom root's grader runs programs as."""
    tmp_path.chmod(0o755)
    return tmp_path
