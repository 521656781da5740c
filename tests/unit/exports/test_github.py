"""GitHub: summaries, annotations, and Classroom's result."""

import base64
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt

from grader.exports.github import classroom_result, classroom_variable, write_annotations, write_summary
from grader.exports.github.summary import MAX_BYTES
from grader.results import Frame, LineRemark, Report, Status
from grader.text import same
from tests.unit.exports import cohort
from tests.unit.exports.rendering import written
from tests.unit.reports import samples


def html(markdown: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)


def commands(report: Report, **changes: Any) -> list[str]:
    stream = io.StringIO()
    write_annotations(stream, report, "en", **changes)
    return stream.getvalue().splitlines()


def classroom(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base64.b64decode(classroom_result(report, "en")).decode("utf-8"))
    return document


def remarked(count: int, file: str = "solution.py") -> Report:
    remarks = tuple(LineRemark(file=file, line=n, source="x", message=same(f"say {n}")) for n in range(1, count + 1))
    return samples.report(criteria=(samples.criterion("comments", Status.FAILED, 0, 5, remarks=remarks),))


def test_summary_is_one_table_with_a_row_per_criterion() -> None:
    stream = io.StringIO()
    write_summary(stream, samples.report(), "en")
    page = html(stream.getvalue())
    assert page.count("<table>") == 1
    assert page.count("<tr>") == 4
    assert page.count("<td>") == 15


def test_summary_of_an_early_end_quotes_it() -> None:
    stream = io.StringIO()
    write_summary(stream, samples.failed_report(), "en")
    page = html(stream.getvalue())
    assert page.count("<blockquote>") == 1
    assert "mat1 and mat2" in page


def test_summary_of_a_machine_failure_shows_no_score() -> None:
    stream = io.StringIO()
    write_summary(stream, samples.not_graded_report(), "en")
    assert "Not graded" in stream.getvalue()
    assert " / " not in stream.getvalue()


def test_cohort_has_figures_per_mission_and_a_row_per_mark() -> None:
    text = written("github-cohort")
    assert "| Build your own CNN for handwritten digits | 5 | 4 | 3 | 1 | 1 | 1 |" in text
    assert html(text).count("<table>") == 2
    assert html(text).count("<tr>") == 1 + 2 + 1 + len(cohort.MARKS)


def test_cohort_stays_below_what_github_shows() -> None:
    marks = [cohort.mark(replace(cohort.BOB, id=str(index), name="가" * 600)) for index in range(700)]
    text = written("github-cohort", marks=marks)
    assert len(text.encode()) < MAX_BYTES + 10_000
    rows = text.count("| <code>mission")
    assert f"… {700 - rows} more in the gradebook." in text


def test_error_points_at_the_innermost_line_of_the_submission() -> None:
    traceback = (
        Frame(file="solution.py", line=58, function="train", source=""),
        Frame(file="nn/modules.py", line=9, function="forward", source=""),
    )
    report = samples.failed_report(ending=samples.ending(traceback=traceback))
    assert commands(report)[0].startswith("::error file=solution.py,line=58,title=The code stopped with an error::")


def test_file_that_the_submission_does_not_hold_is_not_annotated() -> None:
    assert not any("file=" in line for line in commands(remarked(2, file="../.github/workflows/ci.yml")))


def test_folder_of_the_submission_comes_before_the_file() -> None:
    assert commands(remarked(1), folder="work/kim/")[0].startswith("::error file=work/kim/solution.py,line=1,")


def test_partial_points_are_a_warning_and_the_score_a_notice() -> None:
    assert [line.split(" ")[0] for line in commands(samples.report())] == ["::warning", "::error", "::notice"]
    assert commands(samples.report())[-1].endswith("::Passed: 91.5 / 100 points")


def test_no_more_annotations_than_github_keeps() -> None:
    lines = commands(remarked(25))
    assert len(lines) == 11
    assert lines[-1].endswith("%0A15 more remarks are in the report.")


def test_classroom_result_has_the_reporters_fields() -> None:
    document = classroom(samples.report())
    assert (document["version"], document["status"], document["max_score"]) == (1, "pass", 100)
    assert sum(test["score"] for test in document["tests"]) == 91.5
    assert [test["status"] for test in document["tests"]] == ["pass", "fail", "fail"]
    assert set(document["tests"][0]) == {
        "name", "status", "score", "max_score", "message", "test_code", "filename", "line_no", "duration",
    }  # fmt: skip


def test_classroom_gets_no_points_for_a_machine_failure() -> None:
    document = classroom(samples.not_graded_report())
    assert (document["status"], document["max_score"]) == ("error", 0)
    assert [test["score"] for test in document["tests"]] == [0]


def test_classroom_status_fails_below_the_pass_mark() -> None:
    assert classroom(samples.failed_report())["status"] == "fail"


def test_classroom_names_the_line_of_a_remark() -> None:
    test = classroom(remarked(1))["tests"][0]
    assert (test["filename"], test["line_no"]) == ("solution.py", 1)


@pytest.mark.parametrize(("runner", "name"), [("grade", "GRADE_RESULTS"), (" cnn-test ", "CNN-TEST_RESULTS")])
def test_classroom_variable_is_the_reporters(runner: str, name: str) -> None:
    assert classroom_variable(runner) == name
