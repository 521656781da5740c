"""Help and usage errors in Korean: nothing is left in English, nothing stands there in vain, tables keep edges."""

import re
from collections.abc import Iterator

import pytest
from rich.cells import cell_len
from typer.core import TyperGroup
from typer.main import get_command

from grader.cli import korean
from grader.cli.app import app
from grader.cli.speech import command_in, in_korean, language_of
from tests.unit.cli.conftest import Grade

HANGUL = re.compile("[가-힣]")
TYPED = re.compile(r"grade [^\[]*|\./\S+|reports/\S+|auto|")
"""What is typed, a path or a value: the same in both languages."""


def paths(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, TyperGroup):
        for name, each in command.commands.items():
            yield from paths(each, (*path, name))


def texts(command: object) -> Iterator[str]:
    """Every text of a command and of those under it, in an order that no translation changes."""
    yield from (getattr(command, "help", None) or "").split("\n\n")
    yield from (getattr(command, "epilog", None) or "").split("\n")
    panel = getattr(command, "rich_help_panel", None)
    yield panel if isinstance(panel, str) else ""
    for parameter in getattr(command, "params", ()):
        yield parameter.help or ""
        yield parameter.show_default if isinstance(parameter.show_default, str) else ""
    if isinstance(command, TyperGroup):
        for each in command.commands.values():
            yield from texts(each)


def test_every_text_of_every_command_has_its_korean() -> None:
    english, translated = list(texts(get_command(app))), list(texts(command_in("ko", app)))
    assert len(english) == len(translated) > 300
    left = {en for en, ko in zip(english, translated, strict=True) if not HANGUL.search(ko) and not TYPED.fullmatch(en)}
    assert left == set()


def test_no_korean_stands_there_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = set()

    class Asked(dict[str, str]):
        def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
            asked.add(key)
            return super().get(key, default)

    monkeypatch.setattr(korean, "HELP", Asked(korean.HELP))
    command = command_in("ko", app)
    command.context_class(command).get_help()
    assert set(korean.HELP) - asked == set()


@pytest.mark.parametrize("path", [pytest.param(path, id=" ".join(path) or "grade") for path in paths(get_command(app))])
def test_korean_help_is_korean_and_keeps_its_edges_in_eighty_columns(
    grade: Grade, monkeypatch: pytest.MonkeyPatch, path: tuple[str, ...]
) -> None:
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    answer = grade(*path, "--help")
    assert answer.code == 0
    assert answer.out.split("\n")[1].startswith(" 사용법: grade")
    for line in answer.out.split("\n"):
        assert cell_len(line) <= 80
        assert cell_len(line) == 80 or line[:1] not in "│╭╰" or not line
        assert " … " not in line, "cut by an ellipsis"
    for english in ("Usage", "Options", "Arguments", "Commands", "default:", "required", "Show", "Example"):
        assert english not in answer.out


def test_english_help_stays_english_after_korean_one(grade: Grade) -> None:
    before = grade("submit", "--help").out
    grade("submit", "--help", "--lang", "ko")
    assert grade("submit", "--help").out == before
    assert "Usage: grade submit" in before
    assert not HANGUL.search(before)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "'nothing' 명령은 없습니다."),
        (["submitt"], "'submitt' 명령은 없습니다. 비슷한 명령: 'submit'"),
        (["submit"], "'MISSION' 인자가 빠졌습니다."),
        (
            ["submit", "m", "--gpu", "many"],
            "'--gpu' 값이 올바르지 않습니다. auto, none 또는 0과 같은 GPU 번호를 쓰세요.",
        ),
        (["submit", "m", "--seed", "x"], "'--seed' 값이 올바르지 않습니다. 정수를 쓰세요."),
        (["submit", "m", "--seed", "-1"], "'--seed' 값이 올바르지 않습니다. 0 이상이어야 합니다."),
        (["similarity", "m", ".", "--threshold", "x"], "'--threshold' 값이 올바르지 않습니다. 숫자를 쓰세요."),
        (["similarity", "m", ".", "--threshold", "3"], "'--threshold' 값이 올바르지 않습니다. 1 이하여야 합니다."),
        (["show", "m", "--langg", "ko"], "--langg 옵션은 없습니다. 비슷한 옵션: --lang"),
        (["-x"], "-x 옵션은 없습니다."),
        (["show", "--lang", "fr"], "'--lang' 값이 올바르지 않습니다. 'fr' 대신 다음 중 하나를 쓰세요: 'en', 'ko'"),
        (["batch", "gone"], "'FOLDER' 값이 올바르지 않습니다. 'gone' 경로가 없습니다."),
        (["show", "a", "b", "c"], "쓰이지 않는 인자가 있습니다: b c"),
        (["submit", "m", "--out"], "'--out' 옵션에는 값이 필요합니다."),
        (["submit", "m", "--json=1"], "'--json' 옵션에는 값을 줄 수 없습니다."),
    ],
)
def test_usage_error_is_said_in_korean(
    grade: Grade, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    monkeypatch.setenv("COLUMNS", "120")
    answer = grade(*arguments)
    assert answer.code == 2
    assert said in answer.err
    assert "Usage" not in answer.err
    assert "─ 오류 ─" in answer.err


def test_every_pattern_of_an_error_is_needed_by_one_above() -> None:
    expected = [said for mark in test_usage_error_is_said_in_korean.pytestmark for _, said in mark.args[1]]  # type: ignore[attr-defined]
    for _, said in korean.ERRORS:
        wanted = re.compile(re.sub(r"\\\{\d\\\}", ".+", re.escape(said)))
        assert any(wanted.search(each) for each in expected), said


def test_unforeseen_error_stays_as_it_is() -> None:
    assert in_korean("Something {new} happened.") == "Something {new} happened."


def test_nothing_typed_shows_help_and_exits_2(grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    answer = grade("data")
    assert answer.code == 2
    assert "데이터 팩을 내려받고 목록을 봅니다." in answer.out
    assert answer.err == ""


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {"LANG": "ko_KR.UTF-8"}, "ko"),
        ([], {"LC_ALL": "en_US.UTF-8", "LANG": "ko_KR.UTF-8"}, "en"),
        ([], {"GRADER_LANGUAGE": "ko", "LANG": "C"}, "ko"),
        ([], {"GRADER_LANGUAGE": "klingon", "LANG": "ko"}, "ko"),
        (["--help", "--lang", "en"], {"GRADER_LANGUAGE": "ko"}, "en"),
        (["list", "--lang=ko"], {"LANG": "C"}, "ko"),
        (["list", "--lang"], {"LANG": "C"}, "en"),
        (["--lang", "ko", "list", "--lang", "en"], {"LANG": "ko"}, "en"),
    ],
)
def test_language_of_help_follows_option_then_setting_then_locale(
    arguments: list[str], environment: dict[str, str], language: str
) -> None:
    assert language_of(arguments, environment) == language
