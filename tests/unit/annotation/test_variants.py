"""Verdicts on annotated variants: good ones pass, wrong ones don't. The figures stand in docs/annotation.md."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from grader.annotation import Rubric, flaws, parse_rubric
from grader.annotation.rubric import MAX_FOREIGN_IDEAS
from tests.conftest import ROOT
from tests.unit.annotation.corpus import FOLDERS, LINES, MISSION, hand_written, wrong

SPEC = MISSION.spec
RUBRIC: Rubric = parse_rubric((MISSION.hidden_tests / "rubric.toml").read_text(encoding="utf-8"), LINES)
GOOD = {f"{folder}/{name}": text for folder in FOLDERS for name, text in hand_written(folder).items()}
WRONG = wrong()
KNOWN_ACCEPTS = {"en_terse/smeared-over-3", "mixed_short/smeared-over-3"}
"""Wrong annotations that pass all the same: very short comments, three lines' worth on each."""


def shares(comments: Sequence[str]) -> dict[str, float]:
    """What the hidden tests measure, by criterion."""
    lines = [replace(line, comment=comment) for line, comment in zip(LINES, comments, strict=True)]
    commented = sum(bool(line.comment) for line in lines)
    settled = RUBRIC.settle(lines)
    return {
        "every_line_commented": commented / len(lines),
        "comments_meaningful": flaws(lines, RUBRIC.is_glossary).count(None) / max(1, commented),
        "key_ideas": sum(one.credit for one in settled) / len(settled),
    }


def score(comments: Sequence[str]) -> float:
    """Points as the mission's hidden tests give them."""
    if not any(comments):
        return 0.0
    credits = {}
    for name, share in shares(comments).items():
        partial = SPEC.criterion(name).partial
        assert partial is not None
        credits[name] = partial.credit(share)
    if credits["every_line_commented"] == 0:
        credits["comments_meaningful"] = 0.0
    points = {name: SPEC.criterion(name).points * credit for name, credit in credits.items()}
    return SPEC.criterion("code_unchanged").points + sum(points.values())


@pytest.mark.parametrize("name", GOOD)
def test_good_annotation_earns_every_point(name: str) -> None:
    assert score(GOOD[name]) == SPEC.points


@pytest.mark.parametrize("name", WRONG)
def test_wrong_annotation_does_not_pass(name: str) -> None:
    assert (score(WRONG[name]) >= SPEC.pass_mark) == (name in KNOWN_ACCEPTS)


def test_wrong_annotations_are_far_from_the_ideas() -> None:
    """Comments on the wrong lines meet under a third of the key ideas; the bar for any credit is 40 %."""
    moved = [name for name in WRONG if "shuffled" in name or "shifted" in name or "salad" in name]
    assert max(shares(WRONG[name])["key_ideas"] for name in moved) < 1 / 3


def test_no_honest_comment_comes_near_a_glossary() -> None:
    lines = [
        replace(line, comment=text) for comments in GOOD.values() for line, text in zip(LINES, comments, strict=True)
    ]
    assert max(RUBRIC.foreign_ideas(line) for line in lines) <= MAX_FOREIGN_IDEAS - 3


def test_documented_figures_are_those_measured() -> None:
    document = (Path(ROOT) / "docs" / "annotation.md").read_text(encoding="utf-8")
    for folder in FOLDERS:
        annotations = hand_written(folder).values()
        missed = sum(
            one.credit < 1
            for comments in annotations
            for one in RUBRIC.settle([replace(line, comment=text) for line, text in zip(LINES, comments, strict=True)])
        )
        assert f"| `{folder}` | {len(annotations)} | 0 | {missed} of {48 * len(annotations)} |" in document
    assert f"| all | {len(WRONG)} | {len(KNOWN_ACCEPTS)} |" in document
