"""Copies, however disguised, rank above solutions that were written independently."""

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.similarity.compare import common_limit, compare_cohort
from grader.similarity.results import Pair, Similarity, Standing, Thresholds, Work
from grader.submission.collect import collect
from tests.unit.similarity import variants

SOLUTIONS = variants.honest()
ALL = Thresholds(code=0.1)
DISGUISES: dict[str, Callable[[str], str]] = {
    "verbatim": lambda source: source,
    "renamed": variants.renamed,
    "reordered": variants.reordered,
    "other_literals": variants.other_literals,
    "relaid": variants.relaid,
    "padded": variants.padded,
    "all_at_once": lambda source: variants.padded(
        variants.reordered(variants.other_literals(variants.renamed(source)))
    ),
}


def compared(works: list[Work], thresholds: Thresholds = ALL, starter: Path | None = variants.STARTER) -> Similarity:
    return compare_cohort("mission_cnn", works, starter=starter, thresholds=thresholds)


def pair_of(found: Similarity, one: str, other: str) -> Pair:
    return next(pair for pair in found.pairs if {pair.first, pair.second} == {one, other})


@pytest.fixture
def honest(tmp_path: Path) -> list[Work]:
    return [variants.work(tmp_path / "honest", name, source) for name, source in SOLUTIONS.items()]


def test_honest_solutions_stay_far_below_the_threshold(honest: list[Work]) -> None:
    found = compared(honest)
    assert len(honest) == 10
    assert all(work.standing is Standing.COMPARED for work in found.works)
    assert max((pair.code for pair in found.pairs), default=0.0) <= 0.2
    assert compared(honest, Thresholds()).pairs == ()


@pytest.mark.parametrize("disguise", sorted(DISGUISES))
@pytest.mark.parametrize("victim", sorted(SOLUTIONS))
def test_copy_ranks_first_and_above_the_threshold(
    victim: str, disguise: str, honest: list[Work], tmp_path: Path
) -> None:
    copy = variants.work(tmp_path / "copies", "copycat", DISGUISES[disguise](SOLUTIONS[victim]))
    found = compared([*honest, copy])
    assert {found.pairs[0].first, found.pairs[0].second} == {victim, "copycat"}
    assert found.pairs[0].code >= 0.75
    assert max((pair.code for pair in found.pairs[1:]), default=0.0) <= 0.3


@pytest.mark.parametrize("victim", sorted(SOLUTIONS))
def test_copy_diluted_line_by_line_still_ranks_first(victim: str, honest: list[Work], tmp_path: Path) -> None:
    """Below the threshold of a list that is read from top to bottom, and still above all honest work."""
    copy = variants.work(tmp_path, "copycat", variants.padded(variants.renamed(SOLUTIONS[victim]), every=1))
    best = compared([*honest, copy]).pairs[0]
    assert {best.first, best.second} == {victim, "copycat"}
    assert best.code >= 0.25


def test_copy_out_of_a_notebook_ranks_first(honest: list[Work], tmp_path: Path) -> None:
    source = tmp_path / "mission.ipynb"
    source.write_bytes(variants.notebook(variants.renamed(SOLUTIONS["cedar"])))
    collected = collect(source, tmp_path / "collected")
    copy = Work(student_id="copycat", name="Copycat", root=collected.root)
    best = compared([*honest, copy]).pairs[0]
    assert {best.first, best.second} == {"cedar", "copycat"}
    assert best.code >= 0.9


def test_copy_split_over_several_files_is_found(honest: list[Work], tmp_path: Path) -> None:
    source = SOLUTIONS["elm"]
    at = source.index("class Trainer")
    copy = variants.work(tmp_path / "copies", "copycat", "from base import *\n" + source[at:], base=source[:at])
    best = compared([*honest, copy]).pairs[0]
    assert {best.first, best.second} == {"elm", "copycat"}
    assert best.code >= 0.9
    assert {match.second.file for match in best.matches} == {"base.py", "solution.py"}


def test_share_of_each_in_the_other_tells_who_holds_more(tmp_path: Path) -> None:
    works = [
        variants.work(tmp_path, "small", SOLUTIONS["birch"]),
        variants.work(tmp_path, "large", SOLUTIONS["birch"] + SOLUTIONS["hazel"].replace("def train", "def fit")),
    ]
    pair = compared(works).pairs[0]
    assert pair.first_in_second == pytest.approx(1.0)
    assert 0.25 < pair.second_in_first < 0.5


def test_matches_name_the_lines_that_were_copied(tmp_path: Path) -> None:
    head, tail = SOLUTIONS["aster"], SOLUTIONS["ginkgo"]
    copied = head[head.index("def evaluate") : head.index("def train")]
    stolen = "import torch\n\n\n" + copied + tail
    works = [variants.work(tmp_path, "aster", head), variants.work(tmp_path, "thief", stolen)]
    pair = compared(works).pairs[0]
    match = max(pair.matches, key=lambda match: match.first.last - match.first.first)
    for region, source, following in ((match.first, head, "def train"), (match.second, stolen, "def separable")):
        first, after = (source[: source.index(word)].count("\n") + 1 for word in ("def evaluate", following))
        last = first + copied.rstrip().count("\n")
        assert region.first == first
        assert last <= region.last <= after  # the next definition may begin alike


def test_untouched_starters_are_no_copies(tmp_path: Path) -> None:
    starter = (variants.STARTER / "solution.py").read_text(encoding="utf-8")
    works = [
        variants.work(tmp_path, "one", starter),
        variants.work(tmp_path, "two", starter),
        variants.work(tmp_path, "three", starter.replace("images", "x") + "\n# nothing yet\n"),
    ]
    found = compared(works)
    assert found.pairs == ()
    assert {work.standing for work in found.works} == {Standing.STARTER_UNCHANGED}


def test_code_of_the_starter_counts_for_nobody(tmp_path: Path) -> None:
    provided = SOLUTIONS["reference"]
    starter = tmp_path / "starter"
    starter.mkdir()
    (starter / "solution.py").write_text(provided, encoding="utf-8")
    works = [
        variants.work(tmp_path / "works", name, provided + "\n\n" + SOLUTIONS[name].replace("def train", "def fit"))
        for name in ("birch", "dahlia")
    ]
    assert compared(works, starter=None).pairs[0].code > 0.5
    assert compared(works, starter=starter).pairs == ()


def test_what_most_hand_in_counts_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lecture = "\n\n" + SOLUTIONS["reference"].replace("def train", "def lecture")
    own = {name: source for name, source in SOLUTIONS.items() if name != "reference"}
    works = [variants.work(tmp_path, name, source + lecture) for name, source in own.items()]
    works += [variants.work(tmp_path, f"{name} too", variants.padded(own[name]) + lecture) for name in ("fir", "elm")]
    assert len(works) == 11
    found = compared(works, Thresholds())
    assert {frozenset((pair.first, pair.second)) for pair in found.pairs} == {
        frozenset({"fir", "fir too"}),
        frozenset({"elm", "elm too"}),
    }
    monkeypatch.setattr("grader.similarity.compare.common_limit", lambda cohort: cohort)
    assert len(compared(works, Thresholds()).pairs) == 55


def test_little_or_unreadable_work_is_named_and_not_compared(tmp_path: Path) -> None:
    works = [
        variants.work(tmp_path, "tiny", "def train():\n    return 3\n"),
        variants.work(tmp_path, "tiny too", "def train():\n    return 3\n"),
        variants.work(tmp_path, "broken", "def train(:\n"),
        variants.work(tmp_path, "latin", b"caf\xe9 = 1\n"),
    ]
    found = compared(works)
    assert found.pairs == ()
    assert [work.standing for work in found.works] == [Standing.TOO_SHORT] * 2 + [Standing.UNREADABLE] * 2
    assert "solution.py" in found.works[2].notes[0].en
    assert "solution.py" in found.works[3].notes[0].ko


def test_order_of_works_does_not_change_what_is_found(honest: list[Work], tmp_path: Path) -> None:
    copy = variants.work(tmp_path / "copies", "copycat", variants.padded(SOLUTIONS["fir"]))
    forward, backward = compared([*honest, copy]), compared([copy, *honest[::-1]])
    assert {frozenset((pair.first, pair.second)): round(pair.code, 9) for pair in forward.pairs} == {
        frozenset((pair.first, pair.second)): round(pair.code, 9) for pair in backward.pairs
    }
    best, turned = pair_of(forward, "fir", "copycat"), pair_of(backward, "fir", "copycat")
    assert (best.first_in_second, best.second_in_first) == (turned.second_in_first, turned.first_in_second)


def test_listed_pairs_are_limited_and_the_rest_counted(tmp_path: Path) -> None:
    works = [variants.work(tmp_path, f"s{number}", SOLUTIONS["iris"]) for number in range(5)]
    found = compared(works, Thresholds(pairs=3))
    assert (len(found.pairs), found.left_out) == (3, 7)


def test_ring_below_the_limit_of_common_code_is_found(tmp_path: Path) -> None:
    works = [variants.work(tmp_path, f"s{number}", SOLUTIONS["iris"]) for number in range(10)]
    assert len(compared(works).pairs) == 45


def test_common_limit_is_a_share_of_large_cohorts_only() -> None:
    assert [common_limit(cohort) for cohort in (2, 30, 100, 1000)] == [10, 10, 30, 300]


def test_two_works_of_one_student_are_refused(tmp_path: Path) -> None:
    works = [variants.work(tmp_path, "one", "x = 1"), variants.work(tmp_path, "one", "x = 2")]
    with pytest.raises(ValueError, match="twice"):
        compared(works)


def test_json_form_leaves_sources_out_and_comes_back(honest: list[Work], tmp_path: Path) -> None:
    copy = variants.work(tmp_path / "copies", "copycat", SOLUTIONS["fir"])
    found = compared([*honest, copy])
    assert any(work.files for work in found.works)
    text = found.model_dump_json(context={"language": "en"})
    assert "VGG" not in text
    assert Similarity.model_validate_json(text).pairs == found.pairs
