"""How fast grading is, part by part: python -m benchmarks [--only PART…] [--runs 5] [--print].

Each part writes its section of docs/performance.md, and says which of its ratios moved since that was last written on
such a machine. The machine should do nothing else. `make peers` compares with other graders.
"""

import argparse
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import judging, latency, retraining, scale, sharing, submitting
from benchmarks.comparison import moved
from benchmarks.measuring import compile_package, machine, noise_share
from benchmarks.page import Row, page_text, recorded, write_section
from benchmarks.part import Asked, Part
from benchmarks.running import open_named
from grader.sandbox import SandboxName

SANDBOXES: list[SandboxName] = ["docker", "bubblewrap"]
PARTS = (submitting.PART, retraining.PART, latency.PART, judging.PART, *scale.PARTS, sharing.PART)


def main() -> None:
    """Measures what was asked for."""
    options = _arguments()
    asked = Asked(
        runs=options.runs,
        sandboxes=_startable(options.sandboxes),
        submissions=options.submissions,
        bare=options.bare,
        gradings=options.gradings,
        sizes=tuple(options.sizes),
        trainings=options.trainings,
        at_once=tuple(options.at_once),
    )
    compile_package()
    for part in PARTS:
        if options.only is None or part.name in options.only:
            noise = noise_share()
            with tempfile.TemporaryDirectory(prefix="bench-") as name:
                folder = Path(name)
                folder.chmod(0o755)  # a sandbox may run as somebody else
                rows = part.measure(folder, asked)
            print(f"\n{part.title}", *rows, sep="\n", flush=True)
            _compare(part, rows)
            if not options.print:
                write_section(part.title, _about(part, asked.runs, noise), rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", nargs="+", choices=[part.name for part in PARTS])
    parser.add_argument("--runs", type=int, default=5, help="rounds of everything, in turns")
    parser.add_argument("--print", action="store_true", help="write nothing to docs/performance.md")
    parser.add_argument("--sandboxes", nargs="+", choices=SANDBOXES, default=SANDBOXES)
    parser.add_argument("--submissions", type=int, default=100, help="models in a batch")
    parser.add_argument("--bare", type=int, default=10, help="models in a bare process, to compare with")
    parser.add_argument("--gradings", type=int, default=10_000, help="entries of the large gradebook")
    parser.add_argument("--sizes", nargs="+", type=int, default=[20, 200, 2000], help="of courses, growing")
    parser.add_argument("--trainings", type=int, default=4, help="in a batch that shares one GPU, or the cores")
    parser.add_argument("--at-once", nargs="+", type=int, default=[1, 2], help="of them; 1 2 4 8 16 32 for a large GPU")
    options = parser.parse_args()
    if options.runs < 1 or sorted(set(options.sizes)) != options.sizes or len(options.sizes) < 3:
        parser.error("at least one run, and three sizes, each larger than the one before")
    return options


def _startable(names: Sequence[SandboxName]) -> tuple[SandboxName, ...]:
    """Those that can start runs here; says why the others are left out."""
    startable = []
    for name in names:
        with open_named(name) as sandbox:
            state = sandbox.availability()
        if state.ok:
            startable.append(name)
        else:
            print(f"{name} is left out: {state.detail.en}", flush=True)
    return tuple(startable)


def _compare(part: Part, rows: Sequence[Row]) -> None:
    """Prints what moved since the last record."""
    last = recorded(part.title, page_text())
    if last is None or not last.about.startswith(f"{machine()}, "):
        print("Not compared: nothing is recorded of such a machine with these versions.", flush=True)
        return
    lines = moved(last.found, rows)
    said = "Moved by more than their spread:" if lines else "Nothing moved by more than its spread."
    print(said, *lines, sep="\n", flush=True)


def _about(part: Part, runs: int, noise: float) -> str:
    return (
        f"{machine()}, {datetime.now(UTC):%Y-%m-%d}. n = {runs} of each, in turns; medians, with the least and the "
        f"most. In the second before, the machine was busy for {noise:.0%} of one core.\n\n{part.about}"
    )


if __name__ == "__main__":
    main()
