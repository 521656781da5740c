"""bubblewrap as most people have it: started by an ordinary user, in a user namespace, without cgroups.

The suite itself often runs as root (CI, containers). Here a second interpreter that any user may execute plays the
grader's part under the id of nobody.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil as installed_beside
import pytest

from tests.conformance.conftest import opened
from tests.conftest import ROOT, need

SYSTEM_PYTHON = Path("/usr/bin/python3")
PLAIN_GRADER = """
import json, os
from grader.sandbox.bubblewrap import BubblewrapSandbox
from tests.conformance.running import MIB, Runner

runner = Runner(BubblewrapSandbox())
told = {"grader": os.getuid()}
told["echo"] = runner.run("import sys; print(sys.stdin.read())", data=b"hi").stdout
flood = "held = []\\nimport time\\nwhile True: held.append(bytearray(8 * 2**20)); time.sleep(0.002)"
told["out_of_memory"] = runner.run(flood, memory_bytes=256 * MIB).exit.out_of_memory
bomb = '''
    import os, time
    refused = 0
    for _ in range(500):
        try:
            if os.fork() == 0: time.sleep(600)
        except OSError: refused += 1
    time.sleep(2.0)
    print(refused, flush=True)
'''
outcome = runner.run(bomb, processes=32)
told["refused"], told["out_of_processes"] = int(outcome.stdout), outcome.exit.out_of_processes
look = '''
    import os
    status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
    print(sorted(os.listdir("/")), int(status["CapEff"], 16), int(status["NoNewPrivs"]), int(status["Seccomp"]))
'''
told["look"] = runner.run(look).stdout
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, object]:
    """What a grader run by nobody saw."""
    _, reason = opened("bubblewrap")
    need("bubblewrap", ok=reason is None, reason=reason or "")
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can become somebody else")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    asked = subprocess.run([SYSTEM_PYTHON, "--version"], capture_output=True, text=True, check=False)
    if f" {version}." not in asked.stdout:
        pytest.skip(f"{SYSTEM_PYTHON} is not Python {version}, so it can't use these packages")
    packages = Path(installed_beside.__file__).parent.parent
    argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(SYSTEM_PYTHON), "-c", PLAIN_GRADER]
    environment = {"PATH": os.defpath, "HOME": "/nonexistent", "PYTHONPATH": f"{ROOT}:{packages}"}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, cwd="/")
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.mark.bubblewrap
def test_plain_user_can_run_programs(told: dict[str, object]) -> None:
    assert (told["grader"], told["echo"]) == (65534, "hi\n")


@pytest.mark.bubblewrap
def test_plain_users_memory_cap_holds(told: dict[str, object]) -> None:
    assert told["out_of_memory"] is True


@pytest.mark.bubblewrap
def test_plain_users_process_cap_is_the_kernels(told: dict[str, object]) -> None:
    assert told["out_of_processes"] is True
    assert isinstance(told["refused"], int)
    assert told["refused"] >= 500 - 32


@pytest.mark.bubblewrap
def test_plain_users_program_sees_system_and_scratch_only(told: dict[str, object]) -> None:
    look = str(told["look"])
    assert look.endswith(" 0 1 2\n")
    assert "'home'" not in look
    assert "'scratch'" in look
