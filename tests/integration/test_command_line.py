"""The commands as people type them, in processes of their own, on real data and in real sandboxes."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import psutil
import pytest

from grader.sandbox.docker import OWNER_LABEL
from tests.conformance.running import becomes_true
from tests.integration.submissions import QUICK, write

GRADE = (sys.executable, "-c", "from grader.cli import main; main()")


def grade(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GRADE, *arguments],
        cwd=cwd,
        env={**os.environ, "LANG": "C.UTF-8", "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def notebook(source: str) -> str:
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# My work"]},
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "source": ["!pip install torch\n"]},
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 2, "source": source},
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 3, "source": ["%time\nprint(Net())"]},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def hand_in(folder: Path, kind: str) -> Path:
    """QUICK in one of the forms a student may hand in."""
    if kind == "folder":
        return write(folder / "work", QUICK)
    if kind == "py":
        path = folder / "my_answer.py"
        path.write_text(QUICK, encoding="utf-8")
    elif kind == "ipynb":
        path = folder / "colab.ipynb"
        path.write_text(notebook(QUICK), encoding="utf-8")
    elif kind == "zip":
        path = folder / "work.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("work/solution.py", QUICK)
    else:
        path = folder / "work.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            entry = tarfile.TarInfo("work/solution.py")
            entry.size = len(QUICK.encode())
            archive.addfile(entry, io.BytesIO(QUICK.encode()))
    return path


@pytest.mark.mnist
@pytest.mark.parametrize("kind", ["folder", "zip", "tar.gz", "py", "ipynb"])
def test_every_form_of_submission_is_graded(tmp_path: Path, bubblewrap: str, kind: str) -> None:
    path = hand_in(tmp_path, kind)
    done = grade("submit", "mission_cnn", str(path), "--sandbox", bubblewrap, "--json", "--out", "out", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["verdict"] == "graded"
    assert report["reason"] is None, report["ending"]
    assert report["metrics"]["accuracy"] > 0.5
    if kind == "ipynb":
        assert any("print(Net())" in note for note in report["submission"]["notes"])
    assert json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8")) == report
    assert "<script" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.mnist
def test_same_submission_and_seed_give_the_same_report(tmp_path: Path, bubblewrap: str) -> None:
    path = hand_in(tmp_path, "py")
    first, second = (
        json.loads(grade("submit", "mission_cnn", str(path), "--sandbox", bubblewrap, "--json", cwd=tmp_path).stdout)
        for _ in range(2)
    )
    assert first["criteria"][1:] == second["criteria"][1:]
    assert first["metrics"] == second["metrics"]
    assert first["score"] == second["score"]


@pytest.mark.mnist
def test_model_trained_by_the_student_is_graded_and_said_to_be_so(tmp_path: Path, bubblewrap: str) -> None:
    path = hand_in(tmp_path, "py")
    trained = grade("train", "mission_cnn", str(path), "--out", "model.pt2", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    again = grade("train", "mission_cnn", str(path), "--out", "model.pt2", cwd=tmp_path)
    assert again.returncode == 2, again.stderr
    done = grade(
        "submit", "mission_cnn", str(path), "--artifact", "model.pt2", "--sandbox", bubblewrap, "--json", cwd=tmp_path
    )
    report = json.loads(done.stdout)
    assert report["run"]["mode"] == "artifact"
    assert report["metrics"]["accuracy"] > 0.5
    assert "not reproduced" in report["criteria"][0]["message"]


@pytest.mark.mnist
def test_artifact_that_is_no_model_is_a_verdict(tmp_path: Path, bubblewrap: str) -> None:
    path = hand_in(tmp_path, "py")
    (tmp_path / "model.pt2").write_bytes(b"not a model at all")
    done = grade(
        "submit", "mission_cnn", str(path), "--artifact", "model.pt2", "--sandbox", bubblewrap, "--json", cwd=tmp_path
    )
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["reason"] == "artifact_rejected"
    assert report["score"] == 0


@pytest.mark.mnist
@pytest.mark.parametrize("language", ["en", "ko"])
def test_check_rehearses_without_a_score(tmp_path: Path, bubblewrap: str, language: str) -> None:
    done = grade(
        "check", "mission_cnn", str(hand_in(tmp_path, "py")), "--sandbox", bubblewrap, "--lang", language, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_misspelt_mission_is_a_usage_error_that_suggests_the_near_one(tmp_path: Path) -> None:
    done = grade("submit", "mision_cnn", cwd=tmp_path)
    assert done.returncode == 2
    assert "mission_cnn" in done.stderr
    assert "Traceback" not in done.stderr


def test_engine_that_is_not_there_is_exit_code_3_and_no_traceback(tmp_path: Path) -> None:
    write(tmp_path / "work", QUICK)
    done = grade(
        "submit", "mission_cnn", "work", "--sandbox", "docker", cwd=tmp_path, DOCKER_HOST=f"unix://{tmp_path}/no.sock"
    )
    assert done.returncode == 3, done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def containers_of(pid: int) -> list[str]:
    """Containers that the grader of that process id made."""
    if not shutil.which("docker"):
        return []
    listed = ["docker", "ps", "--all", "--format", f'{{{{.ID}}}} {{{{.Label "{OWNER_LABEL}"}}}}']
    shown = subprocess.run(listed, capture_output=True, text=True, check=False).stdout
    return [line for line in shown.splitlines() if f"-{pid}-" in line]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run, as the same process."""
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def interrupt(process: "subprocess.Popen[str]", words: str, number: signal.Signals) -> str:
    """Waits until the grader has said `words` and runs something, signals it, and looks for what it left running.

    Returns:
        What it said after the signal.
    """
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            break
    assert becomes_true(
        lambda: bool(psutil.Process(process.pid).children() or containers_of(process.pid)), within_s=60
    ), "the check below must be able to see a run"
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    _, rest = process.communicate(timeout=60)
    assert "Traceback" not in rest
    assert becomes_true(lambda: alive(below) == [])
    assert containers_of(process.pid) == []
    return rest


@pytest.mark.mnist
def test_interrupted_verification_leaves_nothing_behind(tmp_path: Path, isolating: str) -> None:
    process = subprocess.Popen(
        [*GRADE, "verify", "mission_cnn", "--only", "reference", "--fresh", "--sandbox", isolating, "--lang", "en"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    rest = interrupt(process, "1 missions", signal.SIGINT)
    assert process.returncode == 130, rest
    assert list(tmp_path.iterdir()) == []


@pytest.mark.mnist
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_grading_leaves_nothing_behind(tmp_path: Path, isolating: str, number: signal.Signals) -> None:
    write(tmp_path / "work", "def train(log):\n    log(epoch=1)\n    while True: pass\n")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [*GRADE, "submit", "mission_cnn", "work", "--sandbox", isolating],
        cwd=tmp_path,
        env={**os.environ, "LANG": "C.UTF-8", "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    rest = interrupt(process, "Training", number)
    assert process.returncode == (130 if number is signal.SIGINT else 143), rest
    assert list(temporary.iterdir()) == []
