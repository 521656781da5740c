"""A session holds a program to its frames, caps and budgets, whatever the program does."""

import json
import time
from pathlib import Path

import pytest

from grader.runner import protocol
from grader.runner.protocol import Message, ProtocolError
from grader.sandbox import open_sandbox
from grader.sandbox.base import Availability, Limits, Mount, Request, Sandbox, SandboxProcess, Usage
from grader.sandbox.session import Caps, PhaseBudget, SessionEnd, SessionResult, run_session

PRELUDE = """
import json, os, struct, sys, time
sys.stdin.buffer.read()
def frame(kind, body): os.write(1, struct.pack(">cI", kind, len(body)) + body)
def say(**message): frame(b"J", json.dumps(message).encode())
"""
CAPS = Caps(blob_bytes=1000, messages=20, output_bytes=300_000)


class SlowToMeasure(Sandbox):
    """Programs whose figures take a while, as an engine's statistics do."""

    name = "slow"

    def __init__(self) -> None:
        self._inner = open_sandbox("none", image="")

    def availability(self, *, gpu: int | None = None) -> Availability:
        return self._inner.availability(gpu=gpu)

    def start(self, request: Request) -> SandboxProcess:
        process = self._inner.start(request)
        measure = process.usage

        def usage() -> Usage:
            time.sleep(0.5)
            return measure()

        process.usage = usage  # type: ignore[method-assign]
        return process

    def sweep(self) -> list[str]:
        return []

    def inside(self, mount: Mount) -> str:
        return self._inner.inside(mount)


def run(
    body: str,
    *,
    wall_s: float = 20.0,
    cpu_s: float | None = None,
    caps: Caps = CAPS,
    total_cpu_s: float | None = None,
    sandbox: Sandbox | None = None,
) -> tuple[SessionResult, list[str]]:
    seen: list[str] = []

    def handler(message: Message) -> str | bool:
        event = json.loads(message.raw_json)
        seen.append(event["event"])
        if event["event"] == "refused":
            raise ProtocolError("not now")
        return event.get("phase") or event["event"] == "done"

    request = Request(
        run_id="session-test",
        argv=("-I", "-c", PRELUDE + body),
        mounts=(Mount("runner", Path(protocol.__file__).parent),),
        limits=Limits(memory_bytes=1024**3, processes=32, cpus=2, scratch_bytes=1024**2),
    )
    result = run_session(
        sandbox or open_sandbox("none", image=""),
        request,
        {"job": 1},
        budgets=(
            PhaseBudget("first", 20.0),
            PhaseBudget("second", wall_s, cpu_s),
            PhaseBudget("third", 20.0, total_cpu_s=total_cpu_s),
        ),
        caps=caps,
        handler=handler,
    )
    return result, seen


def test_done_ends_the_session_and_keeps_what_was_printed_before() -> None:
    result, seen = run("print('hello', file=sys.stderr, flush=True); say(event='done'); time.sleep(60)")
    assert (result.end, seen) == (SessionEnd.DONE, ["done"])
    assert result.output.head == b"hello\n"


def test_last_word_is_heard_though_the_program_ended_while_it_was_measured() -> None:
    result, seen = run("time.sleep(0.15); say(event='p', phase='second'); say(event='done')", sandbox=SlowToMeasure())
    assert (result.end, result.phase, seen) == (SessionEnd.DONE, "second", ["p", "done"])


def test_phases_are_timed_one_by_one() -> None:
    result, _ = run("say(event='p', phase='second'); say(event='p', phase='third'); say(event='done')")
    assert list(result.phases) == ["first", "second", "third"]


@pytest.mark.parametrize("again", ["second", "first", "unknown"])
def test_phase_out_of_order_breaks_the_protocol(again: str) -> None:
    result, _ = run(f"say(event='p', phase='second'); say(event='p', phase='{again}'); time.sleep(60)")
    assert (result.end, result.phase) == (SessionEnd.PROTOCOL, "second")


def test_wall_clock_budget_of_a_phase_ends_it() -> None:
    result, _ = run("say(event='p', phase='second'); time.sleep(60)", wall_s=0.3)
    assert (result.end, result.phase) == (SessionEnd.TIME, "second")


def test_cpu_budget_counts_work_and_not_waiting() -> None:
    work = "say(event='p', phase='second'); time.sleep(0.5)\nwhile True: pass"
    result, _ = run(work, cpu_s=0.4)
    assert result.end is SessionEnd.TIME
    assert result.phases["second"].cpu_s is not None
    assert result.phases["second"].wall_s > result.phases["second"].cpu_s


def test_what_earlier_phases_used_of_a_total_is_gone() -> None:
    work = "end = time.process_time() + 0.6\nwhile time.process_time() < end: pass\n"
    longer = work.replace("0.6", "2.0")
    body = f"say(event='p', phase='second')\n{work}say(event='p', phase='third')\n{longer}say(event='done')"
    result, _ = run(body, total_cpu_s=1.0)
    assert (result.end, result.phase) == (SessionEnd.TIME, "third")
    assert result.budget.cpu_s is not None
    assert 0.0 <= result.budget.cpu_s < 0.8
    assert run(body, total_cpu_s=5.0)[0].end is SessionEnd.DONE


def test_program_that_only_waits_is_not_ended_by_its_cpu_budget() -> None:
    result, _ = run("say(event='p', phase='second'); time.sleep(0.6); say(event='done')", cpu_s=0.4)
    assert result.end is SessionEnd.DONE


def test_exit_without_done_is_an_exit_with_its_code() -> None:
    result, _ = run("sys.exit(7)")
    assert (result.end, result.exit.code) == (SessionEnd.EXITED, 7)


def test_closed_streams_do_not_keep_a_program_alive() -> None:
    result, _ = run("os.close(1); os.close(2)")
    assert result.end is SessionEnd.EXITED


def test_output_keeps_beginning_and_end_and_counts_all() -> None:
    result, _ = run("sys.stderr.write('a' * 50 + 'x' * 200_000 + 'z' * 50); sys.stderr.flush(); say(event='done')")
    assert result.output.head.startswith(b"a" * 50)
    assert result.output.tail.endswith(b"z" * 50)
    assert result.output.total_bytes == 200_100
    assert len(result.output.head) + len(result.output.tail) <= 64 * 1024


def test_output_over_its_cap_ends_the_session() -> None:
    result, _ = run("while True: print('x' * 10_000, file=sys.stderr)")
    assert result.end is SessionEnd.OUTPUT


@pytest.mark.parametrize(
    "body",
    [
        "os.write(1, b'just printing'); time.sleep(60)",
        "frame(b'J', b'[]'); time.sleep(60)",
        "[say(event='x') for _ in range(21)]; time.sleep(60)",
        "say(event='refused'); time.sleep(60)",
    ],
)
def test_bytes_that_are_no_allowed_frames_end_the_session(body: str) -> None:
    assert run(body)[0].end is SessionEnd.PROTOCOL


def test_blob_over_its_cap_ends_the_session_and_is_told_apart() -> None:
    assert run("say(event='artifact', blob_bytes=1001); time.sleep(60)")[0].end is SessionEnd.BLOB


def test_memory_figures_are_measured() -> None:
    result, _ = run("block = b'x' * 200_000_000; time.sleep(3); say(event='done')")
    assert result.usage.memory_peak_bytes is not None
    assert result.usage.memory_peak_bytes > 150_000_000
