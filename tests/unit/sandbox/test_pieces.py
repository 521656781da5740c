import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.errors import DiskFull, InfrastructureError
from grader.image import content_hash, default_base
from grader.sandbox.base import Limits, Mount
from grader.sandbox.cgroup import CgroupHierarchy, CgroupV2
from grader.sandbox.child import from_init_status, start_failure
from grader.sandbox.interpreter import interpreter_view
from grader.sandbox.mounts import check_mounts
from grader.sandbox.owner import Owner, OwnerState, owned_name, owner_of_name, parse_owner
from grader.sandbox.process_tree import ProcessTree
from tests.conftest import ROOT


def test_owner_of_this_process_is_alive_and_survives_its_name() -> None:
    owner = owner_of_name(owned_name("run@with-odd.name"))
    assert owner == Owner.of_this_process()
    assert owner.state() is OwnerState.ALIVE


def test_owner_with_reused_pid_is_dead() -> None:
    own = Owner.of_this_process()
    assert Owner(own.place, own.pid, own.started + 1).state() is OwnerState.DEAD


def test_owner_of_another_boot_is_foreign() -> None:
    assert Owner("000000000000", 1, 1).state() is OwnerState.FOREIGN


@pytest.mark.parametrize("text", ["", "a-b-c", "a-1", "x-1-2-3"])
def test_owner_of_other_words_is_none(text: str) -> None:
    assert parse_owner(text) is None
    assert owner_of_name(text) is None


@pytest.mark.parametrize(("status", "expected"), [(0, 0), (1, 1), (128, 128), (137, -9), (139, -11), (255, 255)])
def test_status_of_init_reads_as_code_or_signal(status: int, expected: int) -> None:
    assert from_init_status(status) == expected


def test_full_disk_is_told_apart() -> None:
    assert isinstance(start_failure(OSError(28, "no space")), DiskFull)
    assert type(start_failure(OSError(11, "again"))) is not DiskFull


@pytest.mark.parametrize("name", ["/data", "../up", "", "a/../../b"])
def test_mount_outside_its_place_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="plain path segments"):
        check_mounts((Mount(name, tmp_path),), as_stranger=False)


def test_mount_closed_to_strangers_is_named_with_remedy(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "file").touch(0o600)
    check_mounts((Mount("data", tmp_path),), as_stranger=False)
    with pytest.raises(InfrastructureError, match="file") as raised:
        check_mounts((Mount("data", tmp_path),), as_stranger=True)
    assert "chmod -R a+rX" in raised.value.advice.en


def test_interpreter_view_holds_no_home_and_no_checkout() -> None:
    shown = interpreter_view().folders
    assert ROOT not in shown
    assert Path.home() not in shown
    assert any(Path(sys.prefix).is_relative_to(folder) for folder in shown)


def test_cgroup_v2_figures_are_read(tmp_path: Path) -> None:
    for name, content in {
        "cpu.stat": "usage_usec 1500000\nuser_usec 1\n",
        "memory.peak": "4096\n",
        "pids.current": "3\n",
        "memory.events": "oom 1\noom_kill 2\n",
        "pids.events": "max 5\n",
        "memory.max": "max\n",
        "memory.swap.max": "max\n",
        "pids.max": "max\n",
    }.items():
        (tmp_path / name).write_text(content)
    group = CgroupV2(tmp_path)
    usage = group.usage()
    assert (usage.cpu_s, usage.memory_peak_bytes, usage.processes) == (1.5, 4096, 3)
    assert (group.memory_kills(), group.process_refusals()) == (2, 5)
    group.limit(Limits(2**20, 8, 1, 2**20), spare_processes=1)
    limits = [(tmp_path / name).read_text() for name in ("memory.max", "memory.swap.max", "pids.max")]
    assert limits == ["1048576", "0", "9"]


def test_cgroup_mounts_of_both_versions_are_told_apart(tmp_path: Path) -> None:
    v2 = tmp_path / "v2"
    v2.write_text("30 1 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n")
    assert not CgroupHierarchy.of_this_machine(v2).is_v1
    v1 = tmp_path / "v1"
    v1.write_text(
        "31 1 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "32 1 0:28 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
        "33 1 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    )
    assert CgroupHierarchy.of_this_machine(v1).is_v1
    assert CgroupHierarchy.of_this_machine(tmp_path / "missing").create("x") is None


def test_group_of_a_process_elsewhere_is_not_taken_for_its_own() -> None:
    assert CgroupHierarchy.of_this_machine().of_process(os.getpid(), naming="0123456789abcdef") is None


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_script_and_library_hash_an_image_alike() -> None:
    files = {name: (ROOT / name).read_bytes() for name in ("Dockerfile", "requirements-sandbox.txt")}
    base = default_base(files["Dockerfile"])
    script = (ROOT / "scripts/start_docker.sh").read_text()
    function = next(line for line in script.splitlines() if line.startswith("content_hash()"))
    argv = ["bash", "-c", f'{function}\ncontent_hash "$1"', "-", base]
    told = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == content_hash(files, base)


def test_choosing_a_sandbox_loads_no_client() -> None:
    code = "import sys, grader.sandbox; print({'docker', 'psutil', 'requests'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout == "set()\n"


DISOWNED = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(4):
    if os.fork() == 0:
        while time.process_time() < 0.3: pass
        os._exit(0)
    try: os.wait()
    except ChildProcessError: pass
time.sleep(0.2)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="children are kept as zombies elsewhere")
def test_cpu_of_children_that_nobody_waits_for_counts() -> None:
    program = subprocess.Popen([sys.executable, "-I", "-c", DISOWNED])
    tree, cpu_s = ProcessTree(), 0.0
    tree.add(program.pid)
    while program.poll() is None:
        cpu_s = max(cpu_s, tree.sample(exact_above_bytes=2**40).cpu_s)
        time.sleep(0.01)
    assert cpu_s > 0.8
