"""Every attack of the corpus, for real: no point gained, no secret out, the right end, nothing left behind.

The attacks of one backend run in one sandbox after another, in an order in which those that break something stand
between those that hand in the plain network: each of these must get exactly the marks of the plain network, as if
nothing had happened before.
"""

import contextlib
import io
import os
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import psutil
import pytest
from rich.console import Console

from grader.course import Course
from grader.pipeline import grade_submission
from grader.progress import Silent
from grader.reports.html import render_html
from grader.reports.json import render_json
from grader.reports.terminal import render_terminal
from grader.results import Report, Verdict
from grader.sandbox import open_sandbox
from grader.sandbox.base import Sandbox
from grader.sandbox.none import NoSandbox
from grader.sandbox.warm import WarmSandbox
from grader.settings import Settings
from tests.adversarial import attacks
from tests.adversarial.attacks import GRADED, Attack
from tests.adversarial.bait import Bait, planted
from tests.conformance.running import becomes_true
from tests.conftest import ROOT, need, sandbox_state
from tests.integration.submissions import request, strict_mission
from tests.leftovers import cgroups_of, containers_of

ATTACKS = attacks.load()
LIMITS = {"train_cpu_s": 4.0, "import_s": 60.0, "export_s": 60.0}
MODES = [f"{backend}-{mode}" for backend in ("docker", "bubblewrap") for mode in ("cold", "warm")]
QUICKEST = "bubblewrap-warm"
CHOSEN = os.environ.get("GRADER_CORPUS", QUICKEST)
TRIED = MODES if CHOSEN == "all" else [mode for mode in CHOSEN.split(",") if mode]
"""By default one stands for all; each takes about ten minutes on a core. `GRADER_CORPUS` names others, or `all`."""

pytestmark = pytest.mark.mnist


@dataclass
class Range:
    """Where attacks are tried.

    Attributes:
        sandbox: one for all of them, as in a grading service.
        plain: what the plain network gets in it.
    """

    sandbox: Sandbox
    bait: Bait
    course: Course
    folder: Path
    plain: Report | None = None

    def grade(self, attack: Attack | None) -> Report:
        """Grades the attack, or the plain network."""
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="handed-in-") as place:
            path = attacks.stage(attack, Path(place) / "work", self.bait.known)
            limits = {**LIMITS, **(attack.limits if attack else {})}
            asked = request(strict_mission(self.course, **limits), path, self.sandbox.name)
            return grade_submission(asked, progress=Silent(), sandbox=self.sandbox)


@pytest.fixture(scope="module")
def own_folders() -> Iterator[Path]:
    """Temporary folders of this module's own, so that gradings beside it are not seen; open to any user."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="adversarial-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in ("temporary", "bait", "submissions"):
            (folder / part).mkdir()
        tempfile.tempdir = str(folder / "temporary")
        yield folder
        tempfile.tempdir = before


@pytest.fixture(scope="module")
def bait(own_folders: Path) -> Iterator[Bait]:
    with planted(own_folders / "bait", Course(ROOT)) as bait:
        yield bait


@pytest.fixture(scope="module", params=TRIED)
def place(request: pytest.FixtureRequest, own_folders: Path, bait: Bait) -> Iterator[Range]:
    """One sandbox for all attacks, programs started when they are needed or ahead."""
    backend, mode = request.param.split("-")
    ok, reason = sandbox_state(backend)
    need(backend, ok=ok, reason=reason)
    sandbox = open_sandbox(backend, image=Settings().image)
    with WarmSandbox(sandbox) if mode == "warm" else sandbox as opened:
        found = Range(opened, bait, Course(ROOT), own_folders / "submissions")
        found.plain = found.grade(None)
        assert found.plain.metrics is not None, found.plain.ending
        yield found
    assert leftovers(own_folders / "temporary") == []


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack_gains_nothing(place: Range, own_folders: Path, attack: Attack) -> None:
    report = place.grade(attack)
    assert report.verdict is Verdict.GRADED, report.ending
    assert (report.reason or GRADED) in attack.ends, report.ending or report.score
    gains_no_point(report, place, attack)
    says_nothing(report, place.bait)
    assert place.bait.visitors == []
    assert not reachable(place.bait)
    if not isinstance(place.sandbox, WarmSandbox):
        assert leftovers(own_folders / "temporary") == []


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if attack.loots_bare], ids=lambda attack: attack.name)
def test_attack_without_a_sandbox_finds_what_it_looks_for(own_folders: Path, bait: Bait, attack: Attack) -> None:
    """The attack is real: what holds it back elsewhere is the sandbox."""
    bare = Range(NoSandbox(), bait, Course(ROOT), own_folders / "submissions")
    assert "LOOT:" in bare.grade(attack).student_output.text
    bait.visitors.clear()


def test_corpus_is_as_large_as_the_threat_model_says() -> None:
    assert len(ATTACKS) >= 60
    assert len({attack.summary for attack in ATTACKS}) == len(ATTACKS)


def gains_no_point(report: Report, place: Range, attack: Attack) -> None:
    """No more than the plain network, to the point where it is the plain network that was handed in."""
    assert place.plain is not None
    assert report.score <= place.plain.score
    if report.reason is not None:
        assert report.score == 0
        return
    if attack.differs:
        return
    assert report.score == place.plain.score
    assert report.metrics is not None
    assert place.plain.metrics is not None
    assert report.metrics.accuracy == place.plain.metrics.accuracy
    assert report.metrics.confusion == place.plain.metrics.confusion


def says_nothing(report: Report, bait: Bait) -> None:
    """Neither that something was found nor what, and nothing that acts on its reader."""
    assert "LOOT:" not in report.student_output.text, report.student_output.text
    console = Console(file=io.StringIO(), width=80)
    console.print(render_terminal(report, "en"))
    assert isinstance(console.file, io.StringIO)
    shown = {"terminal": console.file.getvalue(), "page": render_html(report, "ko"), "json": render_json(report, "en")}
    for form, text in shown.items():
        assert bait.token not in text, form
        assert "\x1b" not in text, form
        assert "\u202e" not in text, form
    assert "<script>alert" not in shown["page"]


def reachable(bait: Bait) -> list[str]:
    """Doors on this machine that an attack has opened."""
    found = []
    for family, address in (
        (socket.AF_INET, ("127.0.0.1", bait.known["own_port"])),
        (socket.AF_UNIX, "\0" + bait.known["own_name"]),
    ):
        with socket.socket(family) as guest, contextlib.suppress(OSError):
            guest.settimeout(1)
            guest.connect(address)
            if guest.getsockname() != guest.getpeername():  # a port where nobody listens may become one's own
                found.append(str(address))
    return found


def leftovers(temporary: Path) -> list[str]:
    """What gradings of this process have left, once a moment has passed."""
    found: list[str] = []

    def nothing() -> bool:
        found[:] = _traces(temporary)
        return not found

    becomes_true(nothing)
    return found


def _traces(temporary: Path) -> list[str]:
    own = os.getpid()
    found = [path.name for path in temporary.iterdir()] + cgroups_of(own) + containers_of(own)
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            found.append(" ".join(child.cmdline()[:6]))
    with contextlib.suppress(docker.errors.DockerException), contextlib.closing(docker.from_env()) as client:
        found += _mounts_without_container(client)
    return found


def _mounts_without_container(client: docker.DockerClient) -> list[str]:
    """File systems that the engine keeps mounted for nobody, where it mounts them in this namespace."""
    root = str(client.info()["DockerRootDir"])
    lines = Path("/proc/self/mounts").read_text().splitlines()
    mounts = [line.split()[1] for line in lines if line.split()[1].startswith(f"{root}/overlay2/")]
    return mounts if len(mounts) > len(client.containers.list(all=True)) else []
