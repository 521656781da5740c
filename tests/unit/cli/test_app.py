"""The border of the command line: help, versions, exit codes, failures as sentences, languages."""

import os
import subprocess
import sys

import pytest

import grader
from grader.cli.session import system_language
from grader.errors import GpuUnavailable, SubmissionInvalid, UsageError
from grader.text import Text
from tests.unit.cli.conftest import Grade, Pipeline


@pytest.mark.parametrize("arguments", [["--help"], ["submit", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from grader.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {'torch', 'docker', 'numpy', 'jinja2', 'httpx', 'grader.pipeline', 'grader.spec'} & set(sys.modules)\n"
        # Typer itself takes pydantic to read the options of a command; before that nothing may.
        "heavy |= {'pydantic'} & set(sys.modules) if len(sys.argv) == 2 else set()\n"
        "assert not heavy, heavy\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_help_shows_examples_and_exit_codes(grade: Grade) -> None:
    answer = grade("--help")
    assert answer.code == 0
    assert "grade start mission_cnn" in answer.out
    assert "130 stopped" in answer.out
    for command in ("list", "show", "start", "check", "train", "submit", "data", "image", "doctor"):
        assert command in answer.out


def test_version_is_the_package_version(grade: Grade) -> None:
    assert grade("--version").out.strip() == f"grade {grader.__version__}"


@pytest.mark.parametrize(
    "arguments", [["no-such-command"], ["submit"], ["submit", "mission_cnn", "--gpu", "many"], ["show", "--lang", "fr"]]
)
def test_wrong_usage_exits_2(grade: Grade, arguments: list[str]) -> None:
    answer = grade(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert "Traceback" not in answer.err


def test_misspelt_mission_is_suggested(grade: Grade) -> None:
    answer = grade("show", "mission_cn")
    assert answer.code == 2
    assert "Did you mean mission_cnn?" in answer.err
    assert answer.out == ""


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (UsageError(Text("Wrong.", "잘못됨."), Text("Do right.", "바르게 하세요.")), 2),
        (GpuUnavailable(Text("Wrong.", "잘못됨."), Text("Do right.", "바르게 하세요.")), 3),
        (SubmissionInvalid(Text("Wrong.", "잘못됨."), Text("Do right.", "바르게 하세요.")), 1),
    ],
)
def test_failure_is_told_in_two_lines_without_traceback(
    grade: Grade, pipeline: Pipeline, failure: Exception, code: int
) -> None:
    pipeline.failure = failure
    answer = grade("train", "mission_cnn", "--gpu", "none")
    assert answer.code == code
    assert answer.err.endswith("✗ Wrong.\n→ Do right.\n")
    assert "Traceback" not in answer.err
    answer = grade("train", "mission_cnn", "--gpu", "none", "--lang", "ko")
    assert answer.err.endswith("✗ 잘못됨.\n→ 바르게 하세요.\n")


def test_unexpected_exception_is_one_line_and_exits_3(grade: Grade, pipeline: Pipeline) -> None:
    pipeline.failure = ZeroDivisionError("secret detail")
    answer = grade("submit", "mission_cnn", "--gpu", "none")
    assert answer.code == 3
    assert answer.err.endswith("Internal error (ZeroDivisionError). Run again with --debug to see where.\n")
    assert "secret detail" not in answer.err


@pytest.mark.parametrize("before", [True, False])
def test_debug_shows_the_traceback(grade: Grade, pipeline: Pipeline, before: bool) -> None:
    pipeline.failure = ZeroDivisionError("detail")
    command = ["submit", "mission_cnn", "--gpu", "none"]
    answer = grade(*(["--debug", *command] if before else [*command, "--debug"]))
    assert answer.code == 3
    assert "Traceback" in answer.err
    assert "ZeroDivisionError: detail" in answer.err


def test_interrupt_exits_130_with_one_line(grade: Grade, pipeline: Pipeline) -> None:
    pipeline.failure = KeyboardInterrupt()
    answer = grade("submit", "mission_cnn", "--gpu", "none")
    assert answer.code == 130
    assert answer.err.endswith("Stopped; nothing was left running.\n")
    assert answer.out == ""


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "ko_KR.UTF-8", "LANG": "en_US.UTF-8"}, "ko"),
        ({"LC_ALL": "", "LANG": "ko"}, "ko"),
    ],
)
def test_system_language_follows_the_locale(environment: dict[str, str], language: str) -> None:
    assert system_language(environment) == language


def test_language_is_chosen_by_option_then_setting_then_locale(grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Mission" in grade("list").out
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert "미션" in grade("list").out
    monkeypatch.setenv("GRADER_LANGUAGE", "en")
    assert "Mission" in grade("list").out
    assert "미션" in grade("list", "--lang", "ko").out
    assert "미션" in grade("--lang", "ko", "list").out


def test_broken_setting_names_its_variable(grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_SANDBOX", "vault")
    answer = grade("submit", "mission_cnn", "--gpu", "none")
    assert answer.code == 2
    assert "GRADER_SANDBOX" in answer.err


def test_termination_unwinds_and_exits_143(here: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    program = (
        "import os, signal, sys\n"
        "import grader.cli.missions as missions\n"
        "def stop(mission, destination):\n"
        "    try:\n        os.kill(os.getpid(), signal.SIGTERM)\n        signal.pause()\n"
        "    finally:\n        print('unwound')\n"
        "missions.copy_starter = stop\n"
        "from grader.cli import main\n"
        "main(['start', 'mission_cnn', 'new'])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert ran.returncode == 143, ran.stderr
    assert ran.stdout == "unwound\n"
