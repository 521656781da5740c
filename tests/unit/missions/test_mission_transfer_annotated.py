"""The annotation mission's own files agree with each other, and its hidden tests say what they should."""

import re
import tomllib
from pathlib import Path

import pytest

from grader.annotation import parse_rubric, read_annotation
from grader.course import find_course
from grader.evidence import Evidence, Training
from grader.hidden_tests import Outcome, judge
from grader.results import Status
from grader.text import Language

MISSION = find_course(Path(__file__).parent).mission("mission_transfer_annotated")
SPEC = MISSION.spec
IDS = {criterion.id for criterion in SPEC.criteria}


def source(folder: Path) -> str:
    return (folder / "solution.py").read_text(encoding="utf-8")


STARTER, REFERENCE = source(MISSION.starter), source(MISSION.reference)


def outcomes(submission: str) -> dict[str, Outcome]:
    evidence = Evidence(
        spec=SPEC,
        files=("solution.py",),
        findings=(),
        training=Training(completed=False, reproduced=True, seconds=None, cpu_s=None, budget_s=None, log=()),
        ending=None,
        maybe_graph=None,
        maybe_evaluation=None,
        sources={"solution.py": submission},
        starter_sources={"solution.py": STARTER},
    )
    return judge(MISSION.hidden_tests, evidence)


def score(found: dict[str, Outcome]) -> float:
    return sum(criterion.points * found[criterion.id].credit for criterion in SPEC.criteria)


def lost(found: dict[str, Outcome]) -> set[str]:
    return {name for name, outcome in found.items() if outcome.status is not Status.PASSED}


def test_reference_earns_every_point_without_a_remark() -> None:
    found = outcomes(REFERENCE)
    assert score(found) == SPEC.points
    assert not any(outcome.remarks for outcome in found.values())


def test_starter_earns_nothing_and_is_told_to_write_comments() -> None:
    found = outcomes(STARTER)
    assert score(found) == 0
    message = found["code_unchanged"].message
    assert message is not None
    assert "no comments yet" in message.en


@pytest.mark.parametrize("folder", MISSION.counterexamples, ids=lambda folder: folder.name)
def test_counterexample_loses_exactly_what_it_names(folder: Path) -> None:
    expected = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    assert expected.keys() == {"fails", "summary"}
    assert set(expected["summary"]) == {"en", "ko"}
    assert lost(outcomes(source(folder))) == set(expected["fails"])


def test_every_criterion_is_lost_by_some_counterexample() -> None:
    lists = [
        tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))["fails"]
        for folder in MISSION.counterexamples
    ]
    assert {name for fails in lists for name in fails} == IDS
    assert len(lists) >= 8


def test_only_leaving_out_the_easy_lines_still_passes() -> None:
    passing = {folder.name for folder in MISSION.counterexamples if score(outcomes(source(folder))) >= SPEC.pass_mark}
    assert passing == {"bodies_only"}


def test_changed_code_is_shown_with_line_and_original() -> None:
    found = outcomes(REFERENCE.replace("lr=0.001", "lr=0.01", 1))
    (remark,) = found["code_unchanged"].remarks
    assert "lr=0.01," in remark.source
    assert "lr=0.001" in remark.message.en
    assert REFERENCE.split("\n")[remark.line - 1].strip().startswith("optimizer = optim.SGD(model.parameters()")


def test_notebook_is_told_to_hand_in_the_file() -> None:
    found = outcomes("# Made from a notebook by the grader: …\n\n" + REFERENCE.replace("    main()", "    pass"))
    assert found["code_unchanged"].message is not None
    assert "solution.py itself" in found["code_unchanged"].message.en


def test_missed_idea_asks_its_question_on_its_line_and_gives_nothing_away() -> None:
    marked = "# 기울기를 구하지 않게 하여 가중치를 동결한다"
    line = REFERENCE.split("\n").index(f"        {marked}") + 1
    found = outcomes(REFERENCE.replace(marked, "# 조건문처럼 보이지만 아니고 반복된다"))
    (remark,) = found["key_ideas"].remarks
    assert (remark.line, remark.source) == (line + 1, "parameter.requires_grad = False")
    assert remark.message.en == "What happens to these parameters during training?"


def test_no_question_is_its_own_answer() -> None:
    document = (MISSION.hidden_tests / "rubric.toml").read_text(encoding="utf-8")
    for idea in parse_rubric(document, read_annotation(STARTER, STARTER)).ideas:
        assert idea.share(idea.question.en) < 1, idea.id
        assert idea.share(idea.question.ko) < 1, idea.id


@pytest.mark.parametrize("language", ["en", "ko"])
def test_readme_rubric_matches_the_spec(language: Language) -> None:
    readme = MISSION.readme(language).read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([\d.]+) \| [^|]+ \|$", readme, re.MULTILINE)
    assert [(title, float(points)) for title, points in rows] == [
        (criterion.title.in_language(language), criterion.points) for criterion in SPEC.criteria
    ]
    for figure in ("48", "95", "85", "75", "70", "40", f"{SPEC.pass_mark:g}", SPEC.title.in_language(language)):
        assert figure in readme


def test_spec_comments_without_ideas_cannot_pass() -> None:
    assert SPEC.points - SPEC.criterion("key_ideas").points < SPEC.pass_mark
    assert SPEC.points - SPEC.criterion("comments_meaningful").points < SPEC.pass_mark
