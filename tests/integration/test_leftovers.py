"""A grader that is killed in the middle, and what `grade doctor --clean` makes of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from grader.sandbox.base import LABEL
from tests.conformance.running import becomes_true
from tests.conftest import ROOT
from tests.integration.submissions import write
from tests.leftovers import cgroups_of, containers_of

SLEEPS = "import time\ndef train():\n    print('here', flush=True)\n    time.sleep(600)\n"


@pytest.mark.mnist
def test_doctor_removes_all_that_a_killed_grader_left(tmp_path: Path, isolating: str) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    tmp_path.chmod(0o755)
    environment = {**os.environ, "TMPDIR": str(temporary), "GRADER_COURSE": str(ROOT)}
    grade = [str(Path(sys.executable).with_name("grade"))]
    submit = [*grade, "submit", "mission_cnn", str(write(tmp_path / "work", SLEEPS)), "--sandbox", isolating]
    grader = subprocess.Popen(submit, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert becomes_true(lambda: bool(containers_of(grader.pid) or cgroups_of(grader.pid)), within_s=60)
        below = psutil.Process(grader.pid).children(recursive=True)
    finally:
        grader.send_signal(signal.SIGKILL)
        grader.wait()
    assert list(temporary.iterdir())
    cleaned = subprocess.run(
        [*grade, "doctor", "--clean"], env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert LABEL in cleaned.stdout or "train-" in cleaned.stdout, cleaned.stdout
    assert list(temporary.iterdir()) == []
    assert becomes_true(lambda: not containers_of(grader.pid) and not cgroups_of(grader.pid))
    assert becomes_true(lambda: not any(process.is_running() for process in below))
