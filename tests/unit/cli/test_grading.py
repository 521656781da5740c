"""`grade check`, `train` and `submit`, over a fake pipeline."""

import json
from pathlib import Path
from typing import get_args

import pytest
from rich.cells import cell_len

from grader.cli.grading import choose_gpu
from grader.cli.options import SandboxChoice
from grader.pipeline import CheckResult, CheckStep, TrainResult
from grader.results import Reason, StudentOutput
from grader.sandbox import SandboxName
from grader.text import Text
from tests.unit.cli.conftest import NOTHING, Grade, Pipeline
from tests.unit.reports import samples


def test_sandbox_choices_are_those_there_are() -> None:
    assert get_args(SandboxChoice) == get_args(SandboxName)


def test_submit_shows_the_report_and_writes_both_files(grade: Grade, pipeline: Pipeline, here: Path) -> None:
    answer = grade("submit", "mission_cnn", "--gpu", "none", "--seed", "5")
    assert answer.code == 0
    assert "91.5 / 100 points" in answer.out
    assert "Report:" not in answer.out
    (page,) = (here / "reports").glob("mission_cnn-kim-*/report.html")
    assert json.loads(page.with_name("report.json").read_text(encoding="utf-8"))["score"] == 91.5
    assert str(page.relative_to(here)) in answer.err.replace("\n", "")
    (request,) = pipeline.requests
    assert request.path == here / "mission_cnn"
    assert (request.gpu, request.seed, request.sandbox) == (None, 5, "auto")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_submit_in_a_pipe_has_no_control_codes_and_fits_eighty_columns(
    grade: Grade, pipeline: Pipeline, language: str
) -> None:
    pipeline.report = samples.failed_report()
    answer = grade("submit", "mission_cnn", "--gpu", "none", "--lang", language)
    assert "\x1b" not in answer.out + answer.err
    for line in answer.out.splitlines():
        assert cell_len(line) <= 80, line


@pytest.mark.parametrize(
    ("report", "code"), [(samples.report(), 0), (samples.failed_report(), 1), (samples.not_graded_report(), 3)]
)
def test_submit_exits_with_the_verdict(grade: Grade, pipeline: Pipeline, report: object, code: int) -> None:
    pipeline.report = report  # type: ignore[assignment]
    assert grade("submit", "mission_cnn", "--gpu", "none").code == code
    assert grade("submit", "mission_cnn", "--gpu", "none", "--json").code == code


@pytest.mark.parametrize("language", ["en", "ko"])
def test_json_is_all_there_is(grade: Grade, pipeline: Pipeline, here: Path, language: str) -> None:
    answer = grade("submit", "mission_cnn", "--gpu", "none", "--json", "--lang", language)
    document = json.loads(answer.out)
    assert document["language"] == language
    assert answer.err == ""
    assert not (here / "reports").exists()


def test_json_with_out_writes_the_files_too(grade: Grade, pipeline: Pipeline, here: Path) -> None:
    answer = grade("submit", "mission_cnn", "--gpu", "none", "--json", "--out", "here/there")
    json.loads(answer.out)
    assert sorted(path.name for path in (here / "here" / "there").iterdir()) == ["report.html", "report.json"]


def test_json_stays_empty_on_a_usage_error(grade: Grade, pipeline: Pipeline) -> None:
    answer = grade("submit", "mission_cnn", "nowhere.zip", "--json")
    assert (answer.code, answer.out) == (2, "")
    assert "nowhere.zip" in answer.err


def test_out_that_can_not_be_written_is_a_usage_error(grade: Grade, pipeline: Pipeline, here: Path) -> None:
    (here / "file").write_text("")
    answer = grade("submit", "mission_cnn", "--gpu", "none", "--out", "file")
    assert answer.code == 2
    assert "--out" in answer.err


def test_artifact_goes_to_the_pipeline(grade: Grade, pipeline: Pipeline, here: Path) -> None:
    (here / "model.pt2").write_bytes(b"model")
    assert grade("submit", "mission_cnn", "--gpu", "none", "--artifact", "model.pt2").code == 0
    assert pipeline.requests[0].artifact == Path("model.pt2")


def test_missing_artifact_is_a_usage_error(grade: Grade, pipeline: Pipeline) -> None:
    answer = grade("submit", "mission_cnn", "--artifact", "model.pt2")
    assert answer.code == 2
    assert pipeline.requests == []


def test_sandbox_comes_from_option_then_setting(
    grade: Grade, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_SANDBOX", "bubblewrap")
    grade("submit", "mission_cnn", "--gpu", "none")
    grade("submit", "mission_cnn", "--gpu", "none", "--sandbox", "none")
    assert [request.sandbox for request in pipeline.requests] == ["bubblewrap", "none"]


def test_settings_come_from_the_file_beside_the_course_where_the_environment_is_silent(
    grade: Grade, pipeline: Pipeline, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grader.cli.session import Session

    (here / "missions" / "mission_one").mkdir(parents=True)
    (here / "missions" / "mission_one" / "mission.toml").write_text("")
    (here / ".env").write_text("GRADER_LANGUAGE=ko\nGRADER_IMAGE=mine:1\n")
    assert Session().settings.image == "mine:1"
    assert Session().language == "ko"
    monkeypatch.setenv("GRADER_LANGUAGE", "en")
    assert Session().language == "en"


@pytest.mark.parametrize(("choice", "gpu"), [("none", None), ("0", 0), ("3", 3)])
def test_gpu_choice(choice: str, gpu: int | None) -> None:
    assert choose_gpu(choice) == gpu


def test_gpu_auto_is_the_first_that_torch_can_use(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr("grader.cli.grading._NVIDIA_DEVICES", (Path("/"),))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_gpu("auto") is None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_gpu("auto") == 0
    monkeypatch.setattr("grader.cli.grading._NVIDIA_DEVICES", (Path("/nothing/here"),))
    assert choose_gpu("auto") is None


def test_progress_in_a_pipe_is_plain_lines_on_the_error_stream(grade: Grade, pipeline: Pipeline) -> None:
    answer = grade("submit", "mission_cnn", "--gpu", "none")
    assert answer.err.splitlines()[:3] == ["Collecting the submission …", "Starting the sandbox …", "Training …"]


def test_check_shows_its_steps(grade: Grade, pipeline: Pipeline) -> None:
    answer = grade("check", "mission_cnn", "--gpu", "none")
    assert (answer.code, answer.out) == (0, "✓ files\n")
    assert "grade submit mission_cnn" in answer.err


def test_check_that_fails_shows_why_and_exits_1(grade: Grade, pipeline: Pipeline) -> None:
    steps = (CheckStep(Text("files", "제출 파일"), ok=True), CheckStep(Text("training", "학습"), ok=False))
    output = StudentOutput(text="\x1b[31mprinted", total_bytes=9, truncated=False)
    pipeline.check = CheckResult(False, steps, samples.ending(), output)
    answer = grade("check", "mission_cnn", "--gpu", "none", "--lang", "ko")
    assert answer.code == 1
    assert "✗ 학습" in answer.out
    assert "solution.py:31" in answer.out
    assert "\\x1b[31mprinted" in answer.out
    assert "\x1b" not in answer.out


def test_check_that_the_machine_failed_exits_3(grade: Grade, pipeline: Pipeline) -> None:
    pipeline.check = CheckResult(False, (), samples.ending(reason=Reason.INFRASTRUCTURE), NOTHING)
    assert grade("check", "mission_cnn", "--gpu", "none").code == 3


def test_check_of_rules_alone_shows_the_finding(grade: Grade, pipeline: Pipeline) -> None:
    finding = Text("solution.py:1 imports timm.", "solution.py:1에서 timm을 불러옵니다.")
    pipeline.check = CheckResult(False, (CheckStep(Text("rules", "규칙"), ok=False, detail=finding),), None, NOTHING)
    answer = grade("check", "mission_cnn", "--gpu", "none")
    assert answer.code == 1
    assert "imports timm" in answer.out


def test_train_writes_the_model_without_a_sandbox(grade: Grade, pipeline: Pipeline, here: Path) -> None:
    answer = grade("train", "mission_cnn", "--gpu", "none")
    assert answer.code == 0
    assert "✓ Wrote model.pt2 (9 B)." in answer.out
    assert (here / "model.pt2").read_bytes() == b"new model"
    assert pipeline.requests[0].sandbox == "none"


def test_train_refuses_to_overwrite_before_it_trains(grade: Grade, pipeline: Pipeline, here: Path) -> None:
    (here / "model.pt2").write_bytes(b"old model")
    answer = grade("train", "mission_cnn", "--gpu", "none")
    assert answer.code == 2
    assert "--force" in answer.err
    assert pipeline.requests == []
    assert grade("train", "mission_cnn", "--gpu", "none", "--force").code == 0
    assert (here / "model.pt2").read_bytes() == b"new model"
    assert [path.name for path in here.glob(".*")] == []


def test_train_that_fails_keeps_the_old_model_and_exits_1(grade: Grade, pipeline: Pipeline, here: Path) -> None:
    (here / "model.pt2").write_bytes(b"old model")
    pipeline.train = TrainResult(False, None, samples.ending(), samples.run_info(), NOTHING)
    answer = grade("train", "mission_cnn", "--gpu", "none", "--force")
    assert answer.code == 1
    assert "mat1 and mat2" in answer.out
    assert (here / "model.pt2").read_bytes() == b"old model"


@pytest.mark.parametrize("command", ["check", "train"])
def test_next_step_names_the_path_that_was_given(grade: Grade, pipeline: Pipeline, here: Path, command: str) -> None:
    (here / "my work").mkdir()
    answer = grade(command, "mission_cnn", "my work", "--gpu", "none")
    assert "grade submit mission_cnn 'my work'" in answer.err.replace("\n", " ")
