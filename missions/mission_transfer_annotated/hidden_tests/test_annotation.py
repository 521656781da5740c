"""Judges the comments of an annotated script; one test per criterion of mission_transfer_annotated."""

from pathlib import Path

from grader.annotation import CodeLine, Flaw, NotAligned, Rubric, flaws, parse_rubric, read_annotation
from grader.evidence import Evidence
from grader.hidden_tests.mark import Mark
from grader.text import Text

FILE = "solution.py"
NOTEBOOK = "# Made from a notebook"
"""How the collector's conversion begins."""
MISSING = Text("There is no comment on this line.", "이 줄에 주석이 없습니다.")
SAYS = {
    Flaw.THIN: Text(
        "The comment is too short to say what the line is for.",
        "주석이 너무 짧아 무엇을 위한 줄인지 알 수 없습니다.",
    ),
    Flaw.ECHO: Text(
        "The comment repeats what the code says already. Why is the line there?",
        "코드에 적힌 말을 되풀이하고 있습니다. 이 줄이 왜 필요한지 쓰세요.",
    ),
    Flaw.FILLER: Text(
        "The comment repeats the same words. Say what the line does.",
        "같은 말을 되풀이하고 있습니다. 이 줄이 하는 일을 쓰세요.",
    ),
    Flaw.COPY: Text(
        "Another line has the same comment. What is particular about this one?",
        "다른 줄의 주석과 같습니다. 이 줄만의 내용을 쓰세요.",
    ),
    Flaw.GLOSSARY: Text(
        "The comment lists topics of many lines at once. Keep what belongs to this one.",
        "여러 줄의 내용을 한꺼번에 늘어놓았습니다. 이 줄에 해당하는 내용만 남기세요.",
    ),
}


def annotated(evidence: Evidence) -> tuple[CodeLine, ...]:
    """The statements with their comments; `code_unchanged` has seen that they can be read."""
    return read_annotation(evidence.starter_sources[FILE], evidence.sources[FILE])


def rubric(evidence: Evidence) -> Rubric:
    """The ideas of the key lines."""
    starter = evidence.starter_sources[FILE]
    document = (Path(__file__).parent / "rubric.toml").read_text(encoding="utf-8")
    return parse_rubric(document, read_annotation(starter, starter))


def test_code_unchanged(evidence: Evidence, mark: Mark) -> None:
    try:
        lines = annotated(evidence)
    except NotAligned as changed:
        where = changed.line or 1
        mark.measure("changed" if changed.line is None else f"changed at line {where}", f"{where}번째 줄이 다름")
        if changed.wanted or changed.found:
            wanted, found = changed.wanted or "–", changed.found or "–"
            text = Text(f"In the starter code this is: {wanted}", f"시작 코드에서는 다음과 같습니다: {wanted}")
            mark.remark(FILE, where, found, text)
        if evidence.sources[FILE].startswith(NOTEBOOK):
            mark.fail(
                "This comes from a notebook, whose top-level statements are left out. Hand in solution.py itself.",
                "노트북은 최상위 실행문이 빠진 채로 읽히므로 비교할 수 없습니다. solution.py 파일로 제출하세요.",
            )
        mark.fail(
            "The code differs from the starter code. Only comments may be added.",
            "코드가 시작 코드와 다릅니다. 주석만 덧붙일 수 있습니다.",
        )
    mark.measure(f"{len(lines)} statements, all as given", f"문장 {len(lines)}개 모두 그대로")
    mark.require(
        any(line.comment for line in lines),
        "This is the starter code: it has no comments yet. Write one for every line.",
        "아직 주석이 없는 시작 코드입니다. 줄마다 주석을 쓰세요.",
    )


def test_every_line_commented(evidence: Evidence, mark: Mark) -> None:
    lines = annotated(evidence)
    for line in lines:
        if not line.comment:
            mark.remark(FILE, line.line, line.code, MISSING)
    commented = sum(bool(line.comment) for line in lines)
    mark.measure(f"{commented} of {len(lines)} lines", f"{len(lines)}줄 중 {commented}줄")
    mark.grade(commented / len(lines))


def test_comments_meaningful(evidence: Evidence, mark: Mark) -> None:
    lines = annotated(evidence)
    commented = sum(bool(line.comment) for line in lines)
    good = 0
    for line, flaw in zip(lines, flaws(lines, rubric(evidence).is_glossary), strict=True):
        good += flaw is None
        if flaw in SAYS:
            mark.remark(FILE, line.line, line.code, SAYS[flaw])
    mark.measure(f"{good} of {commented} comments", f"주석 {commented}개 중 {good}개")
    mark.grade(good / commented)


def test_key_ideas(evidence: Evidence, mark: Mark) -> None:
    settled = rubric(evidence).settle(annotated(evidence))
    for one in settled:
        question = one.idea.question
        if one.credit == 0:
            mark.remark(FILE, one.line.line, one.line.code, question)
        elif one.credit < 1:
            text = Text(f"This is half of it. {question.en}", f"절반은 설명했습니다. {question.ko}")
            mark.remark(FILE, one.line.line, one.line.code, text)
    credit = sum(one.credit for one in settled)
    mark.measure(f"{credit:g} of {len(settled)} key lines", f"핵심 줄 {len(settled)}개 중 {credit:g}개")
    mark.grade(credit / len(settled))
