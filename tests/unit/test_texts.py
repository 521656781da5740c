"""What people read is there in both languages, says the same in both, and reads as one hand wrote it."""

import ast
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.texts import (
    HANGUL,
    HOLE,
    ROOT,
    Pair,
    pairs_in_source,
    pairs_in_specs,
    pairs_in_templates,
    sources,
    templates,
)

IN_SOURCE = pairs_in_source()
ALL = [*IN_SOURCE, *pairs_in_specs(), *pairs_in_templates()]

LETTERS = re.compile("[A-Za-z]")
KOREAN_IN_ENGLISH = "“학번”"
"""The name of a column."""
ONLY_NAMES = re.compile(rf"(uint8|valid_accuracy|true|{HOLE}|[\s,])+")
"""A measured value under the name that the code gives it."""

PLAIN_STYLE = re.compile(r"\S*(?:(?<![니])다|해라|하라|하자|시오|(?<![세까나가])요)(?=[.!?)]|$)")
"""Ends of sentences in another style than ours: 합니다, 하세요, 할까요."""
SENTENCE_END = re.compile(r"[.!?)]$|: [^가-힣]*$|(grade|pip|docker) [^.]*$")
"""What a Korean text ends with whose English ends with a full stop; a command to copy may come last."""

JOSA = {"을": True, "를": False, "은": True, "와": False, "과": True, "이": True, "가": False}
"""Particles, and whether a final consonant comes before each. 는 is left out: 있는 ends like a noun and is a verb."""
NOUNS = {
    "평가",
    "추가",
    "증가",
    "경로",
    "초과",
    "통과",
    "효과",
    "차이",
    "사이",
    "길이",
    "나이",
    "파이",
    "높이",
    "모은",
    "불가",
    "다른가",
}
"""Words that end like a particle."""
AFTER_VALUE = re.compile(rf"(\S*) ?{HOLE}[`'\"”’]*(?:을|를|은|는|이|가|과|와|으로|로)(?=[\s.,])")
"""A particle after a value; `을(를)` is written where nobody knows how the value sounds."""
KNOWN_SOUND = {"이미지의", "폴더를", "확보하거나", "제한", "출력이", "예측의", HOLE + ",", "지우면"}
"""What comes before values that end in a unit or a name that is known: %, GiB, GRADER_CACHE_DIR."""

ONE_TERM = {
    "훈련": "학습",
    "에폭": "에포크",
    "컨볼루션": "합성곱",
    "콘볼루션": "합성곱",
    "라벨": "레이블",
    "전결합": "완전 연결",
    "밀집층": "완전 연결 층",
    "레이어": "층",
    "히든": "은닉",
    "오버피팅": "과적합",
    "과대적합": "과적합",
    "러닝레이트": "학습률",
    "배치 사이즈": "배치 크기",
    "최적화기": "옵티마이저",
    "최적화 알고리즘": "옵티마이저",
    "보너스": "가산점",
    "숨은 테스트": "비공개 테스트",
    "숨은 이미지": "비공개 이미지",
    "채점 시스템": "채점 환경",
    "성적표": "성적부",
    "과목": "과정",
    "데이터로더": "데이터 로더",
    "파이토치": "PyTorch",
}
"""Words of other courses and textbooks, and ours."""


def listed(pairs: Iterator[Pair] | list[Pair]) -> str:
    return "\n".join(f"{pair.where}: {pair.en.text!r} | {pair.ko.text!r}" for pair in pairs)


def test_texts_are_found_in_all_places() -> None:
    assert len(IN_SOURCE) > 900
    assert len(pairs_in_specs()) > 250
    assert len(pairs_in_templates()) > 30


def test_every_text_has_its_korean() -> None:
    lacking = [
        pair
        for pair in ALL
        if not HANGUL.search(pair.ko.text)
        and LETTERS.search(pair.en.text)
        and not (pair.en == pair.ko and ONLY_NAMES.fullmatch(pair.en.text))
        and pair.ko.text != f"{HOLE}%p"
    ]
    assert not lacking, f"no Korean; what reads the same in both is `same(…)`:\n{listed(lacking)}"


def test_no_english_half_is_korean() -> None:
    wrong = [pair for pair in ALL if HANGUL.search(pair.en.text.replace(KOREAN_IN_ENGLISH, ""))]
    assert not wrong, listed(wrong)


def test_both_halves_put_in_the_same_values() -> None:
    apart = [pair for pair in IN_SOURCE if pair.en.names != pair.ko.names and pair.en.text.strip(HOLE) and pair.ko.text]
    assert not apart, listed(apart)


def test_korean_is_polite_throughout() -> None:
    rude = [pair for pair in ALL if PLAIN_STYLE.search(pair.ko.text)]
    assert not rude, listed(rude)


def test_a_sentence_ends_in_both_halves_or_in_none() -> None:
    wrong = [
        pair
        for pair in ALL
        if HANGUL.search(pair.ko.text)
        and not pair.ko.text.endswith(HOLE)
        and not pair.en.text.endswith(HOLE)
        and (
            (pair.en.text.endswith(".") and not SENTENCE_END.search(pair.ko.text))
            or (pair.en.text[-1:].isalnum() and pair.ko.text.endswith("."))
        )
    ]
    assert not wrong, listed(wrong)


def josa_mistakes(text: str) -> list[str]:
    """Words with the particle of another sound."""
    found = []
    for word in re.findall(r"[가-힣]+(?=[\s.,:;!?)’”'\"`]|$)", text):
        if len(word) < 2 or any(word.endswith(noun) for noun in NOUNS):
            continue
        if word.endswith("으로"):
            wrong = len(word) > 2 and _final(word[-3]) in (0, 8)
        elif word.endswith("로"):
            wrong = _final(word[-2]) not in (0, 8)
        else:
            wrong = word[-1] in JOSA and bool(_final(word[-2])) != JOSA[word[-1]]
        if wrong:
            found.append(word)
    return found


def _final(syllable: str) -> int:
    """The final consonant: 0 is none, 8 is ㄹ."""
    return (ord(syllable) - ord("가")) % 28


def test_particles_fit_the_words_before_them() -> None:
    wrong = {f"{pair.where}: {word}" for pair in ALL for word in josa_mistakes(pair.ko.text)}
    assert wrong == set()


@pytest.mark.parametrize(
    "text", ["모델를 봅니다.", "이미지을 봅니다.", "파일와 폴더", "파일으로", "이미지으로", "손실가"]
)
def test_wrong_particle_is_found(text: str) -> None:
    assert josa_mistakes(text)


def test_particle_after_a_value_is_written_for_both_sounds() -> None:
    wrong = [
        pair
        for pair in IN_SOURCE
        for found in AFTER_VALUE.finditer(pair.ko.text)
        if found[1] not in KNOWN_SOUND and not found[1].endswith(tuple(KNOWN_SOUND))
    ]
    assert not wrong, listed(wrong)


def test_one_term_is_used_for_one_thing() -> None:
    wrong = [
        f"{pair.where}: {term}, ours is {ours}"
        for pair in ALL
        for term, ours in ONE_TERM.items()
        if term in pair.ko.text
    ]
    assert not wrong


@pytest.mark.parametrize(
    "path",
    sorted([ROOT / "README.ko.md", *ROOT.glob("docs/*.ko.md"), *ROOT.glob("missions/*/README.ko.md")]),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_korean_documents_use_the_same_terms_and_particles(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [term for term in ONE_TERM if term in text] == []
    assert josa_mistakes(text) == []


def said_in_one_language(path: Path) -> Iterator[str]:
    """Words that a program prints without having them as a text."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        shown = call.args if name in ("assemble", "add_row") else call.args[:1]
        if name not in ("print", "echo", "say", "show", "status", "Line", "Panel", "add_column", "assemble", "add_row"):
            continue
        for argument in shown:
            first = argument.elts[0] if isinstance(argument, ast.Tuple) and argument.elts else argument
            parts = first.values if isinstance(first, ast.JoinedStr) else [first]
            for part in parts:
                if (
                    isinstance(part, ast.Constant)
                    and isinstance(part.value, str)
                    and re.search("[A-Za-z]{3}", part.value)
                ):
                    yield f"{path.name}:{call.lineno}: {part.value!r}"


def test_nothing_is_said_in_one_language_only() -> None:
    found = [said for path in sources() if "missions" not in path.parts for said in said_in_one_language(path)]
    assert [said for said in found if not said.endswith("'grade '")] == []


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_templates_have_no_words_of_their_own(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = html.unescape(re.sub(r"<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL))
    attributes = re.findall(r'(?:alt|title|aria-label|placeholder)="([^"]*)"', text)
    words = re.findall("[A-Za-z]{2,}", " ".join([re.sub("<[^>]*>", " ", text), *attributes]))
    assert set(words) <= {"grader", "sha"}
