"""One suite for every sandbox. A test asks for `backend` and, where it proves a promise, says which."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from grader.sandbox.base import Promise, Sandbox
from grader.sandbox.bubblewrap import BubblewrapSandbox
from grader.sandbox.docker import DockerSandbox
from grader.sandbox.none import NoSandbox
from grader.settings import Settings
from tests.conformance.running import Runner
from tests.conftest import need

BACKENDS: dict[str, Callable[[], Sandbox]] = {
    "docker": lambda: DockerSandbox(Settings().image),
    "bubblewrap": BubblewrapSandbox,
    # As an ordinary user has it, whom no cgroup is delegated to.
    "bubblewrap-watched": lambda: BubblewrapSandbox(use_cgroups=False),
    "none": NoSandbox,
}
MARKS = {
    "docker": pytest.mark.docker,
    "bubblewrap": pytest.mark.bubblewrap,
    "bubblewrap-watched": pytest.mark.bubblewrap,
}

UNKEPT: dict[tuple[str, Promise], str] = {
    # root's nobody shares one count of processes with every other nobody, so the kernel can't be asked to refuse.
    ("bubblewrap-watched", Promise.PROCESSES_CAPPED): "as root without cgroups: counted and killed, not refused",
    **{("none", promise): "a plain subprocess" for promise in NoSandbox.unkept},
}
"""Known differences: the promises that a backend does not keep, and why."""


@cache
def opened(name: str) -> tuple[Sandbox, str | None]:
    """A backend and why it can't be tested here."""
    sandbox = BACKENDS[name]()
    found = sandbox.availability()
    return sandbox, None if found.ok else found.detail.en


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test on every backend that keeps the promise it is marked with."""
    if "backend" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("promise")
    promise = marker.args[0] if marker else None
    names = [name for name in BACKENDS if (name, promise) not in UNKEPT]
    metafunc.parametrize("backend", [pytest.param(name, marks=MARKS.get(name, ())) for name in names], indirect=True)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "promise(name): proves that promise; left out for backends that don't keep it")


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Sandbox:
    """A backend that works here."""
    sandbox, reason = opened(request.param)
    need(request.param.partition("-")[0], ok=reason is None, reason=reason or "")
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
