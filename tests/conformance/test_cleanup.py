"""Nothing outlives a run."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import psutil
import pytest

from grader.sandbox.base import LABEL, Promise, Sandbox
from grader.sandbox.cgroup import CgroupHierarchy
from tests.conformance.running import Runner, becomes_true, finish, read_line
from tests.conftest import ROOT


def traces(run_id: str = "") -> list[str]:
    """Containers, cgroups, folders and processes that a run left."""
    found = [str(path) for path in CgroupHierarchy.of_this_machine().leftovers() if path.name.endswith(run_id)]
    found += [str(path) for path in Path(tempfile.gettempdir()).glob(f"{LABEL}@*") if path.name.endswith(run_id)]
    found += [f"process {process.pid}" for process in processes_saying(run_id or "conformance-marker")]
    with contextlib.suppress(docker.errors.DockerException), contextlib.closing(docker.from_env()) as client:
        wanted = f"{LABEL}={run_id}" if run_id else LABEL
        found += [
            str(one.name) for one in client.containers.list(all=True, filters={"label": wanted}, ignore_removed=True)
        ]
    return found


def open_descriptors() -> int:
    """How many files this process has open."""
    return psutil.Process().num_fds()


def processes_saying(marker: str) -> list[psutil.Process]:
    """Processes of the whole machine that name `marker` on their command line, but for this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and any(marker in part for part in process.cmdline()):
                found.append(process)
    return found


STAYING = """
    import os, sys, time
    marker = "{marker}"
    if os.fork() == 0:                       # a daemon: its own session, its parent gone
        os.setsid()
        if os.fork() == 0:
            for fd in (0, 1, 2): os.close(fd)
            os.execv(sys.executable, [sys.executable, "-I", "-c", "import time; time.sleep(600)", marker])
        os._exit(0)
    os.wait()
    if os.fork() == 0:                       # a child that keeps the outputs open
        os.setsid()
        os.execv(sys.executable, [sys.executable, "-I", "-c", "import time; time.sleep(600)", marker])
    print("up", flush=True)
    {then}
"""


@pytest.mark.promise(Promise.CHILDREN_DIE)
def test_children_die_when_the_program_ends(runner: Runner) -> None:
    marker = f"marker-{os.urandom(6).hex()}"
    with runner.start(STAYING.format(marker=marker, then="time.sleep(0.3)")) as process:
        # Reads to the end of both outputs: a child that kept them open must not hold that up.
        assert finish(process).exit.code == 0
        assert becomes_true(lambda: not processes_saying(marker))


@pytest.mark.promise(Promise.CHILDREN_DIE)
def test_children_die_at_close(runner: Runner) -> None:
    marker = f"marker-{os.urandom(6).hex()}"
    with runner.start(STAYING.format(marker=marker, then="time.sleep(600)")) as process:
        read_line(process)
        assert becomes_true(lambda: len(processes_saying(marker)) >= 2)
    assert becomes_true(lambda: not processes_saying(marker))


def test_ten_runs_leave_nothing(runner: Runner) -> None:
    threads = threading.active_count()
    run_ids, descriptors = [], []
    for _ in range(10):
        request = runner.request("import sys; sys.stdin.read()")
        run_ids.append(request.run_id)
        with runner.sandbox.start(request) as process:
            process.send(b"x")
            finish(process)
        descriptors.append(open_descriptors())
    assert [trace for run_id in run_ids for trace in traces(run_id)] == []
    assert threading.active_count() <= threads
    # The client keeps connections to the engine for later requests: it has as many as it needs after some runs.
    assert descriptors[9] <= descriptors[5]


def test_close_of_running_program_leaves_nothing(runner: Runner) -> None:
    request = runner.request("import time; print('up', flush=True); time.sleep(600)")
    process = runner.sandbox.start(request)
    read_line(process)
    process.close()
    assert becomes_true(lambda: not traces(request.run_id))


def test_two_runs_at_once_stay_apart(runner: Runner) -> None:
    code = "import sys, time; data = sys.stdin.read(); time.sleep(0.2); print(data)"
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda word: runner.run(code, data=word.encode()).stdout, ["one", "two"]))
    assert outcomes == ["one\n", "two\n"]


def test_run_outlives_the_thread_that_started_it(runner: Runner) -> None:
    started = []
    code = "import sys, time; print('up', flush=True); print(sys.stdin.read())"
    thread = threading.Thread(target=lambda: started.append(runner.start(code)))
    thread.start()
    thread.join()
    with started[0] as process:
        read_line(process)
        assert process.wait(0.2) is None
        process.send(b"on")
        assert finish(process).stdout == "on\n"


KILLED_GRADER = """
import sys, time
from tests.conformance.conftest import BACKENDS
from tests.conformance.running import Runner
runner = Runner(BACKENDS[sys.argv[1]]())
request = runner.request("import time; print('up', flush=True); time.sleep(600)")
process = runner.sandbox.start(request)
print(request.run_id, flush=True)
time.sleep(600)
"""


def test_sweep_removes_what_a_killed_grader_left(backend: Sandbox, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["backend"]
    grader = subprocess.Popen([sys.executable, "-c", KILLED_GRADER, name], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert grader.stdout is not None
    with grader.stdout:
        run_id = grader.stdout.readline().strip()
    with Runner(backend).start("import time; print('up', flush=True); time.sleep(600)") as mine:
        read_line(mine)
        grader.kill()
        grader.wait()
        backend.sweep()
        assert becomes_true(lambda: not traces(run_id))
        assert mine.wait(0.2) is None, "the run of a grader that lives goes on"
    assert run_id
