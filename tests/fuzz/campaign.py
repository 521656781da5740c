"""Many generated inputs for one reader: each is accepted or refused, soon, in bounded memory, and nothing else happens.

Input `index` is made from seed and index alone, so that any one of them can be made again:

    GRADER_FUZZ_SEED=20 GRADER_FUZZ_INDEX=1234 python -m pytest tests/fuzz/test_collector.py

`GRADER_FUZZ_INPUTS` says how many there are for each reader; 10,000 and more are shared between all cores.
"""

import contextlib
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from ctypes import c_longlong
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.fuzz import guard

SEED = os.environ.get("GRADER_FUZZ_SEED", "20")
INPUTS = int(os.environ.get("GRADER_FUZZ_INPUTS", "2000"))
INDEX = os.environ.get("GRADER_FUZZ_INDEX")
SLOWEST_S = 1.0
"""CPU time, user and system, that making and reading one input may take."""
ENOUGH, MANY = 1_000, 10_000
"""Inputs of which shares can be told; inputs for which it pays to start more than one process."""
BLOCK = 100
"""Memory is looked at after so many inputs: a failure can name these only."""

Case = Callable[[random.Random], str]
"""Makes one input out of chance and reads it. Returns how that ended; whatever it raises is an escape."""
Reader = Callable[[Path], Case]
"""Prepares the case in an empty folder of its own; importable by name, for other processes need it."""


class TooSlow(BaseException):
    """One input took too long. No `Exception`, so that no reader can swallow it."""


def run(reader: Reader, *, memory_bytes: int) -> Counter[str]:
    """How many inputs ended how.

    Args:
        reader: what is fuzzed.
        memory_bytes: how far above its level at the start the resident memory of a process may rise at any time.

    Raises:
        AssertionError: an input escaped, was too slow, took too much memory or ended the process; says how to replay.
    """
    if INDEX is not None:
        with tempfile.TemporaryDirectory() as folder:
            pytest.skip(f"only input {INDEX} was read; {reader(Path(folder))(_chance(int(INDEX)))}")
    began = time.monotonic()
    workers = len(os.sched_getaffinity(0)) if INPUTS >= MANY else 1
    shares = [_start(reader, range(first, INPUTS, workers), memory_bytes) for first in range(workers)]
    finished = [_finish(reader, *share) for share in shares]
    wall_s = time.monotonic() - began
    counts = sum((counted for counted, _ in finished), Counter[str]())
    print(f"{INPUTS} inputs of seed {SEED} in {wall_s:.0f} s by {workers} processes: {INPUTS / wall_s:.0f} a second;")
    print(f"memory rose by {max(rose_bytes for _, rose_bytes in finished) / 1024**2:.0f} MiB at most")
    for outcome, count in counts.most_common():
        print(f"{count:8}  {count / INPUTS:6.2%}  {outcome}")
    return counts


def expect(counts: Counter[str], shares: Mapping[tuple[str, ...], float]) -> None:
    """Fails if too few inputs went deep: where all stop at the first check, nothing is proved.

    Args:
        counts: out of `run`.
        shares: by beginnings of outcomes, the least share of the inputs that must have ended so.
    """
    if INPUTS < ENOUGH:
        return
    for beginnings, least in shares.items():
        count = sum(count for outcome, count in counts.items() if outcome.startswith(beginnings))
        assert count >= least * INPUTS, f"only {count} of {INPUTS} inputs ended with {beginnings}"


Share = tuple[multiprocessing.process.BaseProcess, Connection, c_longlong]


def _start(reader: Reader, indices: range, memory_bytes: int) -> Share:
    # Spawned, not forked: torch's threads don't survive a fork, and the guard can't be taken off again.
    context = multiprocessing.get_context("spawn")
    current = context.RawValue(c_longlong, indices.start)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(reader, indices, memory_bytes, current, sender), daemon=True)
    process.start()
    sender.close()
    return process, receiver, current


def _finish(
    reader: Reader, process: multiprocessing.process.BaseProcess, receiver: Connection, current: c_longlong
) -> tuple[Counter[str], int]:
    """Counts of a process, and by how many bytes its memory rose."""
    try:
        answer = json.loads(receiver.recv_bytes())
        process.join()
    except EOFError:
        process.join()
        answer = {"failure": f"the process ended with exit code {process.exitcode}"}
    if "failure" in answer:
        module = reader.__module__.replace(".", "/")
        replay = f"GRADER_FUZZ_SEED={SEED} GRADER_FUZZ_INDEX={current.value} python -m pytest {module}.py"
        raise AssertionError(f"{answer['failure']}\nTo replay it: {replay}")
    return Counter(answer["counts"]), answer["rose_bytes"]


def _work(reader: Reader, indices: range, memory_bytes: int, current: c_longlong, sender: Connection) -> None:
    sys.dont_write_bytecode = True  # the guard would take it for an escape
    signal.signal(signal.SIGPROF, _raise_too_slow)
    scratch = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    answer: dict[str, object]
    try:
        with tempfile.TemporaryDirectory(dir=scratch) as folder, warnings.catch_warnings():
            warnings.simplefilter("error")  # as a host may do
            answer = _counted(reader(Path(folder)), indices, memory_bytes, current)
    except BaseException:
        answer = {"failure": traceback.format_exc()}
    sender.send_bytes(json.dumps(answer).encode())


def _counted(case: Case, indices: range, memory_bytes: int, current: c_longlong) -> dict[str, object]:
    counts = Counter[str]()
    level_bytes = _memory_bytes("VmRSS")
    rose_bytes = 0
    for index in indices:
        current.value = index
        chance = _chance(index)
        signal.setitimer(signal.ITIMER_PROF, SLOWEST_S, SLOWEST_S)
        outcome = case(chance)
        signal.setitimer(signal.ITIMER_PROF, 0)
        guard.check()
        counts[outcome] += 1
        if counts.total() % BLOCK == 0:
            rose_bytes = max(rose_bytes, _memory_bytes("VmHWM") - level_bytes)
            assert rose_bytes <= memory_bytes, (
                f"memory rose by {rose_bytes} bytes in the last {BLOCK} inputs of a process"
            )
            _forget_peak()
    return {"counts": counts, "rose_bytes": rose_bytes}


def _chance(index: int) -> random.Random:
    return random.Random(f"{SEED}/{index}")


def _raise_too_slow(*_: object) -> None:
    raise TooSlow(f"more than {SLOWEST_S} s of CPU time")


def _memory_bytes(field: str) -> int:
    """A figure of this process alone; `ru_maxrss` would begin with what the parent had."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0


def _forget_peak() -> None:
    with contextlib.suppress(OSError):  # then the peak of all inputs so far counts
        Path("/proc/self/clear_refs").write_text("5")
