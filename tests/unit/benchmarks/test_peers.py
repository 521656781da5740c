"""What is read from other graders' reports, and what is made of it."""

import json

import pytest

from benchmarks.peers.outcome import (
    Measured,
    disagreements,
    of_check50,
    of_gradebook,
    of_gradescope,
    of_nbgrader,
    of_otter,
    of_script,
    table,
)


def gradescope_results(*, passed: int = 5) -> str:
    tests = [{"name": str(place), "status": "passed" if place < passed else "failed"} for place in range(5)]
    return json.dumps({"tests": tests, "leaderboard": [{"name": "accuracy", "value": 0.9876, "order": "desc"}]})


def check50_report(*, passed: bool | None = True) -> str:
    results = [{"name": f"check {place}", "passed": True, "log": []} for place in range(5)]
    results += [{"name": "finite", "passed": passed, "log": []}]
    results += [{"name": "accuracy", "passed": True, "log": ["accuracy: 0.9876"]}]
    return json.dumps({"results": results})


def otter_results(*, score: float = 1.0) -> str:
    scored = [{"name": str(place), "score": 1.0, "max_score": 1.0} for place in range(5)]
    public = {"name": "Public Tests", "status": "passed"}
    return json.dumps({"tests": [public, *scored, {"name": "noted", "score": score, "max_score": 1.0}]})


def runs(*seconds: float) -> list[Measured]:
    return [Measured(cpu_s=2 * second, wall_s=second) for second in seconds]


def test_accuracies_are_read_from_every_report() -> None:
    nbgrader = "assignment,student_id,score,max_score\ncnn,s1,9881.0,10005.0\n"
    assert of_script("s1,5,0.9876\ns2,5,0.5\n") == {"s1": 0.9876, "s2": 0.5}
    assert of_gradescope(gradescope_results(), "s1") == 0.9876
    assert of_check50(check50_report(), "s1") == 0.9876
    assert of_nbgrader(nbgrader) == {"s1": 0.9876}
    assert of_otter(otter_results(), "0.9876", "s1") == 0.9876
    assert of_gradebook("student_id,verdict,accuracy\ns1,graded,0.9876\n") == {"s1": 0.9876}


def test_failed_check_or_grading_is_an_error() -> None:
    for read in (
        lambda: of_script("s1,4,0.9876\n"),
        lambda: of_gradescope(gradescope_results(passed=4), "s1"),
        lambda: of_check50(check50_report(passed=False), "s1"),
        lambda: of_check50(check50_report(passed=None), "s1"),
        lambda: of_otter(otter_results(score=0.0), "0.9876", "s1"),
        lambda: of_gradebook("student_id,verdict,accuracy\ns1,not_graded,\n"),
        lambda: of_nbgrader("student_id,score,max_score\ns1,5.0,6.0\n"),
    ):
        with pytest.raises(ValueError, match="s1"):
            read()


def test_graders_may_differ_in_one_image_of_ten_thousand() -> None:
    assert disagreements({}) == []
    assert disagreements({"a": {"s1": 0.9876}, "b": {"s1": 0.9877}, "c": {"s1": 0.9875}}) == []
    assert disagreements({"a": {"s1": 0.9876}, "b": {"s1": 0.9878}}) == ["s1: 0.9878 by b, 0.9876 by a"]
    assert len(disagreements({"a": {"s1": 0.9876}, "b": {"s1": float("nan")}})) == 1
    assert disagreements({"a": {"s1": 1.0}, "b": {"s2": 1.0}}) == ["b and a graded other students: ['s1', 's2']"]


def test_table_has_ratios_of_medians_to_floor_and_to_ours() -> None:
    found = {"floor": runs(1, 2, 9), "ours": runs(4), "theirs": runs(6, 5, 8)}
    rows = table(found, {}, floor="floor", ours=("ours", "absent"))
    assert [(row.what, row.found) for row in rows] == [
        ("ours : floor", "CPU 2.00, wall 2.00"),
        ("theirs : floor", "CPU 3.00, wall 3.00"),
        ("theirs : ours", "CPU 1.50, wall 1.50"),
    ]
    assert (
        rows[1].detail
        == "CPU 12.0 s (10.0 to 16.0) : 4.0 s (2.0 to 18.0); wall 6.0 s (5.0 to 8.0) : 2.0 s (1.0 to 9.0)"
    )


def test_who_could_not_be_measured_is_in_the_table_with_the_reason() -> None:
    (row,) = table({"floor": runs(1)}, {"theirs": "Traceback:\n  a | b\nNoKernel: x | y\n"}, floor="floor", ours=())
    assert (row.what, row.found, row.detail) == ("theirs", "not measured", "NoKernel: x \\| y")
