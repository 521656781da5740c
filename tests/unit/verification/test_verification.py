"""A mission is sound when each of its own submissions comes out as planned."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from grader.course import Course
from grader.errors import SpecError
from grader.settings import Settings
from grader.verification import Kind, Result, VerificationRequest, cases_of, gaps_in, verify
from grader.verification.junit import render_junit
from tests.unit.verification.course import plant, small_course, write


def run(root: Path, *, fresh: bool = False, jobs: int = 1) -> dict[str, Result]:
    course = Course(root) if (root / "missions").exists() else small_course(root)
    mission = course.mission("mission_words")
    request = VerificationRequest(
        sandbox="none", jobs=jobs, fresh=fresh, settings=Settings(cache_dir=root / "cache", sandbox="none")
    )
    results = verify(cases_of(mission), request, on_result=lambda result: None)
    return {result.case.name: result for result in results}


def test_sound_mission_has_no_problems(tmp_path: Path) -> None:
    results = run(tmp_path, jobs=2)
    assert {name: result.problems for name, result in results.items()} == dict.fromkeys(
        ("reference", "starter", "no_apple", "no_pear"), ()
    )


@pytest.mark.parametrize(
    ("file", "content", "case", "words"),
    [
        ("reference_solutions/mission_words/solution.py", "W = 'apple'", "reference", "pear was lost"),
        ("starter_code/mission_words/solution.py", "W = 'apple pear'", "starter", "the starter code passes"),
        ("missions/mission_words/counterexamples/no_pear/solution.py", "W = ''", "no_pear", "apple was lost"),
        (
            "missions/mission_words/counterexamples/no_pear/solution.py",
            "W = 'apple pear'",
            "no_pear",
            "pear was not lost",
        ),
        (
            "missions/mission_words/counterexamples/no_pear/solution.py",
            "W = '",
            "no_pear",
            "ended with submission_invalid",
        ),
        (
            "missions/mission_words/counterexamples/no_apple/solution.py",
            "W = 'pear plum'",
            "no_apple",
            "plum was not lost",
        ),
    ],
)
def test_case_that_came_out_otherwise_is_named(tmp_path: Path, file: str, content: str, case: str, words: str) -> None:
    small_course(tmp_path)
    write(tmp_path / file, content)
    results = run(tmp_path)
    assert words in " ".join(problem.en for problem in results[case].problems)
    assert [name for name, result in results.items() if not result.ok] == [case]


def test_unchanged_case_is_not_graded_again_and_a_changed_one_is(tmp_path: Path) -> None:
    run(tmp_path)
    assert all(result.cached for result in run(tmp_path).values())
    assert not any(result.cached for result in run(tmp_path, fresh=True).values())
    write(tmp_path / "missions/mission_words/counterexamples/no_pear/solution.py", "W = 'apple!'")
    assert [name for name, result in run(tmp_path).items() if not result.cached] == ["no_pear"]


def test_changed_hidden_test_grades_everything_again(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / "missions/mission_words/hidden_tests/test_words.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert not any(result.cached for result in run(tmp_path).values())


def test_changed_expectation_is_judged_anew_without_grading(tmp_path: Path) -> None:
    run(tmp_path)
    plant(tmp_path, "no_pear", "WORDS = 'apple'\n", ["apple"])
    result = run(tmp_path)["no_pear"]
    assert (result.cached, result.ok) == (True, False)


def test_counterexample_on_the_references_base_keeps_its_other_files(tmp_path: Path) -> None:
    small_course(tmp_path)
    plant(tmp_path, "laid_over", "WORDS = 'pear'\n", ["apple"], 'base = "reference"')
    result = run(tmp_path)["laid_over"]
    assert result.ok, result.problems
    assert result.report is not None
    assert result.report.submission.files == ("more.py", "solution.py")


def test_criterion_without_a_counterexample_is_a_gap(tmp_path: Path) -> None:
    mission = small_course(tmp_path).mission("mission_words")
    assert gaps_in(mission) == ()
    plant(tmp_path, "no_apple", "WORDS = 'pear'\n", ["apple"])
    assert gaps_in(mission) == ("plum",)


@pytest.mark.parametrize(
    ("fails", "more", "words"),
    [
        (["grape"], "", "no criterion 'grape'"),
        (["apple"], "colour = 1", "colour"),
        (["apple"], 'reason = "bored"', "reason"),
        (["apple"], "x = = 1", "Invalid"),
    ],
)
def test_wrong_expectation_is_named(tmp_path: Path, fails: list[str], more: str, words: str) -> None:
    mission = small_course(tmp_path).mission("mission_words")
    plant(tmp_path, "no_apple", "WORDS = 'pear'\n", fails, more)
    with pytest.raises(SpecError, match=words):
        cases_of(mission)


def test_quick_leaves_out_what_is_marked_long(tmp_path: Path) -> None:
    mission = small_course(tmp_path).mission("mission_words")
    plant(tmp_path, "no_apple", "WORDS = 'pear'\n", ["apple"], "long = true")
    assert [case.name for case in cases_of(mission, quick=True)] == ["reference", "starter", "no_pear"]


def test_reference_is_graded_once_per_seed(tmp_path: Path) -> None:
    mission = small_course(tmp_path).mission("mission_words")
    seeds = [case.seed for case in cases_of(mission, seeds=(0, 1, 2)) if case.kind is Kind.REFERENCE]
    assert seeds == [0, 1, 2]


def test_junit_counts_failures_and_escapes_what_students_wrote(tmp_path: Path) -> None:
    small_course(tmp_path)
    write(tmp_path / "missions/mission_words/counterexamples/no_pear/solution.py", "W = 'apple pear'")
    results = list(run(tmp_path).values())
    suite = ElementTree.fromstring(render_junit(results, "en")).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "0")
    failed = [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None]
    assert failed == ["no_pear"]
