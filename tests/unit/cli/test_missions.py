"""`grade list`, `show` and `start`."""

from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.unit.cli.conftest import Grade


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("command", [["list"], ["show", "mission_cnn"]])
def test_results_fit_eighty_columns_without_control_codes(grade: Grade, command: list[str], language: str) -> None:
    answer = grade(*command, "--lang", language)
    assert answer.code == 0
    assert answer.err == ""
    assert "\x1b" not in answer.out
    for line in answer.out.splitlines():
        assert cell_len(line) <= 80, line


@pytest.mark.parametrize("width", range(70, 90))
@pytest.mark.parametrize("command", [("show", "mission_conv_only"), ("data", "list")])
def test_no_syllable_is_cut_from_a_korean_table(
    grade: Grade, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert "…" not in grade(*command, "--lang", "ko").out


def test_list_names_each_mission_with_points_and_level(grade: Grade) -> None:
    assert "mission_cnn" in grade("list").out
    assert "중" in grade("list", "--lang", "ko").out


def test_list_shows_the_rest_beside_a_broken_mission(grade: Grade, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("missions/broken",):
        (here / name).mkdir(parents=True)
    (here / "missions" / "broken" / "mission.toml").write_text("id = 3")
    monkeypatch.setenv("GRADER_COURSE", str(here))
    answer = grade("list")
    assert answer.code == 2
    assert "mission.toml" in answer.err.replace("\n", "")


def test_show_gives_brief_rubric_and_limits(grade: Grade) -> None:
    english, korean = grade("show", "mission_cnn").out, grade("show", "mission_cnn", "--lang", "ko").out
    for part in ("How it is scored", "Limits", "1,000,000", "train_set", "8.0 GiB"):
        assert part in english
    for part in ("채점 기준", "제한", "1,000,000", "통과 기준", "GPU 메모리"):
        assert part in korean


def test_start_copies_the_starter_code(grade: Grade, here: Path) -> None:
    answer = grade("start", "mission_cnn", here / "mine")
    assert answer.code == 0
    assert answer.out == ""
    assert "grade check mission_cnn" in answer.err
    assert (here / "mine" / "solution.py").read_text().startswith('"""mission_cnn')
    assert not list((here / "mine").rglob("__pycache__"))


def test_start_into_an_empty_folder_works(grade: Grade, here: Path) -> None:
    (here / "empty").mkdir()
    assert grade("start", "mission_cnn", "empty").code == 0
    assert (here / "empty" / "solution.py").is_file()


def test_start_refuses_to_overwrite(grade: Grade, here: Path) -> None:
    answer = grade("start", "mission_cnn")
    assert answer.code == 2
    assert "mission_cnn exists already; nothing was changed." in answer.err
    assert (here / "mission_cnn" / "solution.py").read_text() == "def train(): ...\n"


def test_start_refuses_a_dangling_link(grade: Grade, here: Path) -> None:
    (here / "link").symlink_to(here / "elsewhere")
    assert grade("start", "mission_cnn", "link").code == 2
    assert not (here / "elsewhere").exists()
