"""`--gpu` where there is no such GPU: one clear message, nothing graded, exit code 3."""

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.sandbox.nvml import list_gpus
from tests.integration.submissions import QUICK, write
from tests.integration.test_command_line import grade

BEYOND = 99
EXPECTED = {
    "docker": (("Docker", "GPU"), "--gpu none"),
    "bubblewrap": ((f"GPU {BEYOND}",), "--gpu none"),
    "none": ((f"GPU {BEYOND}",), "--gpu none"),
}


@pytest.mark.mnist
@pytest.mark.parametrize("sandbox", [pytest.param("docker", marks=pytest.mark.docker), "bubblewrap", "none"])
@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("command", ["check", "submit"])
def test_gpu_that_is_not_there_is_said_once_with_what_to_do(
    available: Callable[[str], str], tmp_path: Path, sandbox: str, language: str, command: str
) -> None:
    available(sandbox)
    assert len(list_gpus() or ()) <= BEYOND
    write(tmp_path / "work", QUICK)
    arguments = ["mission_cnn", "work", "--gpu", str(BEYOND), "--sandbox", sandbox, "--lang", language]
    answer = grade(command, *arguments, cwd=tmp_path, COLUMNS="200")
    said = answer.stdout + answer.stderr
    words, advice = EXPECTED[sandbox]
    assert answer.returncode == 3, said
    assert "Traceback" not in said
    assert advice in said
    (message,) = [line for line in said.splitlines() if all(word in line for word in words)][:1]
    assert said.count(message) == 1
    assert ("없습니다" in said or "못합니다" in said) is (language == "ko")
