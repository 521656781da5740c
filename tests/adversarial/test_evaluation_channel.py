"""A model that has taken over the child that evaluates it: the next model's evaluation is as if nothing had happened.

No such model is known. These children do what one could do, in the place of the work that they should do.
"""

import json
import textwrap
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grader
from grader.evaluation.answers import Answers, Asked
from grader.evaluation.hidden_images import npy
from grader.runner.protocol import Message, ProtocolError
from grader.sandbox import open_sandbox
from grader.sandbox.base import Limits, Mount, Request
from grader.sandbox.session import Caps, PhaseBudget, SessionEnd, SessionResult, run_session
from grader.sandbox.warm import WarmSandbox
from grader.settings import Settings
from tests.unit.specs import small_spec

LIMITS = Limits(memory_bytes=2 * 1024**3, processes=64, cpus=1, scratch_bytes=64 * 1024**2)
CAPS = Caps(blob_bytes=1024**2, messages=64, output_bytes=64 * 1024)
IMAGES = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)
ORDER = np.array([5, 0, 3], dtype=np.int32)

PLANTED = """
import json, os, signal, sys, time
sys.path.insert(0, {package!r})
from grader.evaluation import server

def honest(job, model, pixels, send):
    send("done", seen=pixels[:, 0, 0, 0].tolist(), model=model.read_text(), folder=sorted(os.listdir(".")))

def attack(job, model, pixels, send):
{attack}

def work(job, model, pixels, send):
    (attack if model.read_text() == "attack" else honest)(job, model, pixels, send)

server.work = work
if not {confined}:
    server.confine = lambda: None
server.main()
"""


@pytest.fixture
def warm(isolating: str) -> Iterator[WarmSandbox]:
    with WarmSandbox(open_sandbox(isolating, image=Settings().image), spares=0) as sandbox:  # type: ignore[arg-type]
        yield sandbox


def request(warm: WarmSandbox, attack: str, *, confined: bool = True) -> Request:
    """The program with an attack in it; without the filter on its children, what else holds them is seen alone."""
    code = Mount("code/grader", Path(grader.__file__).parent)
    program = PLANTED.format(
        package=str(Path(warm.inside(code)).parent),
        attack=textwrap.indent(textwrap.dedent(attack), "    "),
        confined=confined,
    )
    return Request(
        run_id=f"test-{uuid.uuid4().hex[:12]}",
        argv=("-I", "-c", program),
        mounts=(code,),
        limits=LIMITS,
        reusable=True,
    )


def serve(
    warm: WarmSandbox, asked: Request, model: str, heard: Callable[[Message], str | bool] | None = None
) -> tuple[SessionResult, list[dict[str, Any]]]:
    """One job; what was said, up to the end that only the program around the child may tell.

    Args:
        heard: who decides where the end is, and what breaks the protocol; by default one that lets anything be said.
    """
    said: list[dict[str, Any]] = []

    def take(message: Message) -> str | bool:
        said.append(json.loads(message.raw_json))
        if heard is not None:
            return heard(message)
        if said[-1]["event"] != "ended":
            return False
        if not any(one["event"] == "done" for one in said):
            raise ProtocolError("ended, but not done")  # as the grader's own listener does
        return True

    result = run_session(
        warm,
        asked,
        {"images": "six", "alone": True, "caps_on_messages": {"blob_bytes": CAPS.blob_bytes}},
        files={"model.pt2": model.encode(), "order.npy": npy(ORDER)},
        lasting={"six": lambda: npy(IMAGES)},
        budgets=(PhaseBudget("run", wall_s=60),),
        caps=CAPS,
        handler=take,
    )
    return result, said


HONEST = {"event": "done", "seen": [5, 0, 3], "model": "honest"}


def is_honest(said: list[dict[str, Any]]) -> bool:
    done = [one for one in said if one["event"] == "done"]
    # Beside the one job there may be what torch makes for itself when it is loaded.
    jobs = [name for name in done[0]["folder"] if name.startswith("job-")] if done else []
    return len(done) == 1 and HONEST.items() <= done[0].items() and len(jobs) == 1


def test_program_that_is_kept_serves_one_job_after_another_and_holds_the_images(warm: WarmSandbox) -> None:
    asked = request(warm, "pass")
    for _ in range(3):
        result, said = serve(warm, asked, "honest")
        assert result.end is SessionEnd.DONE
        assert is_honest(said)
        assert warm.ready(asked) == 1


@pytest.mark.parametrize(
    "attack",
    [
        "send('done'); send('ended'); time.sleep(0.5); send('done', seen=[1])",
        "os.write(1, b'J' + b'\\xff' * 4)",
        "os.write(1, b'J' + (14).to_bytes(4, 'big') + b'{\"event\": NaN}')",
        "os.write(1, b'J' + (40_000).to_bytes(4, 'big') + b'[' * 40_000)",
        "send('done', blob=b'x' * 2_000_000)",
        "os.kill(os.getppid(), signal.SIGKILL); time.sleep(5)",
        "os.abort()",
        "raise SystemExit(3)",
    ],
    ids=[
        "forges_the_end",
        "breaks_frames",
        "says_a_number_that_is_none",
        "nests",
        "floods_in_one_blob",
        "kills_the_program",
        "aborts",
        "exits",
    ],
)
def test_child_that_breaks_the_rules_takes_its_program_with_it(warm: WarmSandbox, attack: str) -> None:
    asked = request(warm, attack)
    assert serve(warm, asked, "honest")[0].end is SessionEnd.DONE
    result, _ = serve(warm, asked, "attack")
    assert result.end is not SessionEnd.DONE
    assert warm.ready(asked) == 0
    result, said = serve(warm, asked, "honest")
    assert result.end is SessionEnd.DONE
    assert is_honest(said)


def test_message_out_of_place_is_not_taken_for_the_end_while_its_child_lives(warm: WarmSandbox) -> None:
    """Else the next model's job would be answered by this child."""
    asked = request(warm, "send('done'); send('recurrence', blob=b'null'); time.sleep(1); send('done', seen=[1])")
    assert serve(warm, asked, "honest")[0].end is SessionEnd.DONE
    result, _ = serve(warm, asked, "attack", heard=Answers(Asked(small_spec(), images=6, public=1)).take)
    assert result.end is SessionEnd.PROTOCOL
    assert warm.ready(asked) == 0
    result, said = serve(warm, asked, "honest")
    assert result.end is SessionEnd.DONE
    assert is_honest(said)


SPEAKS_LATER = """
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        while True:
            time.sleep(0.05)
            send("done", seen=[6, 6, 6])
    os._exit(0)
os.wait()
send("done", seen=[])
"""
READS_ITS_PARENT = """
found = []
for name in ("mem", "fd/1", "fd/0", "maps", "environ"):
    try:
        with open(f"/proc/{os.getppid()}/{name}", "rb") as file:
            file.read(1)
        found.append(name)
    except OSError as error:
        pass
send("done", seen=found)
"""


LEAVES_SOMETHING = """
import ctypes, resource, socket, threading
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)
attempts = {
    "fill the scratch folder": lambda: open("/scratch/left", "wb"),
    "fill shared memory": lambda: open("/dev/shm/left", "wb"),
    "make a folder": lambda: os.mkdir("/scratch/left-too"),
    "leave a semaphore": lambda: call("semget", 0, 1, 0o1666),
    "fork": lambda: os.fork() or os._exit(0),
    "start a thread": lambda: threading.Thread(target=int).start(),
    "slow the program": lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 1),
    "idle the program": lambda: os.sched_setscheduler(os.getppid(), os.SCHED_IDLE, os.sched_param(0)),
    "take the program's files": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (30, 30)),
    "leave memory of System V": lambda: call("shmget", 0, 1 << 20, 0o1666),
    "leave a queue": lambda: call("msgget", 0, 0o1666),
    "leave a socket": lambda: socket.socket(socket.AF_UNIX).bind("/scratch/left-socket"),
    "take the program's cores": lambda: os.sched_setaffinity(os.getppid(), {0}),
    "trace its init": lambda: call("ptrace", 16, 1, 0, 0),
    "take the model away": lambda: os.unlink(model),
    "close a folder": lambda: os.chmod("/scratch", 0),
    "answer in the program's name": lambda: open(f"/proc/{os.getppid()}/fd/1", "wb"),
    "answer in its init's name": lambda: os.write(os.open("/proc/1/fd/1", os.O_WRONLY), b"x"),
    "start a program": lambda: os.execv(sys.executable, [sys.executable, "-c", ""]),
}
done = []
for name, attempt in list(attempts.items())[:TRIED]:
    try:
        attempt()
        done.append(name)
    except (OSError, RuntimeError):
        pass
send("done", seen=done, tried=len(attempts))
"""


def left_by(warm: WarmSandbox, *, confined: bool, tried: int) -> tuple[list[str], int]:
    """Which attempts succeed, and how many there are."""
    asked = request(warm, LEAVES_SOMETHING.replace("TRIED", str(tried)), confined=confined)
    result, said = serve(warm, asked, "attack")
    assert result.end is SessionEnd.DONE
    answer = next(one for one in said if one["event"] == "done")
    result, said = serve(warm, asked, "honest")
    assert result.end is SessionEnd.DONE
    assert is_honest(said)
    return answer["seen"], answer["tried"]


def test_child_can_leave_nothing_behind_and_set_nothing_of_others(warm: WarmSandbox) -> None:
    assert left_by(warm, confined=True, tried=19) == ([], 19)


def test_child_that_was_not_confined_could_leave_all_that(warm: WarmSandbox) -> None:
    """What the test above is worth: nothing else in a sandbox refuses these."""
    assert len(left_by(warm, confined=False, tried=9)[0]) == 9


def test_process_that_a_child_leaves_is_gone_before_the_next_job(warm: WarmSandbox) -> None:
    asked = request(warm, SPEAKS_LATER, confined=False)
    serve(warm, asked, "attack")
    for _ in range(3):
        result, said = serve(warm, asked, "honest")
        assert result.end is SessionEnd.DONE
        assert is_honest(said)


def test_child_can_not_look_into_the_program_that_made_it(warm: WarmSandbox) -> None:
    result, said = serve(warm, request(warm, READS_ITS_PARENT), "attack")
    assert result.end is SessionEnd.DONE
    assert [one["seen"] for one in said if one["event"] == "done"] == [[]]
