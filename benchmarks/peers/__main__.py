"""Graders that courses use today, and this one, over the same trained submissions.

python -m benchmarks.peers [--submissions 20] [--rounds 3] [--only NAME…] [--print]

Course and submissions are the same for all: load the network, five checks, accuracy on 10,000 images, a report each.
The others run as their users run them, one submission after another, in virtual environments of their own that are
made on first use. The machine must do nothing else: seconds are those in which any of its cores was busy.
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measuring import busy_s, compile_package, machine, noise_share
from benchmarks.page import write_section
from benchmarks.peers.contenders import CONTENDERS, FLOOR, OURS, Contender, Desk, desk_environment, environment_of
from benchmarks.peers.models import trained_submissions
from benchmarks.peers.outcome import Measured, disagreements, table
from grader import data

TITLE = "Other graders"
CACHE = data.default_cache_dir() / "benchmarks"


def main() -> None:
    """Measures, and writes a section of docs/performance.md where all were measured."""
    asked = arguments()
    chosen = [contender for contender in CONTENDERS if asked.only is None or contender.name in asked.only]
    (CACHE / "environments").mkdir(parents=True, exist_ok=True)
    compile_package()
    students = trained_submissions(asked.submissions, CACHE / "models")
    found: dict[str, list[Measured]] = {}
    accuracies: dict[str, dict[str, float]] = {}
    missing: dict[str, str] = {}
    for turn in range(asked.rounds):
        for contender in chosen if turn % 2 == 0 else reversed(chosen):
            if contender.name in missing:
                continue
            try:
                measured, read = one_run(contender, students, asked.threads)
            except (RuntimeError, OSError, ValueError, KeyError) as failure:
                found.pop(contender.name, None)
                missing[contender.name] = str(failure)
                print(f"{contender.name} could not be measured: {failure}", flush=True)
                continue
            found.setdefault(contender.name, []).append(measured)
            accuracies[f"{contender.name}, round {turn + 1}"] = read
            print(f"{contender.name}: CPU {measured.cpu_s:.2f} s, wall {measured.wall_s:.2f} s", flush=True)
    if differences := disagreements(accuracies):
        raise SystemExit("The graders do not agree, so nothing is written.\n" + "\n".join(differences))
    rows = table(found, missing, floor=FLOOR, ours=OURS)
    text = about(asked, max((run.noise_share for runs in found.values() for run in runs), default=0))
    print(text, *rows, sep="\n")
    if not asked.print and asked.only is None:
        write_section(TITLE, text, rows)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("--submissions", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, in turns")
    parser.add_argument("--threads", type=int, default=1, help="of torch, in each process that is not ours")
    parser.add_argument("--only", nargs="+", choices=[contender.name for contender in CONTENDERS])
    parser.add_argument("--print", action="store_true", help="write nothing to docs/performance.md, as with --only")
    asked = parser.parse_args()
    if asked.submissions < 1 or asked.rounds < 1:
        parser.error("at least one submission and one round")
    return asked


def one_run(contender: Contender, students: list[Path], threads: int) -> tuple[Measured, dict[str, float]]:
    """All submissions once, in a new folder: what it took, and the accuracies."""
    python = environment_of(contender.requirements, CACHE / "environments")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        environment = desk_environment(python, folder, data.load("mnist").test_root, threads)
        desk = Desk(folder, students, python, environment)
        contender.prepare(desk)
        noise = noise_share()
        busy, began = busy_s(), time.monotonic()
        contender.grade(desk)
        measured = Measured(busy_s() - busy, time.monotonic() - began, noise)
        return measured, contender.read(desk)


def about(asked: argparse.Namespace, noise: float) -> str:
    """What was compared, on what."""
    pinned = [requirement for contender in CONTENDERS for requirement in contender.requirements]
    versions = ", ".join(pinned).replace("==", " ")
    return (
        f"{machine()}, {versions}, {datetime.now(UTC):%Y-%m-%d}. n = {asked.rounds} of each, in turns; medians, with "
        f"the least and the most.\n\n"
        f"All grade the same {asked.submissions} trained networks of `mission_cnn`, to the same accuracies: load, five "
        "checks, accuracy on 10,000 images, a report each, a table of all. The others isolate nothing and run one "
        f"submission after another, as their commands do; torch has {asked.threads} thread(s) in each of their "
        "processes. `grade batch` begins with an empty gradebook, uses all cores, and also measures what rests on the "
        "convolutions, small changes of the images, and other batch sizes where a graph leaves them open. CPU seconds "
        "are those in which any core was busy (`/proc/stat`), so containers count; in the second before each run the "
        f"machine was busy for {noise:.0%} of one core at most. Measured by `make peers`; making the networks and the "
        "others' environments is not counted."
    )


if __name__ == "__main__":
    main()
