"""How a program ended, and what it used."""

import signal
import time

import pytest

from grader.sandbox.base import Promise, Sandbox
from tests.conformance.running import MIB, Runner, becomes_true, finish, read_line


@pytest.mark.parametrize("code", [0, 1, 77])
def test_exit_status_is_told(runner: Runner, code: int) -> None:
    ended = runner.run(f"raise SystemExit({code})").exit
    assert (ended.code, ended.signal) == (code, None)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGABRT"])
def test_signal_to_itself_is_told_and_its_own(runner: Runner, name: str) -> None:
    ended = runner.run(f"import os, signal; os.kill(os.getpid(), signal.{name})").exit
    assert (ended.code, ended.signal) == (None, getattr(signal, name))
    assert not ended.out_of_memory


def test_wait_while_running_says_nothing_yet(runner: Runner) -> None:
    with runner.start("import sys; print('up', flush=True); sys.stdin.read()") as process:
        read_line(process)
        assert process.wait(0.05) is None
        process.send(b"")
        assert finish(process).exit.code == 0


def test_kill_ends_at_once_and_may_be_repeated(runner: Runner) -> None:
    with runner.start("import time; print('up', flush=True); time.sleep(600)") as process:
        read_line(process)
        began = time.monotonic()
        process.kill()
        process.kill()
        ended = process.wait(30)
        assert ended is not None
        assert ended.signal == signal.SIGKILL
        assert time.monotonic() - began < 5
        process.kill()


def test_kill_of_program_that_ignores_signals_ends_it(runner: Runner) -> None:
    code = """
        import signal, time
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        print("up", flush=True)
        time.sleep(600)
    """
    with runner.start(code) as process:
        read_line(process)
        process.kill()
        assert process.wait(30) is not None


def kernel_s(runner: Runner) -> float:
    """CPU seconds of a kernel of the sandbox's own, which count as the run's: gVisor's takes seconds to start."""
    return 4.0 if getattr(runner.sandbox, "_runtime", None) else 0.0


def counted(runner: Runner, cpu_s: float) -> float:
    """The least that must have been used of CPU seconds by a program's own clock.

    gVisor's clock goes on while a program waits for a core: with a load of seven on two cores, of 1.0 s by that clock
    0.56 s had been used.
    """
    return cpu_s * (0.2 if getattr(runner.sandbox, "_runtime", None) else 0.8)


def test_cpu_time_is_measured(runner: Runner) -> None:
    code = """
        import time
        while time.process_time() < 1.0: pass
    """
    used_s = runner.run(code).exit.usage.cpu_s
    assert used_s is not None
    assert counted(runner, 1.0) <= used_s <= 1.4 + kernel_s(runner)


def test_cpu_time_of_children_is_measured(runner: Runner) -> None:
    code = """
        import os, time
        for _ in range(2):
            if os.fork() == 0:
                while time.process_time() < 0.5: pass
                os._exit(0)
        for _ in range(2): os.wait()
        time.sleep(0.1)
    """
    used_s = runner.run(code).exit.usage.cpu_s
    assert used_s is not None
    assert counted(runner, 1.0) <= used_s <= 1.4 + kernel_s(runner)


def test_usage_of_running_program_grows(runner: Runner) -> None:
    code = """
        import sys, time
        print("up", flush=True)
        until = time.process_time() + 1.5
        while time.process_time() < until: pass
        print("more", flush=True)
        sys.stdin.read()
    """
    with runner.start(code) as process:
        read_line(process)
        first_s = process.usage().cpu_s or 0.0
        read_line(process)
        assert becomes_true(lambda: (process.usage().cpu_s or 0.0) > first_s + 0.2)
        assert process.wait(0) is None
        usage = process.usage()
        assert usage.processes is not None
        assert usage.processes >= 1


def test_peak_memory_is_measured(runner: Runner) -> None:
    code = """
        import sys
        held = b"x" * (200 * 2**20)
        print("up", flush=True)
        sys.stdin.read()
        del held
    """
    with runner.start(code) as process:
        read_line(process)
        assert becomes_true(lambda: (process.usage().memory_peak_bytes or 0) >= 200 * MIB)
        process.send(b"")
        peak_bytes = finish(process).exit.usage.memory_peak_bytes
    assert peak_bytes is not None
    assert 200 * MIB <= peak_bytes <= 280 * MIB


@pytest.mark.promise(Promise.MEMORY_CAPPED)
def test_memory_above_cap_ends_program_and_says_so(runner: Runner) -> None:
    code = """
        import time
        held = []
        while True:
            held.append(bytearray(8 * 2**20))
            time.sleep(0.002)
    """
    ended = runner.run(code, memory_bytes=256 * MIB).exit
    assert ended.out_of_memory
    assert (ended.code, ended.signal) == (None, signal.SIGKILL)


@pytest.mark.promise(Promise.MEMORY_CAPPED)
def test_one_allocation_above_cap_does_not_succeed(runner: Runner) -> None:
    outcome = runner.run("import time; held = bytearray(b'x') * (2 * 2**30); time.sleep(1)", memory_bytes=256 * MIB)
    assert outcome.exit.out_of_memory or "MemoryError" in outcome.stderr


@pytest.mark.promise(Promise.MEMORY_CAPPED)
def test_memory_cap_holds_over_all_processes_together(runner: Runner) -> None:
    code = """
        import os, time
        for _ in range(4):
            if os.fork() == 0:
                held = bytearray(100 * 2**20)
                time.sleep(5)
                os._exit(0)
        for _ in range(4): os.wait()
    """
    assert runner.run(code, memory_bytes=256 * MIB).exit.out_of_memory


def test_memory_shared_after_fork_counts_once(runner: Runner) -> None:
    code = """
        import os, time
        held = bytearray(b"x") * (150 * 2**20)
        for _ in range(4):
            if os.fork() == 0:
                time.sleep(1.0)
                os._exit(0)
        for _ in range(4): os.wait()
    """
    ended = runner.run(code, memory_bytes=400 * MIB).exit
    assert (ended.code, ended.out_of_memory) == (0, False)


@pytest.mark.promise(Promise.PROCESSES_CAPPED)
def test_fork_bomb_is_contained_and_told(runner: Runner) -> None:
    code = """
        import os, time
        refused = 0
        for _ in range(500):
            try:
                if os.fork() == 0:
                    time.sleep(600)
            except OSError:
                refused += 1
        time.sleep(1.0)
        print(refused, flush=True)
    """
    outcome = runner.run(code, processes=32)
    assert int(outcome.stdout) >= 500 - 32
    assert outcome.exit.out_of_processes


@pytest.mark.promise(Promise.PROCESSES_CAPPED)
def test_threads_count_as_processes(runner: Runner) -> None:
    code = """
        import threading, time
        started = 0
        try:
            for _ in range(100):
                threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
                started += 1
        except RuntimeError:
            pass
        time.sleep(1.0)
        print(started, flush=True)
    """
    outcome = runner.run(code, processes=32)
    assert int(outcome.stdout) <= 32
    assert outcome.exit.out_of_processes


def test_modest_program_is_told_no_limit(runner: Runner) -> None:
    ended = runner.run("import threading; threading.Thread(target=print).start()", processes=4).exit
    assert (ended.code, ended.out_of_memory, ended.out_of_processes) == (0, False, False)


def test_open_files_are_bounded(runner: Runner) -> None:
    code = """
        import resource, time
        deadline = time.monotonic() + 5
        while resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 64 and time.monotonic() < deadline: pass
        print(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    """
    assert int(runner.run(code, open_files=64).stdout) == 64


def test_backend_is_available(backend: Sandbox) -> None:
    found = backend.availability()
    assert (found.ok, found.advice) == (True, None)
