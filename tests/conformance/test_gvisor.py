"""What holds under gVisor where it differs: its kernel stands between the program and the host's."""

import os

import psutil
import pytest

from grader.sandbox.docker import DockerSandbox
from grader.settings import Settings
from tests.conformance.conftest import opened
from tests.conformance.running import MIB, Runner, becomes_true, read_line
from tests.conftest import need

pytestmark = [pytest.mark.docker, pytest.mark.runsc]


@pytest.fixture
def gvisor() -> Runner:
    sandbox, reason = opened("docker-runsc")
    need("runsc", ok=reason is None, reason=reason or "")
    return Runner(sandbox)


def tasks_of_gvisor() -> dict[int, str]:
    """Processes of this machine that run gVisor, or programs in it."""
    return {
        process.pid: " ".join(process.info["cmdline"] or [])
        for process in psutil.process_iter(["cmdline", "name"])
        if "runsc" in (process.info["name"] or "") or "runsc" in " ".join(process.info["cmdline"] or [])[:60]
    }


def test_kernel_that_programs_see_is_not_the_hosts(gvisor: Runner) -> None:
    release = gvisor.run("import os; print(os.uname().release)").stdout.strip()
    assert release
    assert release != os.uname().release


def test_program_is_nobody_without_capabilities(gvisor: Runner) -> None:
    code = """
        import os
        status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
        print(os.getuid() != 0, os.geteuid() != 0, 0 not in os.getgroups())
        print(*(int(status[name], 16) for name in ("CapInh", "CapEff", "CapPrm")))
    """
    assert gvisor.run(code).lines == ["True True True", "0 0 0"]


def test_namespace_made_inside_gives_no_way_to_the_host(gvisor: Runner) -> None:
    code = """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        print(libc.unshare(0x10000000 | 0x00020000))
        libc.mount(b"none", b"/scratch", b"tmpfs", 0, None)
        for name in ("/dev/sda", "/dev/vda", "/dev/mem", "/dev/kmsg"):
            try: print(os.open(name, os.O_RDONLY))
            except OSError: pass
        found = libc.mknod(b"/scratch/disk", 0o60666, os.makedev(254, 0))
        try: os.open("/scratch/disk", os.O_RDONLY); print("opened")
        except OSError: pass
        try: open("/proc/sys/kernel/core_pattern", "w").write("x"); print("written")
        except OSError: pass
        print("ok")
    """
    assert gvisor.run(code).lines == ["0", "ok"]


def test_fork_bomb_ends_with_its_kernel_and_is_told(gvisor: Runner) -> None:
    code = """
        import os, time
        for _ in range(500):
            if os.fork() == 0:
                time.sleep(600)
        print("all", flush=True)
    """
    outcome = gvisor.run(code, processes=16)
    assert "all" not in outcome.stdout
    assert outcome.exit.out_of_processes


def test_temporary_folder_by_name_counts_as_memory(gvisor: Runner) -> None:
    code = """
        import os
        with open("/tmp/big", "wb") as file:
            for _ in range(512): file.write(os.urandom(2**20)); file.flush()
        print("written")
    """
    outcome = gvisor.run(code, memory_bytes=256 * MIB)
    assert outcome.exit.out_of_memory or "No space left" in outcome.stderr
    assert "written" not in outcome.stdout


def test_close_leaves_no_process_of_gvisors_on_the_host(gvisor: Runner) -> None:
    before = set(tasks_of_gvisor())
    code = """
        import os, time
        for _ in range(3):
            if os.fork() == 0:
                os.setsid()
                time.sleep(600)
        print("up", flush=True)
        time.sleep(600)
    """
    process = gvisor.start(code)
    read_line(process)
    assert set(tasks_of_gvisor()) - before
    process.close()
    assert becomes_true(lambda: not set(tasks_of_gvisor()) - before), tasks_of_gvisor()


def test_runtime_that_the_engine_does_not_know_is_named_with_what_to_do(gvisor: Runner) -> None:
    runtime = "no-such-runtime"
    found = DockerSandbox(Settings().image, runtime=runtime).availability()
    assert not found.ok
    assert runtime in found.detail.en
    assert runtime in found.detail.ko
    assert found.advice is not None
    assert "daemon.json" in found.advice.en
