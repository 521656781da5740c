"""A comment that says something is told from an echo, filler and copies, in both languages."""

import pytest

from grader.annotation import CodeLine, Flaw, flaws
from grader.annotation.words import words

STEP = "optimizer.step()"


def line(code: str, comment: str) -> CodeLine:
    return CodeLine(function="", code=code, line=1, comment=comment)


@pytest.mark.parametrize(
    "comment",
    [
        "가중치 갱신",
        "moves the weights",
        "기울기 방향으로 가중치를 한 걸음 옮긴다",
        "weight를 gradient 방향으로 update",
        "역전파",
    ],
)
def test_comment_with_a_thought_is_good_however_short(comment: str) -> None:
    assert flaws([line(STEP, comment)]) == (None,)


@pytest.mark.parametrize(
    ("comment", "flaw"),
    [
        ("", Flaw.MISSING),
        ("옵티마이저의 step 함수를 호출한다", Flaw.ECHO),
        ("call the step function of the optimizer", Flaw.ECHO),
        ("optimizer.step()", Flaw.ECHO),
        ("이 줄은 코드를 실행합니다", Flaw.ECHO),
        ("ㅋㅋㅋㅋ", Flaw.THIN),
        ("x", Flaw.THIN),
        ("주석 주석 주석 주석 주석", Flaw.FILLER),
        ("bla bla bla bla bla", Flaw.FILLER),
    ],
)
def test_comment_without_a_thought_is_named(comment: str, flaw: Flaw) -> None:
    assert flaws([line(STEP, comment)]) == (flaw,)


def test_copy_is_kept_once_and_with_the_names_of_the_line_it_is_still_a_copy() -> None:
    lines = [
        line("a = load()", "load 단계는 학습에서 아주 핵심적인 요소"),
        line("b.show(1)", "show 단계는 학습에서 아주 핵심적인 요소"),
        line("for c in d:", "핵심적인 학습 요소"),
    ]
    assert flaws(lines) == (None, Flaw.COPY, Flaw.COPY)


def test_lines_with_like_code_may_share_a_comment() -> None:
    lines = [line("model.eval()", "드롭아웃을 끈다"), line("model.eval()", "드롭아웃을 끈다")]
    assert flaws(lines) == (None, None)


def test_words_are_the_same_however_they_are_typed() -> None:
    assert words("ＲＡＮＤＯＭ randomFlip 가중치를") == words("random random flip 가중치는")
    assert words("가중치".encode().decode()) == words("\u1100\u1161\u110c\u116e\u11bc\u110e\u1175")
