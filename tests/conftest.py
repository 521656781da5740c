"""What tests share: real sandboxes, the course, and a data pack small enough for a rehearsal."""

import os
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from grader.course import Course
from grader.sandbox import open_sandbox
from grader.sandbox.base import Availability, Sandbox
from grader.settings import Settings

for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    # Who is started in the background of a script ignores Ctrl-C, by `nohup` the end of its terminal, and so would
    # every program that a test starts.
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

# How long one example takes says nothing here: the machine has other things to do.
settings.register_profile("any_machine", settings.default, deadline=None)
settings.load_profile("any_machine")

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = frozenset(os.environ.get("GRADER_REQUIRE", "").split())
"""What must be there: a test that would be skipped for its absence fails instead. CI names them all."""


def need(name: str, *, ok: bool, reason: str) -> None:
    """Skips the test where `name` is not there; fails it where it was required."""
    if ok:
        return
    if name in REQUIRED:
        pytest.fail(f"{name} is required here: {reason}")
    pytest.skip(f"{name}: {reason}")


def availability_of(sandbox: Sandbox, name: str) -> Availability:
    """Whether it can start runs here; where `name` was required, an engine on a busy machine gets a second look."""
    found = sandbox.availability()
    return sandbox.availability() if not found.ok and name in REQUIRED else found


@cache
def sandbox_state(name: str) -> tuple[bool, str]:
    """Whether the backend can start runs here, and why not."""
    with open_sandbox(name, image=Settings().image) as sandbox:  # type: ignore[arg-type]
        found = availability_of(sandbox, name)
    return found.ok, found.detail.en


@pytest.fixture(params=["docker", "bubblewrap"])
def isolating(request: pytest.FixtureRequest) -> str:
    """Each backend that isolates, by name."""
    name: str = request.param
    ok, reason = sandbox_state(name)
    need(name, ok=ok, reason=reason)
    return name


@pytest.fixture(params=["docker", "bubblewrap", "none"])
def any_sandbox(request: pytest.FixtureRequest) -> str:
    """Each backend, by name."""
    name: str = request.param
    ok, reason = sandbox_state(name)
    need(name, ok=ok, reason=reason)
    return name


@pytest.fixture
def available() -> Callable[[str], str]:
    """Gives back the name of a backend that works here; skips, or fails where it is required, if it does not."""

    def check(name: str) -> str:
        ok, reason = sandbox_state(name)
        need(name, ok=ok, reason=reason)
        return name

    return check


@pytest.fixture
def bubblewrap() -> str:
    """The embedded backend, by name."""
    ok, reason = sandbox_state("bubblewrap")
    need("bubblewrap", ok=ok, reason=reason)
    return "bubblewrap"


@pytest.fixture(scope="session")
def course() -> Course:
    """The project's own course."""
    return Course(ROOT)


@pytest.fixture(autouse=True)
def no_course_from_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests say themselves which settings they use."""
    for name in ("GRADER_COURSE", "GRADER_SANDBOX", "GRADER_LANGUAGE", "GRADER_IMAGE", "GRADER_DOCKER_RUNTIME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True, scope="session")
def no_resident_grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is submitted is graded here, also beside a `grade warm` of whoever runs the tests.

    Once for all tests, before any other fixture: the folder of all `tmp_path` is made where temporary files lie when it
    is first asked for, and modules that watch their own temporary folder would find it there.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.getbasetemp()))
        yield
