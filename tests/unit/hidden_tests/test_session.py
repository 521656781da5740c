"""Hidden tests run on evidence: outcomes, partial credit, dependents, crashes."""

import os
import sys
from ast import parse
from pathlib import Path
from typing import Any

import pytest

from grader.errors import HiddenTestCrashed
from grader.evidence import Evidence, Training
from grader.hidden_tests import judge
from grader.results import Status
from tests.unit.specs import criterion, small_spec

PASSING = "def test_training(evidence, mark):\n    mark.measure('yes', '예')\n"


def evidence(**changes: object) -> Evidence:
    training = Training(completed=True, reproduced=True, seconds=1.0, cpu_s=1.0, budget_s=2.0, log=())
    return Evidence(
        spec=small_spec(**changes),
        files=("solution.py",),
        findings=(),
        training=training,
        ending=None,
        maybe_graph=None,
        maybe_evaluation=None,
    )


def folder_with(folder: Path, accuracy: str, training: str = PASSING) -> Path:
    (folder / "test_small.py").write_text(f"{training}\n{accuracy}", encoding="utf-8")
    return folder


def test_passing_test_earns_all_credit_and_says_what_it_measured(tmp_path: Path) -> None:
    outcomes = judge(folder_with(tmp_path, "def test_accuracy(evidence, mark): mark.grade(0.95)"), evidence())
    assert [outcome.status for outcome in outcomes.values()] == [Status.PASSED, Status.PASSED]
    assert outcomes["training"].measured is not None
    assert outcomes["training"].measured.ko == "예"


def test_grade_between_the_bars_is_partial(tmp_path: Path) -> None:
    outcome = judge(folder_with(tmp_path, "def test_accuracy(mark): mark.grade(0.7)"), evidence())["accuracy"]
    assert outcome.status is Status.PARTIAL
    assert outcome.credit == pytest.approx(0.25)


@pytest.mark.parametrize("body", ["mark.grade(0.1)", "assert 1 == 2", "mark.fail('no', '아니요')"])
def test_unmet_criterion_fails(tmp_path: Path, body: str) -> None:
    outcome = judge(folder_with(tmp_path, f"def test_accuracy(mark): {body}"), evidence())["accuracy"]
    assert (outcome.status, outcome.credit) == (Status.FAILED, 0.0)


@pytest.mark.parametrize(("end", "status"), [("mark.fail('no', '아니요')", "failed"), ("mark.grade(0.95)", "passed")])
def test_remarks_on_lines_are_kept_however_the_test_ends(tmp_path: Path, end: str, status: str) -> None:
    remark = "mark.remark('solution.py', 3, 'x = 1', Text('Why?', '왜?'))"
    test = f"from grader.text import Text\ndef test_accuracy(mark):\n    {remark}\n    {end}\n"
    outcome = judge(folder_with(tmp_path, test), evidence())["accuracy"]
    assert outcome.status.value == status
    assert [(one.file, one.line, one.source, one.message.ko) for one in outcome.remarks] == [
        ("solution.py", 3, "x = 1", "왜?")
    ]


def test_dependent_of_a_failed_criterion_is_skipped_and_says_why(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "def test_accuracy(): raise RuntimeError", "def test_training(): assert False")
    outcome = judge(folder, evidence())["accuracy"]
    assert outcome.status is Status.SKIPPED
    assert outcome.message is not None
    assert "training" in outcome.message.en


def test_criterion_without_evidence_is_skipped(tmp_path: Path) -> None:
    outcome = judge(folder_with(tmp_path, "def test_accuracy(evidence): evidence.graph"), evidence())["accuracy"]
    assert outcome.status is Status.SKIPPED


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [
        ("def test_accuracy(mark): 1 / 0", "ZeroDivisionError"),
        ("def test_accuracy(no_such_fixture): pass", "no_such_fixture"),
        ("def test_accuracy(mark): raise SystemExit", "SystemExit"),
        ("import nothing_of_that_name", "collection"),
        ("", "no test settled it"),
        ("def test_accuracy(): pass\ndef test_else(): pass", "settles no criterion"),
    ],
)
def test_test_that_fails_by_itself_is_the_courses_fault(tmp_path: Path, accuracy: str, words: str) -> None:
    with pytest.raises(HiddenTestCrashed, match=words):
        judge(folder_with(tmp_path, accuracy), evidence())


def test_tests_run_in_the_order_of_the_spec(tmp_path: Path) -> None:
    criteria = [criterion("zeta", 5), criterion("alpha", 5, depends_on=["zeta"])]
    (tmp_path / "test_order.py").write_text("def test_alpha(): pass\ndef test_zeta(): assert False\n", encoding="utf-8")
    outcomes = judge(tmp_path, evidence(criteria=criteria))
    assert [outcome.status for outcome in outcomes.values()] == [Status.FAILED, Status.SKIPPED]


def test_two_judgements_do_not_share_anything(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "def test_accuracy(mark): mark.grade(0.95)")
    assert judge(folder, evidence()) == judge(folder, evidence())


@pytest.mark.parametrize("stop", ["raise KeyboardInterrupt", "raise SystemExit(143)"])
@pytest.mark.parametrize("where", ["def test_accuracy(mark): ", ""], ids=["in_a_test", "in_collection"])
def test_grader_that_is_told_to_stop_stops(tmp_path: Path, stop: str, where: str) -> None:
    error = KeyboardInterrupt if "Key" in stop else SystemExit
    with pytest.raises(error) as raised:
        judge(folder_with(tmp_path, where + stop), evidence())
    assert "143" not in stop or raised.value.code == 143


def test_nothing_but_the_folder_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "hidden_tests"
    folder.mkdir()
    folder_with(folder, "def test_accuracy(mark): mark.grade(0.95)")
    listed: list[Path] = []
    scandir = os.scandir

    def noting(path: str) -> Any:
        listed.append(Path(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", noting)
    assert judge(folder, evidence())["accuracy"].credit == 1
    assert [path for path in listed if path in folder.parents] == []
    assert folder in listed


@pytest.mark.parametrize("body", ["mark.grade(0.95)", "mark.grade(0.1)", "assert 1 == 2"])
def test_no_syntax_tree_is_built_beside_those_of_other_gradings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    folder = folder_with(tmp_path, f"def test_accuracy(mark): {body}")
    parsed: list[object] = []

    def parses(source: str, *arguments: Any, **named: Any) -> Any:
        parsed.append(source)
        return parse(source, *arguments, **named)

    own = [finder for finder in sys.meta_path if type(finder).__name__ != "AssertionRewritingHook"]
    with monkeypatch.context() as patch:
        patch.setattr("sys.meta_path", own)  # what runs this test would rewrite the hidden ones
        patch.setattr("sys.dont_write_bytecode", True)  # as where the course's folder can't be written to
        patch.setattr("ast.parse", parses)
        judge(folder, evidence())
    assert parsed == []
