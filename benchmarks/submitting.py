"""One submission with its model, from the command to the table, against what anyone's script takes."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import Took, alternately, command_environment, grade, took
from benchmarks.page import Row
from benchmarks.part import MISSION, Asked, Part, Trained, train_reference
from benchmarks.ratio import Ratio, in_words
from benchmarks.rows import beside
from benchmarks.running import bare_script

BATCH_SIZE = 250
"""Of the script; as the grader's, which is the fastest of 250 and 1,000 for the reference."""
_IMPORT, _SCRIPT = "import", "script"
_READY = "in other terminals"
"""What `grade warm` says when it is ready."""


def measure(folder: Path, asked: Asked) -> list[Row]:
    """Three ratios for each sandbox."""
    trained = train_reference(folder)
    with ExitStack() as stack:
        # Where graders meet; each has its own, or one of the user's would answer, or one would answer for the other.
        places: dict[str, str] = {
            name: stack.enter_context(TemporaryDirectory(prefix="run-")) for name in asked.sandboxes
        }
        cold = _in_turns(trained, places, folder, asked.runs)
        for name, place in places.items():
            stack.enter_context(_resident_grader(name, place, folder))
        warm = _in_turns(trained, places, folder, asked.runs)
    rows = []
    for name in asked.sandboxes:
        rows += [
            _to_table(f"`grade submit` in {name}, to the table", cold, name),
            _to_table(f"`grade submit` in {name} beside `grade warm`, to the table", warm, name),
            beside(
                f"`grade submit` in {name}, to its end : a script that imports torch, loads and evaluates",
                [ran.wall_s for ran in cold[name]],
                [ran.wall_s for ran in cold[_SCRIPT]],
                "1.3 or less",
            ),
        ]
    return rows


def _in_turns(trained: Trained, places: Mapping[str, str], folder: Path, rounds: int) -> dict[str, list[Took]]:
    """What submissions took, and beside them the import of torch and the script."""
    contenders: dict[str, Callable[[], Took]] = {
        _IMPORT: lambda: took([sys.executable, "-c", "import torch"], folder=folder, may_fail=False),
        _SCRIPT: partial(bare_script, [trained.model], BATCH_SIZE, folder),
        **{name: partial(_submit, trained, name, place, folder) for name, place in places.items()},
    }
    return alternately(contenders, rounds, warm_up=True)


def _to_table(what: str, found: Mapping[str, list[Took]], name: str) -> Row:
    """How long until the table stands there, of what the work alone takes."""
    to_table = [ran.answer_s for ran in found[name]]
    imports = [ran.wall_s for ran in found[_IMPORT]]
    evaluations = [float(ran.output.splitlines()[-1].split(",")[1]) for ran in found[_SCRIPT]]
    floor = [one + other for one, other in zip(imports, evaluations, strict=True)]
    return Row(
        f"{what} : `import torch` and the evaluation alone",
        str(Ratio.of(to_table, floor)),
        "below 1",
        f"{in_words(to_table)} : {in_words(imports)} and {in_words(evaluations)}",
    )


def _submit(trained: Trained, sandbox: str, place: str, folder: Path) -> Took:
    handed_in = (str(trained.submission), "--artifact", str(trained.model))
    options = ("--sandbox", sandbox, "--out", "report")
    return grade("submit", MISSION, *handed_in, *options, folder=folder, environment=_at(place))


@contextmanager
def _resident_grader(sandbox: str, place: str, folder: Path) -> Iterator[None]:
    """`grade warm`, ready."""
    command = [sys.executable, "-c", "from grader.cli import main; main()", "warm", "--sandbox", sandbox]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, env=_at(place)) as process:
        assert process.stderr is not None
        try:
            if not any(_READY in line for line in process.stderr):
                raise RuntimeError(f"`grade warm` in {sandbox} ended with {process.wait()}")
            yield
        finally:
            process.send_signal(signal.SIGTERM)


def _at(place: str) -> dict[str, str]:
    return {**command_environment(), "XDG_RUNTIME_DIR": place, "COLUMNS": "200"}


PART = Part(
    "submit",
    "One submission",
    "The reference of `mission_cnn` with its model, handed in ready. Every run is a process of its own, and no part of "
    "the grader runs before it, but for `grade warm` where that is said; files have been read once, so that none waits "
    "for the disk. The script isolates and checks nothing and evaluates once, with all cores; `grade submit` also vets "
    "the model, measures what rests on its convolutions, small changes of the images, and other batch sizes where a "
    "graph leaves them open, and writes the report.",
    measure,
)
