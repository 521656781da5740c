"""How long one waits: for a sandbox, for help, for a rehearsal."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.measuring import ROOT, alternately, grade, noise_share
from benchmarks.page import Row
from benchmarks.part import MISSION, Asked, Part
from benchmarks.rows import against_bar, beside
from benchmarks.running import BARE, job_of, open_named, train_bare, train_inside, write_submission
from grader.course import Course
from grader.execution.training import training_request
from grader.sandbox import SandboxName
from grader.sandbox.base import Sandbox
from grader.sandbox.warm import WarmSandbox

WARM_BARS_S = {"docker": 0.1, "bubblewrap": 0.05}
HELP_BAR_S = 0.3
CHECK_BAR_S = 8.0
PATIENCE_S = 30.0


def measure(folder: Path, asked: Asked) -> list[Row]:
    """Sandboxes first, started ahead and not, then two commands."""
    return [*_starts(folder, asked), *_commands(folder, asked)]


def _starts(folder: Path, asked: Asked) -> list[Row]:
    submission = write_submission("first_line", folder)
    with ExitStack() as stack:
        contenders: dict[str, Callable[[], float]] = {BARE: partial(_bare, submission, folder)}
        for name in asked.sandboxes:
            contenders[f"{name}, cold"] = partial(_cold, name, submission)
            warm = stack.enter_context(WarmSandbox(open_named(name), spares=1))
            contenders[f"{name}, warm"] = partial(_warm, warm, submission)
        found = alternately(contenders, asked.runs, warm_up=True)
    rows = []
    for name in asked.sandboxes:
        warm_s, cold_s, bar_s = found[f"{name}, warm"], found[f"{name}, cold"], WARM_BARS_S[name]
        rows += [
            against_bar(f"{name} started ahead, to the first line of `train` : {1000 * bar_s:.0f} ms", warm_s, bar_s),
            beside(
                f"{name}, to the first line of `train` : a bare process, to the same line", cold_s, found[BARE], "–"
            ),
        ]
    return rows


def _bare(submission: Path, folder: Path) -> float:
    began = time.monotonic()
    return train_bare(submission, folder)["moment"] - began


def _cold(name: SandboxName, submission: Path) -> float:
    with open_named(name) as sandbox:
        return _to_first_line(sandbox, submission)


def _warm(sandbox: WarmSandbox, submission: Path) -> float:
    """From asking for a program that waits already; it has come to rest, as has the machine."""
    job = job_of(submission)
    request = training_request(sandbox, job.spec, job.training_data, gpu=None)
    sandbox.stock(request)
    deadline = time.monotonic() + PATIENCE_S
    while sandbox.ready(request) == 0:
        if time.monotonic() > deadline:
            raise RuntimeError(f"no program was started ahead in {sandbox.name}")
        time.sleep(0.05)
    noise_share()
    return _to_first_line(sandbox, submission)


def _to_first_line(sandbox: Sandbox, submission: Path) -> float:
    began = time.monotonic()
    moment = train_inside(sandbox, submission)["moment"]
    if not began < moment < time.monotonic():
        raise RuntimeError(f"{sandbox.name} has another clock, so nothing can be said of its latency")
    return moment - began


def _commands(folder: Path, asked: Asked) -> list[Row]:
    reference = str(Course(ROOT).mission(MISSION).reference)
    commands: dict[str, tuple[tuple[str, ...], float]] = {
        "`grade --help`": (("--help",), HELP_BAR_S),
        **{
            f"`grade check` of the reference in {name}": (("check", MISSION, reference, "--sandbox", name), CHECK_BAR_S)
            for name in asked.sandboxes
        },
    }
    contenders = {name: partial(grade, *arguments, folder=folder) for name, (arguments, _) in commands.items()}
    found = alternately(contenders, asked.runs, warm_up=True)
    return [
        against_bar(f"{name} : {bar_s:g} s", [ran.wall_s for ran in found[name]], bar_s)
        for name, (_, bar_s) in commands.items()
    ]


PART = Part(
    "latency",
    "Latency",
    "To the first line of `train`: from asking the grader's sandbox to run a submission, or from starting a bare "
    "process, until `train` runs with the data of `mission_cnn` in its hands; by one clock, which Linux shares with "
    "containers. A sandbox started ahead has imported torch and waits, as in batches on more cores than jobs. Commands "
    "are processes of their own; files have been read once.",
    measure,
)
