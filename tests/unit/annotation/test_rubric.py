"""Ideas are found in both languages, on their own line only."""

import time

import pytest

from grader.annotation import CodeLine, Idea, Rubric, parse_rubric, read_annotation
from grader.annotation.rubric import MAX_FOREIGN_IDEAS
from grader.text import same

STEP, FREEZE = "optimizer.step()", "parameter.requires_grad = False"
UPDATE = Idea("update", (STEP,), (("weight", "가중치"), ("update", "갱신", "바꾸", "mode")), same("?"))
FROZEN = Idea("frozen", (FREEZE,), (("freez", "동결"),), same("?"))
RUBRIC = Rubric((UPDATE, FROZEN))


def credit(code: str, comment: str, rubric: Rubric = RUBRIC) -> float:
    return rubric.settle([CodeLine("", code, 1, comment)])[0].credit


@pytest.mark.parametrize("comment", ["가중치를 갱신한다", "가 중 치 갱 신", "updates the Weights", "weight를 바꿈"])
def test_idea_is_found_in_any_spelling(comment: str) -> None:
    assert credit(STEP, comment) == 1


def test_half_an_idea_earns_half_but_not_with_the_idea_of_another_line() -> None:
    assert credit(STEP, "가중치에 관한 줄") == 0.5
    assert credit(STEP, "가중치를 동결한다") == 0


def test_short_english_word_is_not_found_inside_another() -> None:
    assert credit(STEP, "weights of the model") == 0.5


def test_code_as_comment_earns_nothing() -> None:
    rubric = Rubric((Idea("step", (STEP,), (("optimizer",),), same("?")),))
    assert credit(STEP, "optimizer.step()", rubric) == 0
    assert credit(STEP, "optimizer.step()이 가중치를 고침", rubric) == 1


def test_glossary_earns_nothing() -> None:
    terms = [f"term{chr(97 + number)}x" for number in range(MAX_FOREIGN_IDEAS + 1)]
    others = tuple(Idea(term, (f"{term}()",), ((term,),), same("?")) for term in terms)
    rubric = Rubric((UPDATE, *others))
    assert credit(STEP, " ".join(["weight update", *terms[1:]]), rubric) == 1
    assert credit(STEP, " ".join(["weight update", *terms]), rubric) == 0


def test_rubric_that_names_a_line_the_code_lacks_is_refused() -> None:
    document = '[idea]\nlines = ["b()"]\ngroups = [["x"]]\nquestion = { en = "?", ko = "?" }\n'
    with pytest.raises(ValueError, match="doesn't have"):
        parse_rubric(document, read_annotation("a()\n", "a()\n"))


def test_longest_comment_is_searched_quickly() -> None:
    started = time.process_time()
    for _ in range(100):
        credit(STEP, "aaaa " * 200 + "가" * 1000)
    assert time.process_time() - started < 2
